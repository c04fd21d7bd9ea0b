"""Two layers keep a search inside its collections; each is enough without the other."""

import pytest
from django.db.models import Model

from knowledge.models import Chunk, ChunkVector, Collection, Document, Visibility
from knowledge.retrieval.search import retrieve
from llm.models import UsageRecord
from tests.knowledge.retrieval.access_layers import execute, take_away_filters, take_away_row_security
from tests.rows.make import make_collection, make_deployment
from tests.rows.passage_rows import SPACE, found, make_chunks, words_vector

pytestmark = pytest.mark.django_db

SECRET = "the vault code is marmalade"


@pytest.fixture
def shelves() -> tuple[Collection, Collection]:
    """A public shelf and an internal one that answers better."""
    public, internal = make_collection("Public"), make_collection("Internal", Visibility.INTERNAL)
    make_chunks(public, "vaults are in the cellar", "codes are secret")
    make_chunks(internal, SECRET, title="Vault code")
    return public, internal


def test_a_search_finds_what_is_on_its_shelves(shelves: tuple[Collection, Collection]) -> None:
    public, internal = shelves

    assert SECRET not in found("vault code marmalade", public)
    assert found("vault code marmalade", internal) == [SECRET]
    assert found("vault code marmalade", public, internal)[0] == SECRET


def test_the_filter_alone_is_enough(shelves: tuple[Collection, Collection]) -> None:
    take_away_row_security()

    assert len(found("vault code marmalade", shelves[0])) == 2
    assert SECRET not in found("vault code marmalade", shelves[0])


def test_row_level_security_alone_is_enough(shelves: tuple[Collection, Collection]) -> None:
    take_away_filters()

    assert SECRET not in found("vault code marmalade", shelves[0])


def test_without_both_the_secret_is_out(shelves: tuple[Collection, Collection]) -> None:
    """The two tests above would prove nothing if what they take away held nothing back."""
    take_away_row_security()
    take_away_filters()

    assert SECRET in found("vault code marmalade", shelves[0])


def test_the_reader_sees_nothing_unless_told_which_collections(shelves: tuple[Collection, Collection]) -> None:
    public, _ = shelves
    execute("SET LOCAL ROLE parley_reader")
    models: list[type[Model]] = [Chunk, ChunkVector, Document]

    unset = [model._default_manager.count() for model in models]
    execute("SELECT set_config('parley.collections', %s, true)", str(public.pk))
    told = [model._default_manager.count() for model in models]
    execute("RESET ROLE")

    assert unset == [0, 0, 0]
    assert told == [2, 2, 1]


@pytest.mark.parametrize("table", ["knowledge_collection", "llm_deployment", "auth_user", "knowledge_termstatistics"])
def test_the_reader_may_read_nothing_else(table: str) -> None:
    assert execute("SELECT has_table_privilege('parley_reader', %s, 'SELECT')", table) == [(False,)]


@pytest.mark.parametrize("table", ["knowledge_chunk", "knowledge_chunkvector", "knowledge_document"])
def test_the_reader_may_change_nothing(table: str) -> None:
    asked = "SELECT has_table_privilege('parley_reader', %s, 'INSERT, UPDATE, DELETE, TRUNCATE')"
    assert execute(asked, table) == [(False,)]


def test_nobody_else_may_call_the_functions_with_the_rights_of_the_owner() -> None:
    rows = execute(
        "SELECT proname, prosecdef, has_function_privilege('public', oid, 'EXECUTE'), proconfig::text LIKE %s"
        " FROM pg_proc WHERE proname IN ('parley_ask', 'parley_nearest', 'parley_score') ORDER BY 1",
        "%search_path=%pg_temp%",
    )

    assert rows == [(name, True, False, True) for name in ("parley_ask", "parley_nearest", "parley_score")]


def test_a_search_leaves_role_and_settings_as_they_were(shelves: tuple[Collection, Collection]) -> None:
    names = ("role", "parley.collections", "enable_seqscan", "plan_cache_mode", "hnsw.ef_search")
    before = [execute("SELECT current_setting(%s, true)", name) for name in names]

    found("vault", *shelves)

    assert [execute("SELECT current_setting(%s, true)", name) for name in names] == before


def test_hidden_collections_do_not_change_scores(shelves: tuple[Collection, Collection]) -> None:
    """How common a word is elsewhere must not be readable from a score."""
    public, internal = shelves
    asked = (
        "SELECT chunk_id, score, bm25, idf::text, chunk_count"
        " FROM parley_search('vault codes', %s, %s, %s, 6, 5000) ORDER BY 1"
    )
    vector = "[" + ",".join(map(str, words_vector("vault codes"))) + "]"
    before = execute(asked, vector, SPACE, [public.pk])

    make_chunks(internal, *("vault codes of the vault" for _ in range(20)))

    assert execute(asked, vector, SPACE, [public.pk]) == before


def test_retrieve_is_the_door(shelves: tuple[Collection, Collection]) -> None:
    public, _ = shelves
    make_deployment()

    retrieval = retrieve("Where are the vaults?", collections=[public.pk], k=1, trace_id="3" * 32)

    [hit] = retrieval.hits
    assert (hit.text, hit.collection_id, hit.ordinal, hit.heading) == (
        "vaults are in the cellar",
        public.pk,
        0,
        "Guide",
    )
    assert hit.path == Document.objects.get(pk=hit.document_id).path
    assert set(hit.scores) == {"bm25", "cosine", "coverage", "phrase", "sentence", "neighbour", "link"}
    assert set(retrieval.stages_ms) == {"embed", "search"}
    assert 0 <= retrieval.answerable <= 1
    assert UsageRecord.objects.get().trace_id == "3" * 32


@pytest.mark.parametrize("question", ["", " \n", "\0"])
def test_no_question_no_hits(question: str, shelves: tuple[Collection, Collection]) -> None:
    assert retrieve(question, collections=[shelves[0].pk]).hits == ()


def test_no_collections_no_hits(shelves: tuple[Collection, Collection]) -> None:
    retrieval = retrieve("vault", collections=[])

    assert (retrieval.hits, retrieval.answerable) == ((), 0.0)
    assert found("vault code") == []


@pytest.mark.parametrize(
    ("question", "hits"), [("vault " * 20_000, 1), ("😀" * 1000, 0), ("\ud800 vault", 1), ("a\0b vault", 1)]
)
def test_strange_questions_are_asked_like_any_other(
    question: str, hits: int, shelves: tuple[Collection, Collection]
) -> None:
    make_deployment()

    assert len(retrieve(question, collections=[shelves[0].pk]).hits) == hits
