"""Readings of a source, and what each changed."""

from django.db import models
from django.db.models.functions import Now

from foundation.leases import Leased
from knowledge.models.documents import Document
from knowledge.models.sources import Source
from llm.models import Spent, UsageRecord


class SyncState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Sync(Leased):
    """One run over a source, and its change report: the counts here, what happened to each document in `changes`.

    The cost of its embeddings is that of its `trace_id` in the ledger.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="syncs")
    state = models.CharField(max_length=10, choices=SyncState, default=SyncState.WAITING)
    trace_id = models.CharField(max_length=32)
    documents_total = models.PositiveIntegerField(default=0)
    documents_done = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, as a sentence for a person.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source"], condition=models.Q(state__in=["waiting", "running"]), name="one_sync_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.state}"

    @property
    def is_over(self) -> bool:
        return self.state in (SyncState.DONE, SyncState.FAILED)

    def counts(self) -> dict[str, int]:
        """How many documents were added, changed, removed, failed and unchanged."""
        counted = dict(self.changes.values_list("kind").annotate(models.Count("id")))
        return {**{kind: counted.get(kind, 0) for kind in ChangeKind.values}, "unchanged": self.unchanged}

    def usage(self) -> Spent:
        """What embedding the changes took so far."""
        return UsageRecord.objects.of_trace(self.trace_id).spent()


class ChangeKind(models.TextChoices):
    ADDED = "added"
    CHANGED = "changed"
    REMOVED = "removed"
    FAILED = "failed"


class SyncChange(models.Model):
    """A line of a change report. `path` stays when the document is gone."""

    sync = models.ForeignKey(Sync, on_delete=models.CASCADE, related_name="changes")
    kind = models.CharField(max_length=10, choices=ChangeKind)
    path = models.CharField(max_length=2000)
    document = models.ForeignKey(Document, null=True, blank=True, on_delete=models.SET_NULL)
    reason = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.kind} {self.path}"
