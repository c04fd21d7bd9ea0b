"""What somebody sees who grades: an answer and what it is held against, nothing of whose it is or what others say."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.core import signing
from django.utils.safestring import SafeString

from bot.answers.trace import Trace
from bot.models import Outcome
from bot.voices import style
from dashboard.evaluation import run_pages
from dashboard.rendering import markdown
from dashboard.rendering.markdown import CitedSource
from evaluation.grades import human_grades
from evaluation.grades.human_grades import GradingError, GradingItem
from evaluation.models import EvaluationCase, EvaluationResult, EvaluationRun, RunState
from evaluation.promotion import gate

GOAL = gate.DEFAULT.least_graded
SALT = "evaluation.grading"
MEANWHILE = "Somebody else has graded that answer meanwhile. Yours is kept beside theirs."
EMPTY = "You have graded all there is for you in this run. Thank you."
GONE_ON = "The run was gone on with meanwhile: grade when it is done."

# What was done, in the question whether that was right.
DONE = {
    Outcome.ANSWERED: "to answer",
    Outcome.NOT_IN_DOCS: "to say that the documents do not say",
    Outcome.CLARIFY: "to ask back",
    Outcome.ESCALATED: "to hand over to a person",
    Outcome.BLOCKED: "to refuse",
}


@dataclass(frozen=True)
class GradingQuestion:
    """`choices` are value, label and key of yes and no."""

    name: str
    asked: str
    choices: tuple[tuple[str, str, str], tuple[str, str, str]]


@dataclass(frozen=True)
class QuotedPassage:
    number: int
    heading: str
    quote: str
    passage: SafeString | None


@dataclass(frozen=True)
class ShownAnswer:
    """`token` says which item it is and when it was shown; nobody can read or make one."""

    token: str
    case: EvaluationCase
    wanted: Sequence[tuple[str, str]]
    outcome: str
    answer: SafeString
    passages: Sequence[QuotedPassage]
    questions: Sequence[GradingQuestion]
    rules: Sequence[str]
    is_of_several: bool


@dataclass(frozen=True)
class SeenItem:
    """What a token says: the key of an item, and the seconds since it was shown."""

    key: str
    at: float

    @property
    def seconds(self) -> float:
        return time.time() - self.at


def page(run: EvaluationRun, user: User, *, key: str = "") -> dict[str, Any]:
    """What the page of a run shows: the item that is asked for, else the one that comes next."""
    if run.state in (RunState.WAITING, RunState.RUNNING):
        return {"run": run, "over": GONE_ON}
    found = human_grades.items(run)
    mine = next((each for each in found if each.key == key and not each.is_by(user.pk)), None)
    item = mine or human_grades.next_item(run, found, user, goal=GOAL)
    progress = human_grades.progress(run, found, user, goal=GOAL)
    return {"run": run, "progress": progress, "shown": shown(item) if item else None, "over": "" if item else EMPTY}


def shown(item: GradingItem) -> ShownAnswer:
    """The answer of the first arm that gave it: what the others differ in is not shown."""
    result = EvaluationResult.objects.select_related("case", "run__voice").get(pk=item.results[0])
    asked = human_grades.asked(result)
    voice = result.run.voice
    return ShownAnswer(
        token=signing.dumps({"key": item.key, "at": time.time()}, salt=SALT),
        case=result.case,
        wanted=run_pages.wanted(result.case),
        outcome=result.get_outcome_display(),
        answer=markdown.answer(result.answer, [_source(each) for each in result.citations]),
        passages=list(_passages(result)),
        questions=[_question(name, result) for name in asked],
        rules=style.rules(voice) if voice and "is_on_brand" in asked else (),
        is_of_several=len(item.results) > 1,
    )


def opened(token: str) -> SeenItem:
    """Raises GradingError for a token that is not ours."""
    try:
        told = signing.loads(token, salt=SALT)
    except signing.BadSignature as error:
        raise GradingError("The page was too old to be read. Nothing was kept; here is what comes next.") from error
    return SeenItem(told["key"], told["at"])


def _question(name: str, result: EvaluationResult) -> GradingQuestion:
    if name == "is_factual":
        return GradingQuestion(name, "Are the facts right?", (("yes", "Right", "a"), ("no", "Wrong", "r")))
    if name == "is_on_brand":
        return GradingQuestion(name, "Is it on brand?", (("yes", "On brand", "o"), ("no", "Off brand", "p")))
    said = f"Was it right {DONE[Outcome(result.outcome)]}?"
    return GradingQuestion(name, said, (("yes", "Rightly", "y"), ("no", "Wrongly", "n")))


def _source(cited: dict[str, Any]) -> CitedSource:
    return CitedSource(cited["number"], f"#quote-{cited['number']}", cited["heading"] or cited["path"])


def _passages(result: EvaluationResult) -> list[QuotedPassage]:
    held = Trace.from_json(result.trace).passages
    found = []
    for cited in result.citations:
        quote = cited["quote"]
        text = next((hit.text for hit in held if hit.path == cited["path"] and quote in hit.text), None)
        whole = markdown.passage(text, quote) if text else None
        found.append(QuotedPassage(cited["number"], cited["heading"] or cited["path"], quote, whole))
    return found
