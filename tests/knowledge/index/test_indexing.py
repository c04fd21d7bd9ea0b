"""Documents go live whole or not at all, and what is unchanged costs nothing."""

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
from django.db import connection

from knowledge.index import removing
from knowledge.index.collections import CollectionError, collection_for
from knowledge.models import Chunk, ChunkVector, Collection, Document, DocumentVersion, Visibility
from knowledge.originals.folders import files
from knowledge.retrieval import search
from llm.models import UsageRecord
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.harness import processes
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db


@pytest.fixture
def shelf(db: None) -> Collection:
    make_deployment()
    return make_collection()


def texts(shelf: Collection, question: str = "refund") -> list[str]:
    return [hit.text for hit in search.retrieve(question, collections=[shelf.pk]).hits]


def final_rows() -> list[tuple[object, ...]]:
    """What an index holds, without ids and times."""
    chunks = Chunk.objects.order_by("document__path", "ordinal")
    return list(
        chunks.values_list("document__path", "document__state", "ordinal", "heading", "text", "version__number")
    )


def test_document_is_found_with_its_title_heading_and_path(shelf: Collection, tmp_path: Path) -> None:
    file = make_file(tmp_path, "help/refund-policy.md", "# Refunds\n\n## Annual plans\n\nThirty days.")
    (outcome,) = make_indexed(shelf, file)
    assert (outcome.path, outcome.state, outcome.reason, outcome.chunks) == (
        "help/refund-policy.md",
        "indexed",
        None,
        1,
    )
    (hit,) = search.retrieve("annual refund", collections=[shelf.pk]).hits
    assert (hit.title, hit.heading, hit.path) == ("Refunds", "Refunds > Annual plans", "help/refund-policy.md")


def test_document_without_a_title_is_called_after_its_file(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "refund_policy-eu.txt", "Thirty days."))
    assert Document.objects.get().title == "Refund policy eu"


def test_unchanged_file_is_neither_embedded_nor_written_again(shelf: Collection, tmp_path: Path) -> None:
    file = make_file(tmp_path, "a.md", "Refunds take thirty days.")
    make_indexed(shelf, file)
    before = (UsageRecord.objects.count(), DocumentVersion.objects.get().pk, Document.objects.get().updated_at)
    (outcome,) = make_indexed(shelf, file)
    assert (outcome.state, outcome.chunks) == ("unchanged", 1)
    after = (UsageRecord.objects.count(), DocumentVersion.objects.get().pk, Document.objects.get().updated_at)
    assert after == before


def test_new_version_takes_the_place_of_the_old(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "a.md", "A refund takes thirty days."))
    make_indexed(shelf, make_file(tmp_path, "a.md", "A refund takes sixty days."))
    assert texts(shelf) == ["A refund takes sixty days."]
    live = Document.objects.get().live_version
    assert live is not None
    assert live.number == 2
    assert ChunkVector.objects.count() == 1


def test_failed_version_says_why_and_leaves_the_old_one_answering(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "a.md", "A refund takes thirty days."))
    (outcome,) = make_indexed(shelf, make_file(tmp_path, "a.md", b""))
    document = Document.objects.get()
    assert (outcome.state, outcome.reason, outcome.chunks) == ("failed", "The file is empty.", 1)
    assert (document.state, document.reason) == ("failed", "The file is empty.")
    assert texts(shelf) == ["A refund takes thirty days."]


def test_going_back_to_the_live_version_clears_the_failure_at_no_cost(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "a.md", "A refund takes thirty days."))
    make_indexed(shelf, make_file(tmp_path, "a.md", b""))
    (outcome,) = make_indexed(shelf, make_file(tmp_path, "a.md", "A refund takes thirty days."))
    document = Document.objects.get()
    assert (outcome.state, document.state, document.reason) == ("unchanged", "indexed", "")


def test_bad_file_fails_alone(shelf: Collection, tmp_path: Path) -> None:
    three = [
        make_file(tmp_path, "a.md", "One."),
        make_file(tmp_path, "b.pdf", "no"),
        make_file(tmp_path, "c.md", "Two."),
    ]
    assert [outcome.state for outcome in make_indexed(shelf, *three)] == ["indexed", "failed", "indexed"]


def test_failing_embedding_model_fails_the_row_with_a_sentence(
    shelf: Collection, tmp_path: Path, fake_providers: FakeProviders
) -> None:
    fake_providers.script(Refusal(401))
    make_deployment(
        provider="openai", model="text-embedding-3-small", dimensions=1536, base_url=fake_providers.openai_url
    )
    (outcome,) = make_indexed(shelf, make_file(tmp_path, "a.md", "One."))
    assert outcome.state == "failed"
    assert "key" in str(outcome.reason)
    assert Document.objects.get().reason == outcome.reason


def test_new_embedding_model_embeds_unchanged_files_again(shelf: Collection, tmp_path: Path) -> None:
    file = make_file(tmp_path, "a.md", "A refund takes thirty days.")
    make_indexed(shelf, file)
    ChunkVector.objects.update(space="an/older/model")
    (outcome,) = make_indexed(shelf, file)
    assert outcome.state == "indexed"
    assert set(ChunkVector.objects.values_list("space", flat=True)) == {"local/all-MiniLM-L6-v2/384"}


def test_documents_of_stop_words_or_emoji_are_indexed_too(shelf: Collection, tmp_path: Path) -> None:
    contents = {"a.md": "Same.", "b.md": "🎉🎉", "c.md": "Same as before."}
    outcomes = make_indexed(shelf, *(make_file(tmp_path, name, text) for name, text in contents.items()))
    assert [outcome.state for outcome in outcomes] == ["indexed"] * 3


def test_same_bytes_under_two_names_are_two_documents(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "a.md", "Same."), make_file(tmp_path, "b.md", "Same."))
    assert Document.objects.count() == 2


def test_removed_document_is_gone_from_retrieval(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "help/a.md", "A refund takes thirty days."))
    assert removing.remove("nothing.md") == []
    (removed,) = removing.remove("help/a.md")
    assert removed.path == "help/a.md"
    assert texts(shelf) == []
    assert Chunk.objects.count() == ChunkVector.objects.count() == DocumentVersion.objects.count() == 0


def test_folder_address_and_place_on_the_disk_name_documents_too(shelf: Collection, tmp_path: Path) -> None:
    three = [make_file(tmp_path, name, "Text.") for name in ("x/a.md", "x/b.md", "xy/c.md")]
    make_indexed(shelf, *three)
    assert [document.path for document in removing.remove(str(tmp_path / "x"))] == ["x/a.md", "x/b.md"]
    assert [document.path for document in removing.remove(str(three[2].place))] == ["xy/c.md"]


def test_collections_are_made_on_demand_and_never_change_their_audience(db: None) -> None:
    assert collection_for("", None).name == "Public"
    assert collection_for("", Visibility.INTERNAL).visibility == "internal"
    assert collection_for("HR", Visibility.INTERNAL).visibility == "internal"
    assert collection_for("HR", None).visibility == "internal"
    with pytest.raises(CollectionError, match=r"'HR' is internal; for public documents name another one"):
        collection_for("HR", Visibility.PUBLIC)


@pytest.mark.parametrize("name", ["C\udcff", "C\x1b[31m", "C\n", "\u202eC"])
def test_name_of_a_collection_is_plain_text(db: None, name: str) -> None:
    with pytest.raises(CollectionError, match="text of one line"):
        collection_for(name, None)
    assert not Collection.objects.exists()


def start_ingest(folder: Path, said: int = subprocess.DEVNULL) -> "subprocess.Popen[bytes]":
    return processes.start("ingest", str(folder), said=said)


@pytest.mark.django_db(transaction=True)
def test_killed_ingest_run_again_ends_as_if_never_killed(tmp_path: Path) -> None:
    make_deployment()
    for number in range(8):
        make_file(tmp_path, f"{number}.md", f"# Article {number}\n\n" + f"Refund {number} takes long. " * 60)
    for wanted in (1, 5):
        process = start_ingest(tmp_path)
        deadline = time.monotonic() + 30
        while Document.objects.filter(state="indexed").count() < wanted and time.monotonic() < deadline:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.wait()
        for document in Document.objects.select_related("live_version"):
            live = document.live_version
            assert document.chunks.filter(version=live).count() == (live.chunk_count if live else 0)
    make_indexed(Collection.objects.get(), *files(str(tmp_path)).originals)
    survived = final_rows()
    assert {(row[1], row[5]) for row in survived} == {("indexed", 1)}
    Document.objects.all().delete()
    make_indexed(Collection.objects.get(), *files(str(tmp_path)).originals)
    assert final_rows() == survived


@pytest.mark.django_db(transaction=True)
def test_interrupted_ingest_ends_without_a_word_and_leaves_no_process(tmp_path: Path) -> None:
    make_deployment()
    make_file(tmp_path, "a.md", "One.")
    make_file(tmp_path, "b.md", b"# " + b"[" * 1_000_000)  # takes long
    with start_ingest(tmp_path, subprocess.PIPE) as process:
        deadline = time.monotonic() + 30
        while not Document.objects.filter(path="b.md").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        (child,) = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=20) == (b"", b"")
    assert process.returncode == 130
    assert not child.is_running()


def test_a_path_that_several_files_share_removes_none_of_them(shelf: Collection, tmp_path: Path) -> None:
    one = make_file(tmp_path / "one", "a.md", "# One\n\nThe first of two files of the same name.\n")
    two = make_file(tmp_path / "two", "a.md", "# Two\n\nThe second of two files of the same name.\n")
    make_indexed(shelf, one, two)
    with pytest.raises(removing.AmbiguousNameError, match=r"one/a\.md, .*two/a\.md"):
        removing.remove("a.md")
    assert Document.objects.count() == 2
    assert len(removing.remove(str(one.place))) == 1


def test_only_changed_passages_are_embedded_and_the_version_says_how_many(shelf: Collection, tmp_path: Path) -> None:
    parts = [f"## Part {number}\n\n{'Words that fill a passage of their own. ' * 8}" for number in range(4)]
    make_indexed(shelf, make_file(tmp_path, "a.md", "\n\n".join(["# Guide", *parts])))
    tokens = UsageRecord.objects.get().input_tokens
    parts[2] = f"## Part 2\n\n{'Other words that fill a passage of their own. ' * 8}"
    (outcome,) = make_indexed(shelf, make_file(tmp_path, "a.md", "\n\n".join(["# Guide", *parts])))
    live = Document.objects.get().live_version
    assert live is not None
    assert (outcome.version, live.chunk_count, live.added_chunks, live.removed_chunks) == (2, 4, 1, 1)
    assert UsageRecord.objects.latest("id").input_tokens < tokens / 2


def test_the_same_text_elsewhere_has_the_same_vectors_at_no_cost(shelf: Collection, tmp_path: Path) -> None:
    make_indexed(shelf, make_file(tmp_path, "a.md", "# Refunds\n\nThirty days. No more. Not a day."))
    make_indexed(shelf, make_file(tmp_path, "b.md", "# Refunds\n\nThirty days. No more. Not a day."))
    assert UsageRecord.objects.count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT (embedding, sentence_embeddings)), count(*) FROM knowledge_chunkvector")
        assert cursor.fetchone() == (1, 2)


def test_other_bytes_that_say_the_same_make_no_new_version(shelf: Collection, tmp_path: Path) -> None:
    page = "<html><head><meta name='token' content='{}'></head><body><h1>Refunds</h1><p>Thirty days.</p></body></html>"
    make_indexed(shelf, make_file(tmp_path, "a.html", page.format(1)))
    (outcome,) = make_indexed(shelf, make_file(tmp_path, "a.html", page.format(2)))
    assert (outcome.state, outcome.version, DocumentVersion.objects.count()) == ("unchanged", 1, 1)
    (again,) = make_indexed(shelf, make_file(tmp_path, "a.html", page.format(2)))
    assert again.state == "unchanged"
    assert UsageRecord.objects.count() == 1
