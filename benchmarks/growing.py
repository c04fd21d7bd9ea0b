"""A corpus that grows inside the database: real passages, and others spliced from two of them by SQL.

Half of the words of each of two passages, the mean of their vectors, some sentence vectors of both. Of every 100
passages one lies in the collection "one", nine in "nine", forty in "forty" and fifty in "fifty", so that 1, 10, 50 or
all of 100 can be made visible.
"""

import time
from collections.abc import Sequence

from django.db import connection

from benchmarks.data import BenchPassage
from benchmarks.loading import load
from knowledge.embedders.base import PassageVectors
from knowledge.index import vector_indexes
from knowledge.models import Chunk, Collection, Document

SHARES = {"one": 1, "nine": 9, "forty": 40, "fifty": 50}
STEP = 20_000  # passages in one statement
_SPLICE = """
WITH pair AS MATERIALIZED (
       SELECT a.id AS one, b.id AS other, n
         FROM generate_series(1, %(count)s) AS n
         JOIN LATERAL (SELECT (%(parents)s::bigint[])[1 + (n * 7919 + %(seed)s) %% %(size)s] AS id) AS a ON true
         JOIN LATERAL (
           SELECT (%(parents)s::bigint[])[1 + (n * 104729 + %(seed)s * 31 + 17) %% %(size)s] AS id) AS b ON true),
     made AS MATERIALIZED (
       SELECT n, a.heading, left(a.text, length(a.text) / 2) || ' ' || right(b.text, length(b.text) / 2) AS text,
              v.embedding + w.embedding AS embedding,
              v.sentence_embeddings[1:2] || w.sentence_embeddings[1:1] AS sentences
         FROM pair JOIN knowledge_chunk a ON a.id = one JOIN knowledge_chunk b ON b.id = other
         JOIN knowledge_chunkvector v ON v.chunk_id = one JOIN knowledge_chunkvector w ON w.chunk_id = other),
     written AS (
       INSERT INTO knowledge_chunk (collection_id, document_id, version_id, ordinal, heading, text, token_count,
                                    sentence_spans, terms, bm25)
       SELECT %(collection)s, %(document)s, %(version)s, %(first)s + n, heading, text, 0,
              ARRAY(SELECT unnest(ARRAY[(place - 1) * length(text) / cardinality(sentences),
                                        place * length(text) / cardinality(sentences)])
                      FROM generate_series(1, cardinality(sentences)) AS place), terms, parley_bm25(terms, 100)
         FROM made, parley_terms(heading, text, 'english') AS terms
       RETURNING id, ordinal)
INSERT INTO knowledge_chunkvector (chunk_id, collection_id, space, embedding, sentence_embeddings)
SELECT id, %(collection)s, %(space)s, l2_normalize(embedding), sentences
  FROM written JOIN made ON made.n = written.ordinal - %(first)s
"""


def seeded(passages: Sequence[BenchPassage], vectors: Sequence[PassageVectors], space: str) -> list[int]:
    """The ids of the real passages, which are the parents of all others; loaded by the first run."""
    found = list(Chunk.objects.filter(collection__name="seed").order_by("id").values_list("id", flat=True))
    return found or load("seed", passages, vectors, space=space)[1]


def collections() -> list[Collection]:
    return [Collection.objects.get_or_create(name=name)[0] for name in SHARES]


def size() -> int:
    return Chunk.objects.filter(collection__name__in=SHARES).count()


def grow(wanted: int, parents: Sequence[int], space: str) -> float:
    """Add passages until there are `wanted`; returns the seconds of that, without the vector index."""
    started = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS {vector_indexes.index_name(space)}")
    for name, share in SHARES.items():
        collection = Collection.objects.get(name=name)
        held = Chunk.objects.filter(collection=collection).count()
        while held < wanted * share // 100:
            count = min(STEP, wanted * share // 100 - held)
            _splice(collection, held, count, parents, space)
            held += count
    return time.perf_counter() - started


def _splice(collection: Collection, held: int, count: int, parents: Sequence[int], space: str) -> None:
    name = f"{collection.name}-{held}"
    document = Document.objects.create(collection=collection, origin=name, path=name, title=name)
    version = document.versions.create(number=1, fingerprint="-", byte_count=0, chunk_count=count)
    document.live_version = version
    document.save()
    with connection.cursor() as cursor:
        cursor.execute(
            _SPLICE,
            {"count": count, "parents": list(parents), "size": len(parents), "seed": held + collection.pk * 1009,
             "collection": collection.pk, "document": document.pk, "version": version.pk, "first": held,
             "space": space},
        )  # fmt: skip


def index(space: str, dimensions: int) -> float:
    """Build the vector index over all there is and let PostgreSQL look at the tables; returns the index's seconds."""
    started = time.perf_counter()
    vector_indexes.ensure_space(space, dimensions)
    seconds = time.perf_counter() - started
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return seconds
