"""Passages into rows, many at a time, and the vectors that rows already hold."""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import numpy as np
from django.db import connection

from knowledge.embedders.base import PassageText, PassageVectors, Vector
from knowledge.index import vector_indexes
from knowledge.models import CollectionStatistics, DocumentVersion
from knowledge.passages import hyperlinks

ROWS_PER_STATEMENT = 500

# The triggers on knowledge_chunk fire when the whole statement is done, so the statistics are locked for a moment only.
_INSERT = """
WITH passage AS (
       SELECT * FROM unnest(%(ordinals)s::int[], %(headings)s::text[], %(texts)s::text[], %(token_counts)s::int[],
                            %(spans)s::text[], %(links)s::text[], %(vectors)s::text[], %(sentence_vectors)s::text[])
           AS p (ordinal, heading, text, token_count, spans, links, vector, sentence_vectors)),
     chunk AS (
       INSERT INTO knowledge_chunk (collection_id, document_id, version_id, ordinal, heading, text, token_count,
                                    sentence_spans, links, language, terms, bm25)
       SELECT %(collection)s, %(document)s, %(version)s, ordinal, heading, text, token_count,
              spans::int[], links::text[], %(language)s, terms, parley_bm25(terms, %(average_length)s)
         FROM passage, parley_terms(heading, text, %(language)s::regconfig) AS terms ORDER BY ordinal
       RETURNING id, ordinal)
INSERT INTO knowledge_chunkvector (chunk_id, collection_id, space, embedding, sentence_embeddings)
SELECT chunk.id, %(collection)s, %(space)s, vector::halfvec, sentence_vectors::halfvec[]
  FROM chunk JOIN passage USING (ordinal) ORDER BY chunk.id
RETURNING chunk_id
"""


class KeptPassage(Protocol):
    """What is kept of a passage; passages.chunking makes them."""

    @property
    def heading(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def token_count(self) -> int: ...
    @property
    def sentence_spans(self) -> Sequence[tuple[int, int]]: ...
    @property
    def links(self) -> Sequence[str]: ...


def insert(
    version: DocumentVersion, passages: Sequence[KeptPassage], vectors: Sequence[PassageVectors], *, space: str
) -> list[int]:
    """Write the chunks of a version with their vectors and return their ids, in order.

    Runs inside the transaction of the caller, who deletes the chunks of the version before. Raises ValueError when
    there is not one vector per passage.
    """
    if len(passages) != len(vectors):
        raise ValueError(f"{len(passages)} passages came with {len(vectors)} vectors.")
    if not passages:
        return []
    document = version.document
    vector_indexes.ensure_space(space, len(vectors[0].vector))
    statistics = CollectionStatistics.objects.filter(collection_id=document.collection_id).first()
    ids: list[int] = []
    for first in range(0, len(passages), ROWS_PER_STATEMENT):
        rows = slice(first, first + ROWS_PER_STATEMENT)
        columns = _columns(passages[rows], vectors[rows], first)
        columns |= {
            "collection": document.collection_id,
            "document": document.pk,
            "version": version.pk,
            "space": space,
            "language": version.language,
            "average_length": statistics.average_length if statistics else vector_indexes.FIRST_AVERAGE_LENGTH,
        }
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, columns)
            ids += [row[0] for row in cursor.fetchall()]
    vector_indexes.refresh_lengths(document.collection_id)
    return ids


def content_hash(passage: KeptPassage) -> uuid.UUID:
    """What the column of that name holds: passages with the same one read the same and have the same vectors."""
    text = f"{passage.heading}\n{passage.text}".encode()
    return uuid.UUID(bytes=hashlib.md5(text, usedforsecurity=False).digest())


def embedded(heading: str, text: str, sentence_spans: Sequence[tuple[int, int]]) -> PassageText:
    """What is embedded of a passage: all but the addresses of its links."""
    return PassageText(heading, *hyperlinks.plain_with(text, sentence_spans))


def known_vectors(hashes: Iterable[uuid.UUID], *, space: str) -> dict[uuid.UUID, PassageVectors]:
    """The vectors in `space` of passages that are there already, by content hash."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (c.content_hash) c.content_hash, v.embedding::text, v.sentence_embeddings::text[]"
            " FROM knowledge_chunk c JOIN knowledge_chunkvector v ON v.chunk_id = c.id AND v.space = %s"
            " WHERE c.content_hash = ANY (%s)",
            [space, list(hashes)],
        )
        return {
            key: PassageVectors(_vector(whole), np.array([_vector(part) for part in parts]))
            for key, whole, parts in cursor.fetchall()
        }


def _vector(written: str) -> Vector:
    return np.array(json.loads(written), dtype=np.float32)


def _columns(passages: Sequence[KeptPassage], vectors: Sequence[PassageVectors], first: int) -> dict[str, Any]:
    return {
        "ordinals": list(range(first, first + len(passages))),
        "headings": [passage.heading for passage in passages],
        "texts": [passage.text for passage in passages],
        "token_counts": [passage.token_count for passage in passages],
        "links": [array(passage.links) for passage in passages],
        "spans": ["{" + ",".join(f"{s},{e}" for s, e in passage.sentence_spans) + "}" for passage in passages],
        "vectors": [literal(v.vector) for v in vectors],
        "sentence_vectors": [literals(v.sentence_vectors) for v in vectors],
    }


def array(values: Iterable[str]) -> str:
    """Texts as an array of PostgreSQL, written out."""
    return "{" + ",".join('"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' for value in values) + "}"


def literal(vector: Vector) -> str:
    """A vector as pgvector reads it. Four digits are what a half-precision float holds."""
    return "[" + ",".join([f"{value:.4g}" for value in vector.tolist()]) + "]"


def literals(vectors: Vector) -> str:
    """Several vectors as an array of PostgreSQL."""
    return "{" + ",".join(f'"{literal(vector)}"' for vector in vectors) + "}"
