"""Documents and what is found in them. Vectors, term statistics and the rules of access live in the migrations' SQL."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Now
from pgvector.django import HalfVectorField, SparseVectorField


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


class DocumentState(models.TextChoices):
    PENDING = "pending"
    INDEXED = "indexed"
    FAILED = "failed"


class Document(models.Model):
    """A file or page. `origin` is what it is (absolute path, URL or upload); `path` is what people call it."""

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    origin = models.CharField(max_length=2000)
    path = models.CharField(max_length=2000)
    url = models.URLField(max_length=2000, blank=True)
    title = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=DocumentState, default=DocumentState.PENDING)
    reason = models.CharField(max_length=1000, blank=True, help_text="Why it failed, as a sentence for a person.")
    live_version = models.ForeignKey(
        "DocumentVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "origin"], name="document_once_per_collection")]
        indexes = [models.Index(fields=["path"], name="document_path")]

    def __str__(self) -> str:
        return self.title or self.path


class DocumentVersion(models.Model):
    """What a document said at one time. `fingerprint` covers the bytes, the parser and the splitter."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    fingerprint = models.CharField(max_length=64)
    byte_count = models.PositiveBigIntegerField()
    chunk_count = models.PositiveIntegerField()
    warning = models.CharField(max_length=500, blank=True, help_text="Such as hidden text that was dropped.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "number"], name="version_number_once")]

    def __str__(self) -> str:
        return f"{self.document} v{self.number}"


class Chunk(models.Model):
    """A passage of the live version of a document; superseded ones are deleted when the next version goes live.

    `heading` is the path of headings joined by " > ", title first. `bm25` holds the document side of BM25 as saturated
    term frequencies by term hash, so that an inner product with the idf of a question's terms is its BM25 score.
    `sentence_spans` are [start, end) character offsets of the sentences in `text`, flattened.
    """

    collection = models.ForeignKey(Collection, on_delete=models.PROTECT)
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="chunks")
    version = models.ForeignKey(DocumentVersion, on_delete=models.CASCADE, related_name="chunks")
    ordinal = models.PositiveIntegerField()
    heading = models.TextField(blank=True)
    text = models.TextField()
    token_count = models.PositiveIntegerField()
    sentence_spans = ArrayField(models.PositiveIntegerField(), default=list)
    terms = SearchVectorField()
    bm25 = SparseVectorField(dimensions=536_870_912)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["document", "version", "ordinal"], name="chunk_place")]

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
    chunk_count = models.IntegerField()
