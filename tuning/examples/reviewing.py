"""From an answer to an example that a model may be trained on: proposed, redacted, claimed by one person, decided."""

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Avg, Count, F, Q, QuerySet
from django.utils import timezone

from bot.answers import prompts
from bot.models import Question
from tuning.examples.proposing import ExampleError, final, people
from tuning.examples.redacting import redact
from tuning.models import ExampleState, TrainingExample

CLAIM = timedelta(minutes=15)
ACQUAINTANCES = 500


class TakenError(ExampleError):
    """Somebody else reviews it, or has decided."""


@dataclass(frozen=True)
class Progress:
    """`pace` is seconds per decision, None before the first; `seconds_left` follows from it."""

    left: int
    approved: int
    decided_today: int
    pace: float | None

    @property
    def seconds_left(self) -> float | None:
        return None if self.pace is None else self.pace * self.left


def queue() -> QuerySet[TrainingExample]:
    """What waits, those that were skipped last."""
    return TrainingExample.objects.filter(state=ExampleState.IN_REVIEW).order_by(
        F("skipped_at").asc(nulls_first=True), "id"
    )


@transaction.atomic
def claim(user: User, *, pk: int | None = None) -> TrainingExample | None:
    """An item for one reviewer: the one asked for, the one in hand, or the next. Raises TakenError."""
    now = timezone.now()
    free = queue().filter(Q(claimed_until=None) | Q(claimed_until__lt=now) | Q(claimed_by=user))
    if pk is not None:
        item = free.select_for_update(of=("self",)).filter(pk=pk).first()
        if item is None:
            raise TakenError("Somebody else is reviewing it, or it is decided already.")
    else:
        in_hand = free.filter(claimed_by=user, claimed_until__gte=now).first()
        item = in_hand or free.select_for_update(skip_locked=True, of=("self",)).first()
    if item is None:
        return None
    if item.claimed_by_id != user.pk or item.claimed_at is None or (item.claimed_until or now) < now:
        item.claimed_at = now
    item.claimed_by, item.claimed_until = user, now + CLAIM
    item.save(update_fields=["claimed_by", "claimed_at", "claimed_until"])
    return item


def save_draft(pk: int, user: User, answer: str) -> None:
    """Keep what a reviewer has typed so far. Raises TakenError."""
    item = _mine(pk, user)
    _write(item, _redacted(item, answer))


def approve(pk: int, user: User, *, answer: str = "") -> TrainingExample:
    """This is how a model should answer. Raises ExampleError for an empty answer, TakenError."""
    item = _mine(pk, user)
    text = _redacted(item, answer or item.answer).strip()
    if not text:
        raise ExampleError("An empty answer teaches nothing.")
    item.is_refusal = text == prompts.NOT_FOUND
    _write(item, text)
    return _decide(item, ExampleState.APPROVED, user)


def refuse(pk: int, user: User) -> TrainingExample:
    """It should have said that the documents do not. What stood there is kept for undoing it. Raises TakenError."""
    item = _mine(pk, user)
    item.set_aside = item.answer
    item.is_refusal = True
    _write(item, prompts.NOT_FOUND)
    return _decide(item, ExampleState.APPROVED, user)


def reject(pk: int, user: User, *, reason: str) -> TrainingExample:
    """Raises ExampleError without a reason, TakenError."""
    if not reason.strip():
        raise ExampleError("Say why, so that others learn from it.")
    item = _mine(pk, user)
    item.reason = reason.strip()[:300]
    return _decide(item, ExampleState.REJECTED, user)


def route(pk: int, user: User) -> TrainingExample:
    """What was missing is a fact: it belongs into an article, not into a model. Raises TakenError."""
    return _decide(_mine(pk, user), ExampleState.ROUTED, user)


def skip(pk: int, user: User) -> None:
    """Raises TakenError."""
    item = _mine(pk, user)
    item.skipped_at, item.claimed_until = timezone.now(), None
    item.save(update_fields=["skipped_at", "claimed_until"])


def undo(user: User) -> TrainingExample | None:
    """Take the last decision of a reviewer back; None when there is none, or when it was exported since."""
    last = TrainingExample.objects.filter(reviewer=user).order_by("-reviewed_at").first()
    if last is None or last.exportline_set.exists():
        return None
    last.state, last.reviewer, last.reviewed_at, last.reason = ExampleState.IN_REVIEW, None, None, ""
    last.claimed_by, last.claimed_at, last.claimed_until = user, timezone.now(), timezone.now() + CLAIM
    if last.set_aside:
        last.is_refusal = last.set_aside == prompts.NOT_FOUND
        _write(last, last.set_aside)
        last.set_aside = ""
    last.save()
    return last


def progress() -> Progress:
    today = timezone.now() - timedelta(days=1)
    told = TrainingExample.objects.aggregate(
        left=Count("id", filter=Q(state=ExampleState.IN_REVIEW)),
        approved=Count("id", filter=Q(state=ExampleState.APPROVED)),
        decided=Count("id", filter=Q(reviewed_at__gt=today)),
        pace=Avg("review_seconds", filter=Q(reviewed_at__gt=today)),
    )
    return Progress(told["left"], told["approved"], told["decided"], told["pace"])


def _mine(pk: int, user: User) -> TrainingExample:
    item = TrainingExample.objects.filter(
        pk=pk, state=ExampleState.IN_REVIEW, claimed_by=user, claimed_until__gt=timezone.now()
    ).first()
    if item is None:
        raise TakenError("Your time with this one has run out, or somebody has decided it.")
    return item


def _redacted(item: TrainingExample, text: str) -> str:
    """What a reviewer writes, without the names of those who spoke."""
    return redact(text, people(item.message) if item.message else _acquaintances(item)).text


def _acquaintances(item: TrainingExample) -> list[str]:
    """Whom a reviewer may mean where the conversation is gone: the newest askers of its workspace, or the accounts."""
    if item.workspace_id is None:
        return [name for user in User.objects.all() for name in (user.get_full_name(), user.get_username()) if name]
    asked = Question.objects.filter(channel__workspace=item.workspace_id).exclude(asker_name="")
    return list(asked.order_by("-id").values_list("asker_name", flat=True)[:ACQUAINTANCES])


def _write(item: TrainingExample, answer: str) -> None:
    item.answer = answer
    for name, value in final(item.messages, answer).items():
        setattr(item, name, value)
    item.save(update_fields=["answer", "messages", "checksum", "is_refusal"])


def _decide(item: TrainingExample, state: ExampleState, user: User) -> TrainingExample:
    now = timezone.now()
    item.state, item.reviewer, item.reviewed_at, item.claimed_until = state, user, now, None
    item.review_seconds = (now - item.claimed_at).total_seconds() if item.claimed_at else None
    item.save()
    return item
