"""The conversations that docs/platforms.md promises, step by step; each is walked on both platforms."""

from bot.models import Workspace
from tests.bot.scripts.discord_stage import DiscordStage
from tests.bot.scripts.stage import Act, Stage
from tests.fakes.providers.fake import Refusal

# What the documents say beside the one about refunds.
DOCUMENTS = {
    "Invoices": "Invoices are sent on the first day of the month. They can be downloaded under Settings > Billing.",
    "Plans": "The Starter plan costs 9 EUR a month and has 1 GB of storage. "
    "The Team plan costs 29 EUR a month and has 100 GB of storage.",
    "Kündigung": "Jahrestarife werden innerhalb von 30 Tagen erstattet. Danach laufen sie aus.",
    "Remboursements": "Les forfaits annuels sont remboursés dans les 30 jours.",
    "返金": "年間プランは30日以内に返金されます。",
}

ASKED = "How are annual plans refunded?"
ANSWER = "Annual plans are refunded within 30 days [1]. Later they run out [1]."
SCRIPTS: dict[str, Act] = {}
ON_DISCORD_ALONE: list[str] = []


def script(act: Act) -> Act:
    """A row of the table: its name with blanks is what stands there."""
    SCRIPTS[act.__name__.replace("_", " ")] = act
    return act


def asked(stage: Stage) -> None:
    """Ann asks, and is answered."""
    stage.says(ANSWER)
    stage.mention("Ann", ASKED)
    stage.answered()


@script
def a_question_and_a_follow_up(stage: Stage) -> None:
    asked(stage)
    stage.says("When are invoices sent?", "Invoices are sent on the first day of the month [1].")
    stage.write("Ann", "And when are they invoiced?")
    stage.answered()
    stage.press("Ann", "Show sources")


@script
def thanks_and_a_greeting(stage: Stage) -> None:
    asked(stage)
    stage.write("Ann", "Thanks, that helps!")
    stage.answered()
    stage.direct("Ann", "Guten Morgen!")
    stage.answered()


@script
def a_question_about_what_others_wrote(stage: Stage) -> None:
    stage.says("How are annual plans refunded for a customer who bought one in May?", ANSWER)
    above = [("Bob", "A customer bought an annual plan in May and wants the money back."), ("Ann", "Can they have it?")]
    stage.mention("Ann", "can you answer this?", above=above)
    stage.answered()
    stage.mention("Ann", "can you answer this?")
    stage.answered()
    stage.says("Is it still so that annual plans are refunded within 30 days?", ANSWER)
    stage.point("Ann", "is this still so?", ("Bob", "Annual plans are refunded within 30 days."))
    stage.answered()


@script
def a_question_nobody_documents(stage: Stage) -> None:
    stage.says("NOT_IN_DOCS")
    stage.mention("Ann", "Are annual plans refunded in gold coins?")
    stage.answered()
    stage.press("Ann", "Not helpful")
    stage.fill("Ann", {"reason": "have_it", "right_document": "The page about payouts"})
    stage.quiet()
    stage.press("Ann", "Ask a human")
    stage.sees("@Parley Are annual plans refunded in gold coins?")
    stage.sees("A question for the team")


@script
def a_private_question_that_is_shared(stage: Stage) -> None:
    stage.says(ANSWER)
    stage.command("Ann", ASKED)
    stage.answered()
    stage.press("Ann", "Share with the channel")
    stage.sees("asked:")


@script
def a_thumb_down_and_what_follows(stage: Stage) -> None:
    asked(stage)
    stage.press("Ann", "Not helpful")
    stage.fill("Ann", {"reason": "outdated", "better_answer": "Since May it is 14 days."})
    stage.quiet()
    stage.press("Ann", "Ask a human")
    stage.sees("A question for the team")
    stage.press("Bob", "Helpful")


@script
def a_talk_with_a_person(stage: Stage) -> None:
    asked(stage)
    stage.press("Ann", "Ask a human")
    stage.sees("A question for the team")
    stage.press("Bob", "Claim")
    stage.sees("Bob has taken your question")
    stage.team("Bob", "Which country do you live in?")
    stage.sees("From @Bob")
    stage.write("Ann", "In Portugal.")
    stage.sees("> In Portugal.")
    stage.team("Bob", "// I look it up")
    stage.quiet()
    stage.press("Bob", "Answered")
    stage.fill("Bob", {"text": "Then you have 14 days. All the best!"})
    stage.sees("closed this")
    stage.press("Ann", "Ask a human")
    stage.sees("open once more")
    stage.press("Bob", "Claim")
    stage.quiet()
    stage.team("Bob", "Is anything still open?")
    stage.sees("  Is anything still open?")
    stage.press("Ann", "That solved it")
    stage.sees("Glad that is settled")


@script
def nobody_to_hand_to(stage: Stage) -> None:
    Workspace.objects.update(escalation_channel=None)
    stage.mention("Ann", "Can I talk to a human?")
    stage.answered()


@script
def a_draft_that_is_changed(stage: Stage) -> None:
    stage.set(is_drafting=True)
    asked(stage)
    stage.sees("A draft waits for you")
    stage.press("Bob", "Change and send")
    stage.fill("Bob", {"text": "Annual plans are refunded within 30 days [1]. Write to us for longer ones."})
    stage.sees("Write to us for longer ones")
    stage.sees("Answered by")


@script
def stopping_and_joining_in(stage: Stage) -> None:
    asked(stage)
    stage.write("Ann", "stop")
    stage.answered()
    stage.write("Ann", "Bob, is it so for you as well?")
    stage.says("When are invoices sent?", "Invoices are sent on the first day of the month [1].")
    stage.call("Ann", "and when are they invoiced?")
    stage.answered()
    stage.write("Bob", "For us they came on the third.")
    stage.answered()
    stage.write("Ann", "How can that be?")


@script
def an_edit_too_late_and_a_file(stage: Stage) -> None:
    stage.says(ANSWER)
    stage.model.script("pause")
    stage.mention("Ann", ASKED)
    stage.begun()
    stage.edit("How are monthly plans refunded?")
    stage.sees_at_once("You changed your question")
    stage.model.released.set()
    stage.sees("Annual plans are refunded within 30 days [1]")
    stage.says("Invoices are sent on the first day of the month [1].")
    stage.attach("Ann", "When are invoices like this one sent?")
    stage.answered()
    stage.attach("Ann", "")
    stage.answered()


@script
def help_and_the_daily_limit(stage: Stage) -> None:
    stage.direct("Ann", "help")
    stage.answered()
    stage.set(daily_limit=1)
    asked(stage)
    stage.mention("Ann", "And how are monthly plans refunded?")
    stage.answered()


@script
def askers_of_other_languages(stage: Stage) -> None:
    stage.says("Jahrestarife werden innerhalb von 30 Tagen erstattet [1].")
    stage.mention("Ann", "Wie werden Jahrestarife erstattet?")
    stage.answered()
    stage.press("Ann", "Einen Menschen fragen")
    stage.answered()
    stage.press("Ann", "Nicht hilfreich")
    stage.fill("Ann", {"reason": "incomplete"})
    stage.quiet()
    stage.says("NOT_IN_DOCS")
    stage.mention("Ann", "Comment les forfaits annuels sont-ils remboursés en pièces d'or ?")
    stage.answered()
    stage.says("年間プランは30日以内に返金されます [1]。")
    stage.mention("Ann", "年間プランはどのように返金されますか？")  # noqa: RUF001
    stage.answered()
    stage.write("Ann", "ありがとう")
    stage.answered()


@script
def a_table_and_a_model_that_is_down(stage: Stage) -> None:
    stage.says(
        "| Plan | Price | Storage |\n|---|---|---|\n"
        "| Starter | 9 EUR [1] | 1 GB [1] |\n| Team | 29 EUR [1] | 100 GB [1] |"
    )
    stage.mention("Ann", "What do the Starter plan and the Team plan cost, and how much storage do they have?")
    stage.answered()
    stage.model.script(Refusal(401))
    stage.mention("Ann", ASKED)
    stage.answered()


@script
def a_forum_post_that_is_solved(stage: Stage) -> None:
    assert isinstance(stage, DiscordStage)
    stage.says(ANSWER)
    stage.begin_post("Ann", "Money back", ASKED)
    stage.answered()
    stage.press("Ann", "That solved it")
    stage.sees("[tag: Solved]")


ON_DISCORD_ALONE.append("a forum post that is solved")
