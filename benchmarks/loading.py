"""Passages into Parley's tables by the thousand; the triggers, functions and indexes are the product's own."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from django.db import connection

from knowledge import indexes
from knowledge.chunk_rows import literal
from knowledge.embedders.base import PassageVectors
from knowledge.models import Collection, Document, DocumentVersion

COLUMNS = "number, document, ordinal, heading, body, spans, vector, sentence_vectors"


class Loadable(Protocol):
    document: str
    ordinal: int
    title: str
    heading: str
    text: str
    sentence_spans: list[tuple[int, int]]


def load(name: str, passages: Sequence[Loadable], vectors: Iterable[PassageVectors], *, space: str) -> tuple[int, list[int]]:
    """Fill a new collection; returns its id and the chunk ids in the order of `passages`."""
    collection = Collection.objects.create(name=name)
    _documents(collection, passages)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE staged (number int, document text, ordinal int, heading text, body text,"
            " spans int[], vector halfvec, sentence_vectors halfvec[])"
        )
        with cursor.copy(f"COPY staged ({COLUMNS}) FROM STDIN") as copy:
            for number, (passage, vector) in enumerate(zip(passages, vectors, strict=True)):
                spans = "{" + ",".join(f"{start},{end}" for start, end in passage.sentence_spans) + "}"
                sentences = "{" + ",".join(f'"{literal(s)}"' for s in vector.sentence_vectors) + "}"
                copy.write_row((number, passage.document, passage.ordinal, passage.heading, passage.text, spans,
                                literal(vector.vector), sentences))  # fmt: skip
        cursor.execute(
            "INSERT INTO knowledge_chunk (collection_id, document_id, version_id, ordinal, heading, text, token_count,"
            " sentence_spans, terms, bm25)"
            " SELECT %s, document_id, v.id, ordinal, heading, body, 0, spans, terms, parley_bm25(terms, 100)"
            " FROM staged s JOIN knowledge_document d ON d.collection_id = %s AND d.origin = s.document"
            " JOIN knowledge_documentversion v ON v.document_id = d.id, parley_terms(heading, body) AS terms"
            " ORDER BY s.number RETURNING knowledge_chunk.id",
            [collection.pk, collection.pk],
        )
        ids = sorted(row[0] for row in cursor.fetchall())
        cursor.execute(
            "INSERT INTO knowledge_chunkvector (chunk_id, collection_id, space, embedding, sentence_embeddings)"
            " SELECT (%s::bigint[])[number + 1], %s, %s, vector, sentence_vectors FROM staged ORDER BY number",
            [ids, collection.pk, space],
        )
        cursor.execute("DROP TABLE staged")
    indexes.ensure_space(space, 384)
    indexes.refresh_lengths(collection.pk)
    return collection.pk, ids


def _documents(collection: Collection, passages: Sequence[Loadable]) -> None:
    titles = {passage.document: passage.title for passage in passages}
    documents = Document.objects.bulk_create(
        Document(collection=collection, origin=name, path=name, title=title[:500]) for name, title in titles.items()
    )
    DocumentVersion.objects.bulk_create(
        DocumentVersion(document=document, number=1, fingerprint="-", byte_count=0, chunk_count=0)
        for document in documents
    )
