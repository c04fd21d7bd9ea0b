"""Passages into Parley's tables by the thousand; the triggers, functions and indexes are the product's own."""

from collections.abc import Sequence

from django.db import connection

from benchmarks.data import BenchPassage
from evaluation.cases.bench_sets import document_name
from knowledge.embedders.base import PassageVectors
from knowledge.index import vector_indexes
from knowledge.index.chunk_rows import literal
from knowledge.models import Collection, Document, DocumentVersion

COLUMNS = "number, document, ordinal, heading, body, spans, vector, sentence_vectors"


def load(
    name: str, passages: Sequence[BenchPassage], vectors: Sequence[PassageVectors], *, space: str
) -> tuple[int, list[int]]:
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
            " SELECT %s, document_id, v.id, ordinal, heading, body, 0, spans, terms, parley_bm25(terms, average::real)"
            " FROM (SELECT avg(parley_length(parley_terms(heading, body, 'english'))) AS average FROM staged) AS whole,"
            " staged s"
            " JOIN knowledge_document d ON d.collection_id = %s AND d.origin = s.document"
            " JOIN knowledge_documentversion v ON v.document_id = d.id, parley_terms(heading, body, 'english') AS terms"
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
        cursor.execute(
            "UPDATE knowledge_collectionstatistics SET average_length = total_length::float / chunk_count"
            " WHERE collection_id = %s",
            [collection.pk],
        )
    vector_indexes.ensure_space(space, len(vectors[0].vector))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return collection.pk, ids


def _documents(collection: Collection, passages: Sequence[BenchPassage]) -> None:
    titles = {passage.document: passage.title for passage in passages}
    documents = Document.objects.bulk_create(
        Document(collection=collection, origin=name, path=document_name(name), title=title[:500])
        for name, title in titles.items()
    )
    DocumentVersion.objects.bulk_create(
        DocumentVersion(document=document, number=1, fingerprint="-", byte_count=0, chunk_count=0)
        for document in documents
    )


def lexical(question: str, collection: int, count: int) -> list[int]:
    """The chunks that BM25 alone would put first, without a budget."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.id FROM parley_ask(%s, %s::bigint[], 1000000000) a, knowledge_chunk c"
            " WHERE c.terms @@ a.candidates AND c.collection_id = %s ORDER BY c.bm25 <#> a.weights LIMIT %s",
            [question, [collection], collection, count],
        )
        return [row[0] for row in cursor.fetchall()]
