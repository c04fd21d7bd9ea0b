"""What people think of an answer: a thumb, a reason, a better answer. The one writer of Feedback."""

from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User

from bot.answers import wording
from bot.models import Escalation, Feedback, Message, Outcome, Question
from bot.posts import buttons
from bot.team.press import Press, Said

REASONS = (
    ("wrong", "It is wrong"),
    ("outdated", "It is out of date"),
    ("incomplete", "Something is missing"),
    ("sources", "The sources do not fit"),
    ("tone", "It is badly put"),
    ("have_it", "You have it, I know"),
)
OVER_REFUSAL = "have_it"  # against a refusal: the documents do hold it
IMPROVE = "improve"


class OpinionError(ValueError):
    """This cannot be kept; the message says why."""


@dataclass(frozen=True)
class Opinion:
    """A thumb and what was written with it. `reason` is one of REASONS."""

    is_positive: bool
    reason: str = ""
    better_answer: str = ""
    right_document: str = ""


def keep(message: Message, opinion: Opinion, *, person: str = "", user: User | None = None) -> Feedback:
    """Keep what somebody thinks of an answer; each has one opinion. Raises OpinionError.

    Whoever changes the thumb takes the reason back, which was against the answer, yet nothing that was written for it:
    words are only replaced by other words.
    """
    if opinion.reason and opinion.reason not in dict(REASONS):
        raise OpinionError(f"There is no reason {opinion.reason!r}; there are {', '.join(dict(REASONS))}.")
    said: dict[str, Any] = {name: value for name, value in asdict(opinion).items() if value != ""}
    if opinion.is_positive:
        said["reason"] = ""
    who = {"user": user} if user else {"person": person}
    kept, _ = Feedback.objects.update_or_create(message=message, **who, defaults=said)
    return kept


def reasons(message: Message) -> tuple[tuple[str, str], ...]:
    """What can be said against an answer, or against that there was none."""
    is_refusal = message.outcome == Outcome.NOT_IN_DOCS
    return tuple(each for each in REASONS if (each[0] == OVER_REFUSAL) == is_refusal or each[0] == "tone")


def judge(question: Question, pressed: Press, *, is_positive: bool) -> None:
    if question.answer is not None:
        keep(question.answer, Opinion(is_positive), person=pressed.person)


def improve(question: Question, fields: dict[str, str], person: str) -> Said:
    opinion = Opinion(
        is_positive=False,
        reason=fields.get("reason", ""),
        better_answer=fields.get("better_answer", ""),
        right_document=fields.get("right_document", "")[:2000],
    )
    if question.answer is not None:
        try:
            keep(question.answer, opinion, person=person)
        except OpinionError as error:
            return Said(str(error))
    return _next_step(question, opinion)


def _next_step(question: Question, opinion: Opinion) -> Said:
    """What happens with what was said; and a person, unless one has the question."""
    said = [wording.KEPT_FOR.get(opinion.reason, wording.KEPT)]
    if opinion.right_document:
        said.append(wording.KEPT_PLACE)
    if Escalation.objects.filter(question=question).exists():
        return Said(" ".join([*said, wording.HUMAN_HAS_IT]))
    return Said(" ".join([*said, wording.OFFER_HUMAN]), (buttons.button(buttons.HUMAN, question.pk),))
