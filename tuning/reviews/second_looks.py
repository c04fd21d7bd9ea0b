"""A second pair of eyes: some decided examples are reviewed again by somebody who does not see what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from foundation.agreement import kappa
from tuning.examples import reviewing
from tuning.examples.proposing import ExampleError
from tuning.examples.reviewing import TakenError
from tuning.models import ExampleReview, ExampleState, ReviewPolicy, ReviewVerdict, SecondOpinion, TrainingExample

DECISIONS = (
    ReviewVerdict.APPROVED,
    ReviewVerdict.REFUSED,
    ReviewVerdict.REJECTED,
    ReviewVerdict.ROUTED,
    ReviewVerdict.BARRED,
)


@dataclass(frozen=True)
class Agreement:
    """How often two people, each for themselves, decide the same of `count` examples.

    `share` is 0 to 1; `kappa` is Cohen's (1960), which takes out what they would agree on by chance, and None where
    chance alone would have them agree always. Both are None where there is nothing to compare.
    """

    count: int
    share: float | None
    kappa: float | None


def wanted(user: User) -> QuerySet[TrainingExample]:
    """What this person may look at as the second one."""
    now = timezone.now()
    others = ExampleReview.objects.filter(is_blind=True, verdict=ReviewVerdict.OPEN, claimed_until__gte=now)
    seen = ExampleReview.objects.filter(~Q(verdict=ReviewVerdict.OPEN), reviewer=user)
    return (
        TrainingExample.objects.filter(second_opinion=SecondOpinion.WANTED)
        .exclude(state=ExampleState.IN_REVIEW)
        .exclude(reviewer=user)
        .exclude(pk__in=seen.values("example"))
        .exclude(pk__in=others.exclude(reviewer=user).values("example"))
        .order_by("reviewed_at", "id")
    )


@transaction.atomic
def claim(user: User, *, pk: int | None = None) -> ExampleReview | None:
    """A second look for one person: the one asked for, or the next; None where nobody waits. Raises TakenError."""
    found = wanted(user) if pk is None else wanted(user).filter(pk=pk)
    item = found.select_for_update(skip_locked=True, of=("self",)).first()
    if item is None:
        if pk is not None:
            raise TakenError("Somebody else is looking at it, or it needs no second look any more.")
        return None
    row, _ = ExampleReview.objects.get_or_create(
        example=item,
        is_blind=True,
        verdict=ReviewVerdict.OPEN,
        defaults={"answer": item.proposed_answer or item.answer},
    )
    if row.reviewer_id != user.pk:
        row.reviewer, row.answer, row.created_at = user, item.proposed_answer or item.answer, timezone.now()
    row.claimed_until = timezone.now() + reviewing.CLAIM
    row.save()
    return row


@transaction.atomic
def save_draft(pk: int, user: User, answer: str) -> ExampleReview:
    """Keep what was typed so far. `pk` is the example's. Raises TakenError."""
    item, row = _mine(pk, user)
    row.answer = reviewing.without_names(item, answer)
    row.save(update_fields=["answer"])
    return row


@transaction.atomic
def decide(pk: int, user: User, verdict: ReviewVerdict, *, answer: str = "", reason: str = "") -> ExampleReview:
    """What the second one decides of an example; where that is not what the first one did, it is back in the queue.

    Raises ExampleError without a reason for a rejection, TakenError.
    """
    item, row = _mine(pk, user)
    if verdict not in DECISIONS:
        raise ExampleError("There is no such decision.")
    if verdict == ReviewVerdict.REJECTED and not reason.strip():
        raise ExampleError("Say why, so that others learn from it.")
    now = timezone.now()
    if answer:
        row.answer = reviewing.without_names(item, answer)
    row.verdict, row.reason, row.claimed_until = verdict, reason.strip()[:300], None
    row.seconds = (now - row.created_at).total_seconds()
    row.edit_distance = reviewing.changed_characters(item.proposed_answer or item.answer, row.answer)
    row.save()
    if reviewing.verdict_of(item) == verdict:
        item.second_opinion = SecondOpinion.AGREED
        item.save(update_fields=["second_opinion"])
    else:
        _split(item)
    return row


def _split(item: TrainingExample) -> None:
    """Back into the queue, for a third person; what was frozen of it stays frozen."""
    item.state, item.second_opinion = ExampleState.IN_REVIEW, SecondOpinion.SPLIT
    item.claimed_by, item.claimed_until, item.skipped_at = None, None, None
    item.save(update_fields=["state", "second_opinion", "claimed_by", "claimed_until", "skipped_at"])


def views(item: TrainingExample) -> list[ExampleReview]:
    """What the two decided who disagree, the first one first; empty where nobody does."""
    if item.second_opinion != SecondOpinion.SPLIT:
        return []
    decided = item.reviews.exclude(verdict=ReviewVerdict.OPEN).select_related("reviewer").order_by("-id")
    blind = decided.filter(is_blind=True).first()
    first = decided.filter(is_blind=False).first()
    return [each for each in (first, blind) if each is not None]


def agreement() -> Agreement:
    """Over all examples that two people have decided."""
    before = ExampleReview.objects.filter(example=OuterRef("example"), is_blind=False, pk__lt=OuterRef("pk"))
    first = Subquery(before.order_by("-pk").values("verdict")[:1])
    blind = ExampleReview.objects.filter(~Q(verdict=ReviewVerdict.OPEN), is_blind=True).annotate(first=first)
    return measure(list(blind.exclude(first=None).values_list("first", "verdict")))


def measure(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Pure."""
    if not pairs:
        return Agreement(0, None, None)
    share = sum(one == other for one, other in pairs) / len(pairs)
    first, second = zip(*pairs, strict=True)
    return Agreement(len(pairs), share, kappa(first, second))


def set_share(share: float, *, by: User | None) -> ReviewPolicy:
    """Of what is decided from now on. Raises ExampleError."""
    if not 0 <= share <= 1:
        raise ExampleError("The share has to be from 0 to 1.")
    return ReviewPolicy.objects.create(second_share=share, changed_by=by)


def _mine(pk: int, user: User) -> tuple[TrainingExample, ExampleReview]:
    """The example, locked, and this person's open look at it. Raises TakenError, also where the example is back in
    review: then there is no decision to look at."""
    decided = TrainingExample.objects.select_for_update(of=("self",)).exclude(state=ExampleState.IN_REVIEW)
    item = decided.filter(pk=pk).first()
    mine = ExampleReview.objects.filter(
        example=pk, reviewer=user, is_blind=True, verdict=ReviewVerdict.OPEN, claimed_until__gt=timezone.now()
    )
    row = mine.first()
    if item is None or row is None:
        raise TakenError("Your time with this one has run out, or somebody has decided it.")
    return item, row
