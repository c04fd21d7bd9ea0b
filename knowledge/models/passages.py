"""Passages with their vectors, and what searching needs to know of them."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import MD5, Cast, Concat, Now
from pgvector.django import HalfVectorField, SparseVectorField

from foundation.leases import Leased
from knowledge.models.collections import Collection
from knowledge.models.documents import Document, DocumentVersion


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


class IndexBuild(Leased):
    """A new embedding model on its way: its index is filled beside the live one, then the two are swapped."""

    endpoint = models.ForeignKey("llm.Endpoint", on_delete=models.PROTECT)
    model = models.CharField(max_length=200)
    dimensions = models.PositiveIntegerField()
    state = models.CharField(max_length=10, choices=BuildState, default=BuildState.WAITING)
    trace_id = models.CharField(max_length=32)
    chunks_total = models.PositiveIntegerField(default=0)
    chunks_done = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, as a sentence for a person.")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=models.Q(state__in=["waiting", "running"]), name="one_build_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint.provider}:{self.model} {self.state}"


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
