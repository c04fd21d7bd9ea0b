"""The conversations that docs/platforms.md promises, step by step; each is walked on both platforms."""

from tests.bot.scripts.stage import Act, Stage

ASKED = "How are annual plans refunded?"
SCRIPTS: dict[str, Act] = {}


def script(act: Act) -> Act:
    """A row of the table: its name with blanks is what stands there."""
    SCRIPTS[act.__name__.replace("_", " ")] = act
    return act


@script
def a_question_and_a_follow_up(stage: Stage) -> None:
    stage.mention("Ann", ASKED)
    stage.answered()
    stage.write("Ann", "And monthly plans?")
    stage.answered()


@script
def thanks_and_a_greeting(stage: Stage) -> None:
    stage.mention("Ann", ASKED)
    stage.answered()
    stage.write("Ann", "Thanks, that helps!")
    stage.answered()
    stage.direct("Ann", "hi")
    stage.answered()
