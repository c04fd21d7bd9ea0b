"""A hundred internal documents, each full of one word that is nowhere else, beside public twins without it.

Whatever is asked of the public collection, no part of what comes back holds one of these words, or tells that they are
there.
"""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from knowledge.embedders.base import PassageVectors
from knowledge.embedders.embedding import QuestionVector
from knowledge.index import chunk_rows
from knowledge.models import Collection, Document, DocumentVersion, Visibility
from knowledge.retrieval import search, synonyms
from knowledge.retrieval.search import Retrieval, retrieve
from tests.knowledge.retrieval.access_layers import execute, take_away_filters, take_away_row_security
from tests.rows.make import make_collection, make_deployment
from tests.rows.passage_rows import Passage, make_chunks, words_vector

pytestmark = pytest.mark.django_db

COUNT = 100
SPACE, DIMENSIONS = "local/all-MiniLM-L6-v2/384", 384
TOKENS = ["".join(random.Random(n).choices("bcdfghjklmnpqrstvwz", k=9)) for n in range(COUNT)]  # noqa: S311
TOPICS = ["refunds", "invoices", "seats", "exports", "backups"]


def make_document(collection: Collection, number: int, token: str) -> None:
    """A document that says `token` in its title, file name, address, heading and text."""
    name = f"{TOPICS[number % 5]}-{number}-{token}".rstrip("-")
    text = f"The rules of {TOPICS[number % 5]} number {number}{f' are {token}' if token else ''}. Ask the desk."
    document = Document.objects.create(
        collection=collection,
        origin=f"/shelf/{name}.md",
        path=f"{name}.md",
        url=f"https://docs.example/{name}",
        title=f"Rules {number} {token}".strip(),
    )
    version = DocumentVersion.objects.create(document=document, number=1, fingerprint="-", byte_count=1, chunk_count=1)
    document.live_version = version
    document.save()
    passage = Passage(f"Rules {token}".strip(), text, len(text.split()), [(0, len(text))])
    vector = words_vector(text, DIMENSIONS)
    chunk_rows.insert(version, [passage], [PassageVectors(vector, np.array([vector]))], space=SPACE)


def make_shelves(count: int) -> tuple[Collection, Collection]:
    make_deployment()
    public, internal = make_collection("Public"), make_collection("Internal", Visibility.INTERNAL)
    for number, token in enumerate(TOKENS[:count]):
        make_document(public, number, "")
        make_document(internal, number, token)
    return public, internal


@pytest.fixture
def shelves() -> tuple[Collection, Collection]:
    return make_shelves(COUNT)


@pytest.fixture
def few() -> tuple[Collection, Collection]:
    return make_shelves(10)


def misspelt(token: str) -> str:
    return token[:4] + token[5] + token[4] + token[6:]


def questions() -> Iterator[str]:
    for number, token in enumerate(TOKENS):
        yield (token, f"What are the rules of {token}?", misspelt(token), f"rules {number} {token[:-1]}")[number % 4]
    yield from ("Rules?", "https docs example", "internal rules refunds seats exports", "desk", "rules.md")


def leaked(collection: Collection) -> list[str]:
    """The canaries in anything that comes back for any of the questions."""
    return [
        token
        for question in questions()
        for shown in [repr(retrieve(question, collections=[collection.pk], k=20))]
        for token in TOKENS
        if token in shown
    ]


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_no_canary_comes_back_and_each_layer_alone_is_enough(shelves: tuple[Collection, Collection]) -> None:
    public, _ = shelves
    assert leaked(public) == []
    with undone():
        take_away_row_security()
        assert leaked(public) == []
    with undone():
        take_away_filters()
        assert leaked(public) == []
    with undone():
        take_away_row_security()
        take_away_filters()
        assert leaked(public), "or the layers hold nothing back"
    assert leaked(public) == []


def test_the_canaries_are_found_by_those_who_may_see_them(few: tuple[Collection, Collection]) -> None:
    found = [retrieve(token, collections=[few[1].pk], k=1).hits[0] for token in TOKENS[:10]]
    assert [token in hit.title and token in hit.url for token, hit in zip(TOKENS, found, strict=False)] == [True] * 10
    corrected = retrieve(misspelt(TOKENS[0]), collections=[few[1].pk])
    assert TOKENS[0] in repr(corrected.corrections), "or the search for them in corrections proves nothing"


def test_a_synonym_of_a_canary_brings_nothing_of_it(few: tuple[Collection, Collection]) -> None:
    synonyms.add(["codename", TOKENS[3]])
    shown = repr(retrieve("What is the codename?", collections=[few[0].pk], k=20))
    assert TOKENS[3] not in shown


def without_times(found: Retrieval) -> Retrieval:
    return replace(found, stages_ms={})


def test_hidden_is_as_if_absent(few: tuple[Collection, Collection]) -> None:
    """Hits, scores, the estimate and the corrections are the same when the hidden documents are deleted."""
    public, internal = few
    asked = [*list(questions())[:10], "Rules?", "rules of refunds"]
    hidden = [without_times(retrieve(question, collections=[public.pk], k=20)) for question in asked]
    Document.objects.filter(collection=internal).delete()
    absent = [without_times(retrieve(question, collections=[public.pk], k=20)) for question in asked]
    assert hidden == absent


@pytest.mark.parametrize("asked", [[], [0], [-1], [10**12]])
def test_collections_that_are_not_there_hold_nothing(few: tuple[Collection, Collection], asked: list[int]) -> None:
    found = retrieve(TOKENS[0], collections=asked)
    assert (found.hits, found.corrections) == ((), {})


def test_the_reader_is_told_no_terms_and_no_counts() -> None:
    for table in ("termstatistics", "collectionstatistics", "languagestatistics", "synonymset", "documentversion"):
        [[may]] = execute("SELECT has_table_privilege('parley_reader', %s, 'SELECT')", f"knowledge_{table}")
        assert may is False, table


WORDS = st.sampled_from(["vault", "code", "plan", "refund", "annual", "seat", "marmalade", "zebra"])
TEXTS = st.lists(st.lists(WORDS, min_size=1, max_size=6).map(" ".join), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(shown=TEXTS, hidden=TEXTS, question=st.lists(WORDS, min_size=1, max_size=5).map(" ".join))
def test_whatever_is_hidden_changes_nothing(shown: list[str], hidden: list[str], question: str) -> None:
    public, _ = Collection.objects.get_or_create(name="Public")
    internal, _ = Collection.objects.get_or_create(name="Internal", visibility=Visibility.INTERNAL)
    Document.objects.all().delete()
    make_chunks(public, *shown)
    asked = QuestionVector("test/words/32", words_vector(question))
    before = search.search(question, asked, collections=[public.pk], k=6)
    make_chunks(internal, *hidden)
    assert search.search(question, asked, collections=[public.pk], k=6) == before
