"""Many answers that are to be proposed at one press."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from foundation.leases import RUNNING, WAITING, Leased

DONE, FAILED = "done", "failed"


class ProposalBatch(Leased):
    """The answers somebody chose, and what has become of them so far.

    `answers` are the ids of messages as they were chosen, of which `done` are looked at; each step changes both in one
    transaction. `refused` counts by the sentence that says why.
    """

    answers = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    proposed = models.PositiveIntegerField(default=0)
    known = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=dict)
    error = models.CharField(max_length=1000, blank=True)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state__in=[WAITING, RUNNING]), name="proposal_batch_open")
        ]

    def __str__(self) -> str:
        return f"{self.done} of {self.total} answers"

    @property
    def is_over(self) -> bool:
        return self.state in (DONE, FAILED)

    @property
    def refusals(self) -> int:
        return sum(self.refused.values())
