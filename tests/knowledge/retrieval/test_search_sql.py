"""Terms, statistics, scores and vectors in the database."""

import threading
from typing import Any

import numpy as np
import pytest
from django.db import DatabaseError, connection, connections, transaction

from knowledge.embedders.base import Vector
from knowledge.embedders.embedding import QuestionVector
from knowledge.index import vector_indexes
from knowledge.models import Chunk, ChunkVector, CollectionStatistics, Document, TermStatistics
from knowledge.retrieval.search import search
from tests.rows.make import make_collection
from tests.rows.passage_rows import SPACE, found, make_chunks, words_vector

pytestmark = pytest.mark.django_db


def value(sql: str, *parameters: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(parameters))
        return cursor.fetchone()[0]


def counted() -> dict[tuple[int, int], int]:
    return {(row.collection_id, row.term): row.chunk_count for row in TermStatistics.objects.all()}


def recounted() -> dict[tuple[int, int], int]:
    """The same from the chunks themselves."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT collection_id, parley_term_hash(lexeme), count(DISTINCT id) FROM knowledge_chunk, unnest(terms)"
            " GROUP BY 1, 2"
        )
        return {(collection, term): count for collection, term, count in cursor.fetchall()}


def similarities(chunk_ids: list[int], query: Vector) -> list[float]:
    """Cosines of chunks to a unit vector, in the order given."""
    stored = dict(ChunkVector.objects.values_list("chunk_id", "embedding"))
    return [float(np.dot(stored[chunk], query)) for chunk in chunk_ids]


def test_terms_fold_accents_and_split_the_joints_of_names() -> None:
    terms = value(
        "SELECT tsvector_to_array(parley_terms('Café ﬁles', 'see settings.MODELS_DIR or /api/v1\\x', 'english'))::text"
    )

    assert set(str(terms).strip("{}").split(",")) == {"cafe", "file", "see", "set", "model", "dir", "api", "v1", "x"}


def test_bm25_is_the_formula() -> None:
    chunk = make_chunks(make_collection(), "apple apple pear", "plum", title="")[0]
    average = CollectionStatistics.objects.get().average_length
    assert average == pytest.approx(2)

    weight = value(
        "SELECT -(bm25 <#> format('{%%s:1}/536870912', parley_term_hash('appl'))::sparsevec)"
        " FROM knowledge_chunk WHERE id = %s",
        chunk,
    )

    assert weight == pytest.approx(2 * 2.2 / (2 + 1.2 * (0.25 + 0.75 * 3 / average)), abs=1e-3)


def test_statistics_follow_what_is_added_and_removed() -> None:
    first, second = make_collection("A"), make_collection("B")
    make_chunks(first, "refund of annual plans", "refund refund")
    make_chunks(second, "refund of nothing")
    assert counted() == recounted()

    Document.objects.filter(collection=second).first().delete()  # type: ignore[union-attr]
    Chunk.objects.filter(text="refund refund").delete()

    assert counted() == recounted()
    assert CollectionStatistics.objects.get(collection=first).chunk_count == 1
    assert CollectionStatistics.objects.get(collection=second).total_length == 0
    assert not TermStatistics.objects.filter(chunk_count__lte=0).exists()


def test_a_chunk_is_replaced_and_never_changed() -> None:
    chunk = make_chunks(make_collection("A"), "refund")[0]
    other = make_collection("B")

    with pytest.raises(Exception, match="keeps its collection and its terms"), transaction.atomic():
        Chunk.objects.filter(pk=chunk).update(collection=other)


@pytest.mark.django_db(transaction=True)
def test_writers_at_the_same_time_do_not_wait_for_each_other_for_ever() -> None:
    collections = [make_collection("A"), make_collection("B")]
    words = ["refund", "plan", "price", "cat", "office", "key"]
    failures: list[DatabaseError] = []

    def write(turn: int) -> None:
        try:
            for step in range(5):
                mine = words[turn:] + words[:turn]
                with transaction.atomic():
                    for collection in collections[:: 1 if turn % 2 else -1]:
                        ids = make_chunks(collection, *mine, title=f"{turn} {step}")
                        Chunk.objects.filter(pk__in=ids[::2]).delete()
        except DatabaseError as error:
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write, args=(turn,)) for turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)

    assert failures == []
    assert Chunk.objects.count() == 3 * 5 * 2 * 3
    assert counted() == recounted()


def test_lengths_are_renewed_when_the_average_has_moved() -> None:
    collection = make_collection()
    make_chunks(collection, "one", title="")
    assert CollectionStatistics.objects.get().average_length == 1

    make_chunks(collection, "two words " * 10, title="")

    assert CollectionStatistics.objects.get().average_length > 5
    assert vector_indexes.refresh_lengths(collection.pk) == 0
    assert value("SELECT bool_and(bm25 = parley_bm25(terms, (SELECT average_length::real"
                 " FROM knowledge_collectionstatistics))) FROM knowledge_chunk") is True  # fmt: skip


def test_rare_words_weigh_more_than_common_ones() -> None:
    collection = make_collection()
    make_chunks(collection, *(f"the plan costs {n}" for n in range(8)), "the plan of the marmalade")

    assert found("plan marmalade", collection)[0] == "the plan of the marmalade"


@pytest.mark.parametrize(
    "question", ["'", "\\", "a' | 'b", "!!! & ( | )", "😀😀", "x" * 3000, "of the and", "refund:* <-> plan", "%s {0}"]
)
def test_any_question_can_be_asked(question: str) -> None:
    collection = make_collection()
    make_chunks(collection, "refund of plans")

    assert found(question, collection) == ["refund of plans"]


def test_vectors_of_another_space_are_never_compared() -> None:
    """The same words in a space of other length: comparing would fail, and finding them would be wrong."""
    collection = make_collection()
    make_chunks(collection, "alpha beta gamma", space="other/space/64", dimensions=64)
    make_chunks(collection, "delta epsilon", space=SPACE)

    asked = QuestionVector(SPACE, words_vector("alpha beta gamma"))
    rows = search("nothing shared", asked, collections=[collection.pk])

    assert [row["text"] for row in rows] == ["delta epsilon"]
    assert found("alpha", collection)[0] == "alpha beta gamma", "its terms are still found"
    other = next(row for row in search("alpha", asked, collections=[collection.pk]) if "alpha" in row["text"])
    assert other["cosine"] == 0
    assert other["similarities"] == []


def test_a_search_for_terms_alone_needs_no_vector() -> None:
    collection = make_collection()
    make_chunks(collection, "refund of plans", "cats")

    text = value("SELECT text FROM parley_search('cat', NULL, %s, %s, 6, 5000)", SPACE, [collection.pk])

    assert text == "cats"


def test_many_visible_chunks_are_searched_by_the_index_of_their_space() -> None:
    collection = make_collection()
    make_chunks(collection, *(f"word{n} word{n + 1}" for n in range(300)))
    ensured = vector_indexes.index_name(SPACE)
    query = words_vector("word7 word8")

    assert ChunkVector.objects.count() == 300
    assert value("SELECT to_regclass(%s)::text", ensured) == ensured
    vector = "[" + ",".join(map(str, query)) + "]"
    exact = value("SELECT parley_nearest(%s, %s, %s, 0, 10)", vector, SPACE, [collection.pk])
    approximate = value("SELECT parley_nearest(%s, %s, %s, 1000000, 10)", vector, SPACE, [collection.pk])
    assert similarities(approximate, query) == pytest.approx(similarities(exact, query), abs=0.01)


def test_vectors_too_long_to_index_are_refused() -> None:
    with pytest.raises(vector_indexes.VectorSpaceError, match="5000 numbers are too long"):
        vector_indexes.ensure_space("x", 5000)


def test_sentences_come_with_their_similarity_and_the_best_of_them_is_weighed() -> None:
    collection = make_collection()
    make_chunks(collection, "Cats sleep. Refunds take days.")
    asked = QuestionVector(SPACE, words_vector("Refunds take days."))

    [row] = search("refunds take days", asked, collections=[collection.pk])

    assert row["spans"] == [0, 11, 12, 30]
    assert row["similarities"][1] == pytest.approx(1, abs=0.01)
    assert row["sentence_mix"] == pytest.approx(0.6 + 0.4, abs=0.01)


def test_a_document_named_by_a_leading_passage_gains() -> None:
    collection = make_collection()
    make_chunks(collection, "The limit is nine.", "Nothing else.", title="Storage quota")
    make_chunks(collection, "Uploads stop at the storage quota.", title="Uploads")
    asked = QuestionVector(SPACE, words_vector("when do uploads stop"))

    rows = {row["text"]: row for row in search("when do uploads stop", asked, collections=[collection.pk])}

    assert rows["The limit is nine."]["link"] == 0.5
    assert rows["Uploads stop at the storage quota."]["link"] == 0


def test_a_document_that_a_leading_passage_links_to_gains() -> None:
    collection = make_collection()
    [limit] = make_chunks(collection, "The limit of uploads is nine.", title="Storage")
    path = Chunk.objects.get(pk=limit).document.path
    make_chunks(collection, "When uploads stop, see the limits.", title="Uploads", links=[path])
    make_chunks(collection, "The limit of downloads is ten.", title="Traffic")
    asked = QuestionVector(SPACE, words_vector("when do uploads stop"))

    rows = {row["text"][:18]: row["link"] for row in search("when do uploads stop", asked, collections=[collection.pk])}

    assert rows == {"The limit of uploa": 0.25, "When uploads stop,": 0, "The limit of downl": 0}
