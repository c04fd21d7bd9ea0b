"""How far the reviewing is, and how long it takes until there is enough."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Avg, Count, Q
from django.utils import timezone

from tuning.models import ExampleState, TrainingExample

RECENT = 100  # decisions by which the pace goes


@dataclass(frozen=True)
class Progress:
    """`pace` is seconds per decision, None before the first; `clusters` are different questions among the approved.

    `hours_left` is to the goal, at the pace at which new questions were approved lately; None where there is none.
    """

    left: int
    approved: int
    decided_today: int
    pace: float | None
    clusters: int
    goal: int
    hours_left: float | None

    @property
    def seconds_left(self) -> float | None:
        return None if self.pace is None else self.pace * self.left


def progress(goal: int) -> Progress:
    """Where the queue stands on its way to `goal` different questions."""
    today = timezone.now() - timedelta(days=1)
    told = TrainingExample.objects.aggregate(
        left=Count("id", filter=Q(state=ExampleState.IN_REVIEW)),
        approved=Count("id", filter=Q(state=ExampleState.APPROVED)),
        decided=Count("id", filter=Q(reviewed_at__gt=today)),
        pace=Avg("review_seconds", filter=Q(reviewed_at__gt=today)),
    )
    clusters = approved_clusters()
    hours = _hours(max(0, goal - clusters))
    return Progress(told["left"], told["approved"], told["decided"], told["pace"], clusters, goal, hours)


def approved_clusters() -> int:
    """Different questions among the approved; one that is in no cluster yet counts by itself."""
    approved = TrainingExample.objects.filter(state=ExampleState.APPROVED)
    return approved.exclude(cluster=None).values("cluster").distinct().count() + approved.filter(cluster=None).count()


def _hours(missing: int) -> float | None:
    if not missing:
        return 0.0
    decided = TrainingExample.objects.exclude(state=ExampleState.IN_REVIEW).exclude(review_seconds=None)
    recent = list(decided.order_by("-reviewed_at").values_list("pk", "state", "cluster", "review_seconds")[:RECENT])
    new = {cluster or -pk for pk, state, cluster, _ in recent if state == ExampleState.APPROVED}
    if not new:
        return None
    return missing * sum(seconds or 0.0 for _, _, _, seconds in recent) / len(new) / 3600
