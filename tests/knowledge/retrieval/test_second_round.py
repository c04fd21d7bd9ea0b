"""What the first passages do not hold of a question is searched for by itself, once."""

import pytest

from knowledge.models import Collection, Visibility
from knowledge.retrieval.search import retrieve
from tests.rows.make import make_collection, make_deployment
from tests.rows.passage_rows import make_chunks

pytestmark = pytest.mark.django_db

EXPORTS = [f"Export settings, kind {n}: the export settings of owners. Export settings are kept." for n in range(7)]
RETENTION = "Retention of invoices is ten years. " + "The archive is cold and dry, and nobody walks there. " * 12
OTHERS = [f"Note {n} about the weather in the mountains and by the sea." for n in range(40)]
QUESTION = "export settings retention"


@pytest.fixture
def shelf() -> Collection:
    make_deployment()
    public = make_collection("Public")
    for text in (*EXPORTS, *OTHERS):
        make_chunks(public, text)
    return public


def test_what_no_passage_holds_is_not_searched_for(shelf: Collection) -> None:
    assert retrieve(QUESTION, collections=[shelf.pk]).uncovered == ()


def test_what_the_first_passages_leave_open_is_found_by_a_second_round(shelf: Collection) -> None:
    make_chunks(shelf, RETENTION)

    retrieval = retrieve(QUESTION, collections=[shelf.pk])

    assert retrieval.uncovered == ("retent",)
    texts = [hit.text for hit in retrieval.hits]
    assert texts[:5] == [text for text in texts if text in EXPORTS]
    assert texts[5] == RETENTION
    scores = [hit.score for hit in retrieval.hits]
    assert scores == sorted(scores, reverse=True)


def test_a_second_round_looks_at_the_same_collections(shelf: Collection) -> None:
    make_chunks(make_collection("Internal", Visibility.INTERNAL), RETENTION)

    retrieval = retrieve(QUESTION, collections=[shelf.pk])

    assert retrieval.uncovered == ()
    assert RETENTION not in [hit.text for hit in retrieval.hits]
