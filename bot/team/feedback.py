"""What people think of an answer: a thumb, a reason, a better answer. The one writer of Feedback."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac

from bot.models import Delivery, DeliveryKind, Escalation, Feedback, Message, Outcome, Question, Receipt
from bot.posts import buttons
from bot.posts.press import Press, Said
from bot.team import circles
from bot.team.nominating import Pointing, place
from bot.wording import phrases, speech
from bot.wording.phrases import Phrase

REASONS = {
    "wrong": phrases.IS_WRONG,
    "outdated": phrases.IS_OUTDATED,
    "incomplete": phrases.IS_INCOMPLETE,
    "sources": phrases.HAS_WRONG_SOURCES,
    "tone": phrases.IS_BADLY_PUT,
    "have_it": phrases.HAVE_IT,
}
THANKS = {  # what happens with it
    "wrong": phrases.THANKS_FOR_WRONG,
    "outdated": phrases.THANKS_FOR_OUTDATED,
    "incomplete": phrases.THANKS_FOR_INCOMPLETE,
    "sources": phrases.THANKS_FOR_SOURCES,
    "have_it": phrases.THANKS_FOR_HAVE_IT,
}
OVER_REFUSAL = "have_it"  # against a refusal: the documents do hold it
IMPROVE = "improve"
THUMBS = {
    "👍": True,
    "👎": False,
}  # as circles.sign spells them; ✅ says for many that something is done, not that it is good
OF_ANSWERS = (DeliveryKind.ANSWER, DeliveryKind.SHARED)


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


def reasons(message: Message | None, say: Callable[[Phrase], str]) -> tuple[tuple[str, str], ...]:
    """What can be said against an answer, or against that there was none, each with its words for a form."""
    offered = (code for code in REASONS if (code == OVER_REFUSAL) == is_refusal(message) or code == "tone")
    return tuple((code, say(REASONS[code])) for code in offered)


def is_refusal(message: Message | None) -> bool:
    return message is not None and message.outcome == Outcome.NOT_IN_DOCS


def judge(question: Question, pressed: Press, *, is_positive: bool) -> None:
    if question.answer is not None:
        keep(question.answer, Opinion(is_positive), person=pressed.person)


@transaction.atomic
def react(pointing: Pointing, reaction: str, *, is_gone: bool) -> bool:
    """A thumb under an answer is a thumb of whoever put it there, and taken back with it. Whether it was one.

    What somebody wrote beside the same thumb stays: it was not the reaction that said it.
    """
    is_positive = THUMBS.get(circles.sign(reaction))
    if is_positive is None or not pointing.person:
        return False
    posted = Delivery.objects.filter(kind__in=OF_ANSWERS, message_id=pointing.message_id, **place(pointing, "channel"))
    delivery = posted.select_related("question__answer", "question__channel").first()
    answer = delivery.question.answer if delivery else None
    if answer is None or answer.outcome != Outcome.ANSWERED:
        return False
    Message.objects.select_for_update().get(pk=answer.pk)  # one thumb after the other
    if not _is_newest(answer, pointing, is_positive=is_positive, is_gone=is_gone):
        return False
    if not is_gone:
        keep(answer, Opinion(is_positive), person=pointing.person)
        return True
    silent = dict.fromkeys(("reason", "better_answer", "right_document"), "")
    Feedback.objects.filter(message=answer, person=pointing.person, is_positive=is_positive, **silent).delete()
    return True


def _is_newest(answer: Message, pointing: Pointing, *, is_positive: bool, is_gone: bool) -> bool:
    """Whether a person did nothing later that undoes this; platforms deliver twice, and in any order. Notes it."""
    whose = salted_hmac("parley.thumb", f"{answer.pk}/{pointing.person}").hexdigest()[:24]
    key = f"thumb:{whose}:{pointing.at.timestamp():017.6f}:"
    sign = "up" if is_positive else "down"
    _, is_first = Receipt.objects.get_or_create(key=f"{key}{'-' if is_gone else '+'}{sign}")
    later = Receipt.objects.filter(key__startswith=f"thumb:{whose}:").values_list("key", flat=True)
    undoing = {f"+{sign}"} if is_gone else {f"-{sign}", "+down" if is_positive else "+up"}
    return is_first and not any(each > key and each[len(key) :] in undoing for each in later if each[: len(key)] != key)


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
    spoken = speech.of(question)
    said = [spoken.say(THANKS.get(opinion.reason, phrases.THANKS_FOR_REASON))]
    if opinion.right_document:
        said.append(spoken.say(phrases.PLACE_NOTED))
    close = spoken.say(phrases.CLOSE)
    if Escalation.objects.filter(question=question).exists():
        return Said(" ".join([*said, spoken.say(phrases.WITH_THE_TEAM)]), close=close)
    offer = buttons.for_asker(buttons.HUMAN, question.pk, spoken)
    return Said(" ".join([*said, spoken.say(phrases.OFFER_HUMAN, button=offer.label)]), (offer,), close)
