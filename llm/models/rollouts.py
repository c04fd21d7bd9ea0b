"""A candidate that answers a share of the conversations before it answers all of them."""

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Concat, Now
from django.utils import timezone

from llm.models.calls import Deployment, Endpoint, PromptVariant, ServingRole

TOLD = timedelta(days=7)
UNWATCHED = timedelta(minutes=5)
EVERYBODY = 100  # percent


class RolloutState(models.TextChoices):
    GOING = "going", "going"
    HALTED = "halted", "halted"
    FINISHED = "finished", "finished"
    WITHDRAWN = "withdrawn", "withdrawn"


class RolloutQuerySet(models.QuerySet["Rollout"]):
    def going(self) -> "Rollout | None":
        """The one that takes conversations now. It is read for every question, so that one that ends serves nobody."""
        return self.filter(state=RolloutState.GOING).select_related("endpoint", "beside__endpoint").first()

    def told(self) -> "Rollout | None":
        """The one that people should know of: it goes, or it was halted in the last TOLD and nothing came after."""
        newest = self.select_related("endpoint", "beside__endpoint").first()
        if newest is None or newest.state == RolloutState.GOING:
            return newest
        is_fresh = newest.ended_at is not None and newest.ended_at > timezone.now() - TOLD
        return newest if newest.state == RolloutState.HALTED and is_fresh else None


class Rollout(models.Model):
    """A candidate that answers a share of the conversations, beside the model that was live when it began.

    A conversation is drawn by its key, so it stays where it is when the share is raised, and after a restart. `run` is
    the number of the evaluation it rests on, which this room knows nothing of. `ended_by` is empty where the watch
    ended it. A model that was promoted at once is a rollout that was finished when it began.
    """

    BUCKETS = 10_000

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT)
    model = models.CharField(max_length=200)
    prompt = models.CharField(max_length=10, choices=PromptVariant, default=PromptVariant.FULL)
    beside = models.ForeignKey(Deployment, on_delete=models.PROTECT, related_name="+")
    percent = models.PositiveSmallIntegerField(help_text="Of the conversations.")
    salt = models.CharField(max_length=32)
    run = models.PositiveBigIntegerField(null=True, blank=True)
    is_override = models.BooleanField(default=False, help_text="Did a person decide against the gate, or the steps?")
    reason = models.TextField(help_text="Of each decision a line, the first one first.")
    state = models.CharField(max_length=10, choices=RolloutState, default=RolloutState.GOING)
    why = models.CharField(max_length=500, blank=True, help_text="Why it ended.")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    step_started_at = models.DateTimeField(db_default=Now())
    watched_at = models.DateTimeField(null=True, blank=True, help_text="When it was last looked at for harm.")
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RolloutQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state=RolloutState.GOING), name="one_rollout_at_a_time"
            ),
            models.CheckConstraint(condition=models.Q(percent__range=(1, 100)), name="rollout_percent"),
            models.CheckConstraint(
                condition=models.Q(state=RolloutState.GOING, ended_at=None)
                | ~models.Q(state=RolloutState.GOING) & models.Q(ended_at__isnull=False) & ~models.Q(why=""),
                name="a_rollout_ends_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.endpoint.provider}:{self.model}"

    @property
    def candidate(self) -> Deployment:
        """Who answers the conversations that are drawn; no row, as it is not live."""
        return Deployment(
            role=ServingRole.ANSWER, endpoint=self.endpoint, model=self.model, prompt=self.prompt, reason="a rollout"
        )

    def takes(self, key: str) -> bool:
        """Whether the conversation of this key is the candidate's."""
        drawn = int(hashlib.sha256(f"{self.salt}{key}".encode()).hexdigest(), 16) % self.BUCKETS
        return drawn < self.percent * self.BUCKETS // 100

    def raise_to(self, percent: int, *, override: str = "") -> bool:
        """Begin the next step; False where it has ended, or somebody was quicker.

        `override` is a person's reason to do it before the step was long enough.
        """
        mine = Rollout.objects.filter(pk=self.pk, state=RolloutState.GOING, percent=self.percent)
        return self._kept(mine.update(percent=percent, step_started_at=Now(), **self._overridden(percent, override)))

    def end(self, state: RolloutState, why: str, *, by: Any = None) -> bool:
        """Let it take no conversation from the next question on; False where it had ended already."""
        return self._ended(state, why, by, {})

    def finish(self, why: str, *, override: str = "", by: Any = None) -> bool:
        """The last step: from here on it is live, and no rollout any more. As `raise_to`."""
        last = {"percent": EVERYBODY, "step_started_at": Now(), **self._overridden(EVERYBODY, override)}
        return self._ended(RolloutState.FINISHED, why, by, last)

    def keep_watched(self) -> None:
        Rollout.objects.filter(pk=self.pk).update(watched_at=Now())

    @property
    def is_unwatched(self) -> bool:
        """Whether it goes, and nobody has looked for harm of late, as when no worker runs."""
        looked = self.watched_at or self.created_at
        return self.state == RolloutState.GOING and looked < timezone.now() - UNWATCHED

    def _ended(self, state: RolloutState, why: str, by: Any, fields: dict[str, Any]) -> bool:
        going = Rollout.objects.filter(pk=self.pk, state=RolloutState.GOING)
        return self._kept(going.update(state=state, why=why[:500], ended_by=by, ended_at=Now(), **fields))

    def _overridden(self, percent: int, override: str) -> dict[str, Any]:
        """What is kept of a step that a person did not wait for; nothing where there was nothing to wait for."""
        if not override:
            return {}
        said = models.Value(f"\nRaised to {percent} % all the same: {override}")
        return {"is_override": True, "reason": Concat("reason", said)}

    def _kept(self, changed: int) -> bool:
        self.refresh_from_db()
        return bool(changed)
