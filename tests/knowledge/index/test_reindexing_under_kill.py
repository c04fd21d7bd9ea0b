"""Whoever reads while a document is indexed anew, or deleted, sees one version of it whole, however the writer dies."""

import random
import time
from pathlib import Path

import pytest

from knowledge.index import reconciling, removing
from knowledge.models import Chunk, Collection, Document
from knowledge.retrieval.search import retrieve
from tests.harness import kills as chaos
from tests.harness import processes
from tests.harness.kills import Readers, reindex, text
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shelf(tmp_path: Path, transactional_db: None) -> Collection:
    make_deployment()
    shelf = make_collection("Handbook")
    (outcome,) = make_indexed(shelf, make_file(tmp_path, "handbook.md", text(0)))
    assert outcome.chunks == chaos.SECTIONS[0]
    return shelf


def stressed(shelf: Collection, file: Path, *, readers: int, rounds: int, kills: int) -> None:
    seed = time.time_ns() % 2**32
    with Readers(shelf.pk, readers) as reading:
        tally = reindex(file, shelf.name, rounds=rounds, kills=kills, chance=random.Random(seed))  # noqa: S311
    version = Document.objects.get().live_version
    chaos.say(
        f"{readers} readers, {reading.reads:,} reads; {rounds} re-indexes, {tally.killed} of them killed; seed {seed}"
    )
    assert reading.faults == []
    assert reading.reads > rounds * readers / 4
    assert version is not None
    assert version.number > tally.finished
    assert [finding for finding in reconciling.reconcile() if finding.count] == []


def test_readers_see_one_version_while_writers_die(shelf: Collection, tmp_path: Path) -> None:
    stressed(shelf, tmp_path / "handbook.md", readers=4, rounds=4, kills=2)


@pytest.mark.chaos
def test_twenty_readers_see_one_version_through_a_hundred_indexings(shelf: Collection, tmp_path: Path) -> None:
    stressed(shelf, tmp_path / "handbook.md", readers=20, rounds=100, kills=50)


def delete_while_indexed(shelf: Collection, folder: Path, seconds: float) -> None:
    make_file(folder, "new.md", text(1))
    process = processes.start("ingest", str(folder / "new.md"), "--collection", shelf.name)
    deadline = time.monotonic() + 30
    while not Document.objects.filter(path__endswith="new.md").exists():
        assert time.monotonic() < deadline, "nothing is being indexed"
        time.sleep(0.002)
    time.sleep(seconds)
    assert removing.remove(str(folder / "new.md"))
    while process.poll() is None:
        assert not Chunk.objects.filter(text__contains="basalt").exists()
        assert not any("basalt" in hit.text for hit in retrieve("basalt rules", collections=[shelf.pk]).hits)
    assert not Chunk.objects.filter(text__contains="basalt").exists()


def test_a_document_deleted_while_it_is_indexed_stays_deleted(shelf: Collection, tmp_path: Path) -> None:
    for seconds in (0.0, 0.2):
        delete_while_indexed(shelf, tmp_path, seconds)


@pytest.mark.chaos
def test_a_document_deleted_at_any_moment_of_its_indexing_stays_deleted(shelf: Collection, tmp_path: Path) -> None:
    for number in range(20):
        delete_while_indexed(shelf, tmp_path, number * 0.05)
