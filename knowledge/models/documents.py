"""Documents and what is found in them. Vectors, term statistics and the rules of access live in the migrations' SQL."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import MD5, Cast, Concat, Now
from pgvector.django import HalfVectorField, SparseVectorField

from llm.models import Spent, UsageRecord


class Visibility(models.TextChoices):
    PUBLIC = "public"
    INTERNAL = "internal"


class CollectionQuerySet(models.QuerySet["Collection"]):
    def public(self) -> "CollectionQuerySet":
        return self.filter(visibility=Visibility.PUBLIC)


class Collection(models.Model):
    """A shelf of documents that share an audience."""

    name = models.CharField(max_length=100, unique=True)
    visibility = models.CharField(max_length=10, choices=Visibility, default=Visibility.PUBLIC)
    created_at = models.DateTimeField(db_default=Now())

    objects = CollectionQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class SourceKind(models.TextChoices):
    FOLDER = "folder"
    PAGES = "pages"
    SITEMAP = "sitemap"
    SITE = "site"
    GIT = "git"


class Source(models.Model):
    """Where documents keep coming from. A sync makes the documents of a source say what the source says."""

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    kind = models.CharField(max_length=10, choices=SourceKind)
    location = models.TextField(help_text="A folder, an address, or for pages one address per line.")
    include = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    exclude = ArrayField(models.CharField(max_length=500), default=list, blank=True)
    schedule = models.CharField(max_length=100, blank=True, help_text="Five fields as in cron; empty: only by hand.")
    next_sync_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "kind", "location"], name="source_once")]

    def __str__(self) -> str:
        return self.location.splitlines()[0]


class SyncState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Sync(models.Model):
    """One run over a source, and its change report: the counts here, what happened to each document in `changes`.

    The cost of its embeddings is that of its `trace_id` in the ledger.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="syncs")
    state = models.CharField(max_length=10, choices=SyncState, default=SyncState.WAITING)
    trace_id = models.CharField(max_length=32)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    documents_total = models.PositiveIntegerField(default=0)
    documents_done = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, as a sentence for a person.")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
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


class DocumentState(models.TextChoices):
    PENDING = "pending"
    INDEXED = "indexed"
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
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, as a sentence for a person.")
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


class Chunk(models.Model):
    """A passage of the live version of a document; superseded ones are deleted when the next version goes live.

    `heading` is the path of headings joined by " > ", title first. `bm25` holds the document side of BM25 as saturated
    term frequencies by term hash, so that an inner product with the idf of a question's terms is its BM25 score.
    `sentence_spans` are [start, end) character offsets of the sentences in `text`, flattened.
    `links` are what the text links to: the url of another document, or its path where it came from no web page.
    """

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="chunks")
    version = models.ForeignKey(DocumentVersion, on_delete=models.CASCADE, related_name="chunks")
    ordinal = models.PositiveIntegerField()
    heading = models.TextField(blank=True)
    text = models.TextField()
    content_hash = models.GeneratedField(
        expression=Cast(
            MD5(Concat("heading", models.Value("\n"), "text", output_field=models.TextField())), models.UUIDField()
        ),
        output_field=models.UUIDField(),
        db_persist=True,
    )
    language = models.CharField(max_length=20, db_default="english", help_text="A text search configuration.")
    token_count = models.PositiveIntegerField()
    sentence_spans = ArrayField(models.PositiveIntegerField(), default=list)
    links = ArrayField(models.TextField(), default=list, db_default=models.Value([]))
    terms = SearchVectorField()
    bm25 = SparseVectorField(dimensions=536_870_912)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "version", "ordinal"], name="chunk_place")]
        indexes = [models.Index(fields=["content_hash"], name="chunk_content")]

    def __str__(self) -> str:
        return f"{self.heading} #{self.ordinal}"


class ChunkVector(models.Model):
    """The embedding of a chunk in one vector space (see llm.Deployment.vector_space), and those of its sentences.

    Vectors of two spaces are never compared: every search names one, and each has an index of its own.
    """

    chunk = models.ForeignKey(Chunk, on_delete=models.CASCADE, related_name="vectors")
    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    space = models.CharField(max_length=300)
    embedding = HalfVectorField()
    sentence_embeddings = ArrayField(HalfVectorField(), default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chunk", "space"], name="one_vector_per_space")]

    def __str__(self) -> str:
        return f"{self.chunk_id} in {self.space}"


class BuildState(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    LIVE = "live"
    FAILED = "failed"
    CANCELLED = "cancelled"


class IndexBuild(models.Model):
    """A new embedding model on its way: its index is filled beside the live one, then the two are swapped."""

    endpoint = models.ForeignKey("llm.Endpoint", on_delete=models.PROTECT)
    model = models.CharField(max_length=200)
    dimensions = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=BuildState, default=BuildState.WAITING)
    trace_id = models.CharField(max_length=32)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    chunks_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, as a sentence for a person.")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(state__in=["waiting", "running"]), name="one_build_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint.provider}:{self.model} {self.state}"


class SynonymSet(models.Model):
    """Words and phrases that this company uses for the same thing; a question with one is searched with all."""

    phrases = ArrayField(models.CharField(max_length=100))
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return " = ".join(self.phrases)


class CollectionStatistics(models.Model):
    """How many chunks and terms a collection holds; kept by triggers on knowledge_chunk, never by hand.

    `average_length` is the one baked into `Chunk.bm25`; it is renewed when the true one has moved by a tenth.
    """

    collection = models.OneToOneField(Collection, on_delete=models.CASCADE, primary_key=True)
    chunk_count = models.BigIntegerField(default=0)
    total_length = models.BigIntegerField(default=0)
    average_length = models.FloatField(default=100)


class TermStatistics(models.Model):
    """In how many chunks of a collection a term (by hash) occurs; kept by triggers on knowledge_chunk."""

    pk = models.CompositePrimaryKey("collection_id", "term")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE)
    term = models.IntegerField()
    lexeme = models.TextField(help_text="The word itself, which spelling goes by.")
    chunk_count = models.IntegerField()


class LanguageStatistics(models.Model):
    """How many chunks of a collection are in a language; kept by triggers on knowledge_chunk."""

    pk = models.CompositePrimaryKey("collection_id", "language")
    collection = models.ForeignKey(Collection, on_delete=models.CASCADE)
    language = models.CharField(max_length=20)
    chunk_count = models.IntegerField()
