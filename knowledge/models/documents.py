"""Documents and what is found in them. Vectors, term statistics and the rules of access live in the migrations' SQL."""

from dataclasses import dataclass
from datetime import datetime

from django.db import models
from django.db.models.functions import Now

from knowledge.models.collections import Collection
from knowledge.models.sources import Source


class DocumentState(models.TextChoices):
    PENDING = "pending"
    INDEXED = "indexed"
    OPENED = "opened"  # a file that holds documents, which have rows of their own; `reason` says what came of it
    FAILED = "failed"


class Document(models.Model):
    """A file or page. `origin` is what it is (absolute path, URL or upload); `path` is what people call it."""

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    source = models.ForeignKey(
        Source, null=True, blank=True, on_delete=models.CASCADE, related_name="documents", help_text="Empty: by hand."
    )
    origin = models.CharField(max_length=2000)
    path = models.CharField(max_length=2000)
    url = models.URLField(max_length=2000, blank=True)
    title = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.PENDING)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, or what it held, for a person.")
    live_version = models.ForeignKey(
        "DocumentVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    etag = models.CharField(max_length=500, blank=True)
    last_modified = models.CharField(max_length=100, blank=True, help_text="As the server wrote it.")
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "origin"], name="document_once_per_collection")]
        indexes = [models.Index(fields=["path"], name="document_path")]

    def __str__(self) -> str:
        return self.title or self.path


@dataclass(frozen=True)
class ChangeRate:
    """How much of a collection changed in some time: of `documents`, `changed` did, `changes` times in all.

    `chunks` counts the passages that came or went with it.
    """

    documents: int
    changed: int
    changes: int
    chunks: int


class DocumentVersionQuerySet(models.QuerySet["DocumentVersion"]):
    def changes(self, since: datetime) -> "DocumentVersionQuerySet":
        """The versions since then that replaced one; the first of a document is no change."""
        return self.filter(number__gt=1, created_at__gte=since)

    def change_rates(self, since: datetime) -> dict[int, ChangeRate]:
        """How much has changed since then, by the id of the collection; without the documents that are gone."""
        there = Document.objects.order_by().values_list("collection").annotate(models.Count("pk"))
        found = self.changes(since).order_by().values("document__collection").annotate(
            changes=models.Count("pk"),
            changed=models.Count("document", distinct=True),
            moved=models.Sum(models.F("added_chunks") + models.F("removed_chunks")),
        )  # fmt: skip
        rows = {row["document__collection"]: (row["changed"], row["changes"], row["moved"]) for row in found}
        return {pk: ChangeRate(count, *rows.get(pk, (0, 0, 0))) for pk, count in there}


class DocumentVersion(models.Model):
    """What a document said at one time. `fingerprint` covers the bytes, the parser and the splitter."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    byte_count = models.PositiveBigIntegerField()
    chunk_count = models.PositiveIntegerField()
    language = models.CharField(max_length=20, db_default="english", help_text="A text search configuration.")
    added_chunks = models.PositiveIntegerField(default=0, help_text="That the version before did not have.")
    removed_chunks = models.PositiveIntegerField(default=0, help_text="Of the version before that are gone.")
    modified_at = models.DateTimeField(null=True, blank=True, help_text="When the original was, as it says itself.")
    warning = models.CharField(max_length=500, blank=True, help_text="Such as hidden text that was dropped.")
    created_at = models.DateTimeField(db_default=Now())

    objects = DocumentVersionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.document} v{self.number}"
