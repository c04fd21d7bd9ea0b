"""What people think of an answer: a thumb, a reason, a better answer. The one writer of Feedback."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User

from bot.models import Feedback, Message, Question
from bot.team.press import Press, Said
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase

REASONS = {
    "wrong": phrases.IS_WRONG,
    "outdated": phrases.IS_OUTDATED,
    "incomplete": phrases.IS_INCOMPLETE,
    "sources": phrases.HAS_WRONG_SOURCES,
    "tone": phrases.IS_BADLY_PUT,
}
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
    if opinion.reason and opinion.reason not in REASONS:
        raise OpinionError(f"There is no reason {opinion.reason!r}; there are {', '.join(REASONS)}.")
    said: dict[str, Any] = {name: value for name, value in asdict(opinion).items() if value != ""}
    if opinion.is_positive:
        said["reason"] = ""
    who = {"user": user} if user else {"person": person}
    kept, _ = Feedback.objects.update_or_create(message=message, **who, defaults=said)
    return kept


def reasons(say: Callable[[Phrase], str]) -> tuple[tuple[str, str], ...]:
    """Each reason with its words, for a form."""
    return tuple((code, say(words)) for code, words in REASONS.items())


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
    return Said(speech.of(question).say(phrases.THANKS_FOR_REASON))
