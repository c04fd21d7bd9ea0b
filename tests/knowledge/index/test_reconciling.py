"""Whatever a hand in the database did to the index is found and put right."""

import os
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ, Schedule
from django_q.scheduler import scheduler
from pytest_django.fixtures import Settings

from foundation import leases
from knowledge import tasks
from knowledge.index import reconciling, removing
from knowledge.models import (
    Chunk,
    ChunkVector,
    CollectionStatistics,
    Document,
    DocumentState,
    DocumentVersion,
    SourceKind,
    Sync,
    SyncState,
    TermStatistics,
)
from knowledge.retrieval import search
from knowledge.sources import adding, syncing
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    make_deployment()
    for name in ("refunds", "plans"):
        make_file(tmp_path, f"{name}.md", f"# All about {name}\n\nThe {name} are explained here.")
    return tmp_path


def found() -> dict[str, int]:
    return {finding.name: finding.count for finding in reconciling.reconcile() if finding.count}


def execute(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


def statistics() -> tuple[list[object], list[object]]:
    terms = TermStatistics.objects.order_by("term").values_list("collection", "term", "chunk_count")
    return list(terms), list(CollectionStatistics.objects.values_list("collection", "chunk_count", "total_length"))


def test_an_index_written_by_the_product_is_whole(folder: Path) -> None:
    shelf = make_collection()
    make_indexed(shelf, *(make_file(folder, f"{n}.md", f"# N{n}\n\nText {n}.") for n in range(5)))
    make_indexed(shelf, make_file(folder, "1.md", "# N1\n\nAnother text."))
    removing.remove(str(folder / "2.md"))
    assert found() == {}


def test_nothing_of_a_removed_document_is_left(folder: Path) -> None:
    shelf = make_collection()
    make_indexed(shelf, make_file(folder, "a.md", "# Refunds\n\nThirty days."))
    removing.remove(str(folder / "a.md"))
    left = [kind.objects.count() for kind in (Document, DocumentVersion, Chunk, ChunkVector, TermStatistics)]
    assert left == [0] * 5
    assert search.retrieve("refunds", collections=[shelf.pk]).hits == ()
    assert found() == {}


def test_passages_of_a_superseded_version_are_taken_out(folder: Path) -> None:
    make_indexed(make_collection(), make_file(folder, "a.md", "# Refunds\n\nThirty days."))
    document = Document.objects.get()
    document.live_version = DocumentVersion.objects.create(
        document=document, number=2, fingerprint="x", byte_count=1, chunk_count=0
    )
    document.save()
    assert found()["passages of superseded versions"] == 1
    assert not Chunk.objects.exists()
    assert found() == {}


def test_a_document_that_lacks_passages_is_named_and_read_anew(folder: Path) -> None:
    shelf, file = make_collection(), make_file(folder, "a.md", "# Refunds\n\nThirty days.")
    make_indexed(shelf, file)
    Chunk.objects.all().delete()
    assert found() == {"documents that lack passages or vectors": 1}
    assert found() == {}
    document = Document.objects.get()
    assert (document.state, "ingest it again" in document.reason) == (DocumentState.FAILED, True)
    (outcome,) = make_indexed(shelf, file)
    assert (outcome.state, Chunk.objects.count()) == ("indexed", 1)
    ChunkVector.objects.all().delete()
    assert found() == {"documents that lack passages or vectors": 1}


def test_a_document_that_was_begun_and_left_is_said_to_have_failed(folder: Path) -> None:
    make_indexed(make_collection(), make_file(folder, "a.md", "# Refunds\n\nThirty days."))
    Document.objects.update(state=DocumentState.PENDING)
    assert found() == {}
    Document.objects.update(updated_at=timezone.now() - timedelta(days=2))
    assert found() == {"documents whose indexing was interrupted": 1}
    assert Document.objects.get().state == DocumentState.FAILED


def test_vectors_of_models_nobody_uses_go(folder: Path) -> None:
    make_indexed(make_collection(), make_file(folder, "a.md", "# Refunds\n\nThirty days."))
    chunk = Chunk.objects.get()
    ChunkVector.objects.create(chunk=chunk, collection=chunk.collection, space="gone/model/2", embedding=[1, 0])
    assert found() == {"vectors of models that are used no more": 1}
    assert ChunkVector.objects.count() == 1


def test_what_killed_downloads_left_is_deleted(folder: Path, settings: Settings) -> None:
    settings.PARLEY_HOME = folder / "home"
    old, young = (settings.PARLEY_HOME / "git" / "abc" / name for name in ("tmpold", "tmpyoung"))
    for place in (old, young):
        place.mkdir(parents=True)
    os.utime(old, (0, 0))
    assert found() == {"leftovers of interrupted downloads": 1}
    assert (old.exists(), young.exists()) == (False, True)


def test_the_command_says_what_is_left_to_do_by_its_exit_status(folder: Path) -> None:
    said = StringIO()
    call_command("reconcile", stdout=said)
    assert "The index is what the documents say." in said.getvalue()
    make_indexed(make_collection(), make_file(folder, "a.md", "# Refunds\n\nThirty days."))
    Chunk.objects.all().delete()
    with pytest.raises(SystemExit):
        call_command("reconcile", stdout=said)
    assert "1 document to be ingested again" in said.getvalue()


def test_wrong_statistics_are_counted_again(folder: Path) -> None:
    make_indexed(make_collection(), make_file(folder, "a.md", "# Refunds\n\nThirty days of refunds."))
    right = statistics()
    table = "knowledge_termstatistics"
    execute("UPDATE knowledge_languagestatistics SET chunk_count = 5")
    execute("UPDATE knowledge_collectionstatistics SET chunk_count = 7, total_length = 1")
    execute(f"UPDATE {table} SET chunk_count = 9 WHERE term = (SELECT min(term) FROM {table})")
    execute(f"DELETE FROM {table} WHERE term = (SELECT max(term) FROM {table})")
    execute(
        f"INSERT INTO {table} (collection_id, term, lexeme, chunk_count) SELECT id, 1, 'x', 1 FROM knowledge_collection"
    )
    assert found() == {"collections counted wrongly": 1, "languages counted wrongly": 1, "terms counted wrongly": 3}
    assert statistics() == right


def test_jobs_that_come_again_are_scheduled_once(db: None) -> None:
    tasks.schedule()
    tasks.schedule()
    assert set(Schedule.objects.values_list("func", flat=True)) == {"knowledge.tasks.tick", "knowledge.tasks.reconcile"}


@pytest.mark.django_db(transaction=True)  # the scheduler closes the connection
def test_reconciling_may_take_longer_than_other_jobs() -> None:
    tasks.schedule()
    scheduler()
    queued = {entry.task["func"]: entry.task.get("timeout") for entry in OrmQ.objects.all()}
    assert queued == {"knowledge.tasks.tick": None, "knowledge.tasks.reconcile": configured.LONGEST_JOB_SECONDS}


def test_the_tick_queues_what_is_due_and_the_job_does_it(folder: Path) -> None:
    source = adding.add(adding.Wanted(str(folder), SourceKind.FOLDER))
    tasks.tick()
    tasks.tick()
    queued = OrmQ.objects.get().task
    assert (queued["func"], queued["args"]) == ("knowledge.tasks.sync", (source.syncs.get().pk,))
    tasks.sync(source.syncs.get().pk)
    tasks.sync(source.syncs.get().pk)
    assert (source.syncs.get().state, source.syncs.get().attempts) == (SyncState.DONE, 1)


def test_the_tick_queues_again_what_a_dead_worker_left(folder: Path) -> None:
    sync = syncing.request(adding.add(adding.Wanted(str(folder), SourceKind.FOLDER, schedule="")))
    assert leases.claim(Sync, sync.pk)
    tasks.tick()
    assert not OrmQ.objects.exists()
    Sync.objects.update(lease_until="2026-01-01T00:00Z", created_at="2026-01-01T00:00Z")
    tasks.tick()
    assert OrmQ.objects.get().task["args"] == (sync.pk,)
