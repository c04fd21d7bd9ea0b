"""A sync makes a collection say what its source says, and reports what changed."""

import signal
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from foundation import leases
from knowledge.index import removing
from knowledge.models import Chunk, Collection, Document, DocumentState, Source, SourceKind, Sync, SyncState
from knowledge.retrieval import search
from knowledge.sources import adding, listing, syncing
from knowledge.sources.adding import SourceInputError, Wanted
from tests.harness import processes
from tests.rows.make import make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path: Path, db: None) -> Path:
    make_deployment()
    place = tmp_path / "help"
    for name in ("refunds", "plans", "api/keys"):
        make_file(place, f"{name}.md", f"# All about {name}\n\nThe {name} are explained here.")
    return place


def add(folder: Path, **wanted: object) -> Source:
    return adding.add(Wanted(str(folder), SourceKind.FOLDER, **wanted))  # type: ignore[arg-type]


def synced(source: Source) -> Sync:
    done = syncing.run(syncing.request(source).pk)
    assert done is not None
    return done


def report(sync: Sync) -> list[tuple[str, str]]:
    return sorted(sync.changes.values_list("kind", "path"))


def found(question: str) -> set[str]:
    public = Collection.objects.public().values_list("pk", flat=True)
    return {hit.path for hit in search.retrieve(question, collections=public).hits}


def test_first_sync_adds_all_and_the_next_changes_nothing(folder: Path) -> None:
    source = add(folder)
    first, second = synced(source), synced(source)
    assert report(first) == [("added", "api/keys.md"), ("added", "plans.md"), ("added", "refunds.md")]
    assert (first.state, first.documents_done, first.documents_total) == (SyncState.DONE, 3, 3)
    assert (report(second), second.unchanged, second.usage().calls) == ([], 3, 0)


def test_report_says_what_was_added_changed_removed_and_failed_and_what_it_cost(folder: Path) -> None:
    source = add(folder)
    synced(source)
    make_file(folder, "plans.md", "# Plans\n\nThe plans have changed.")
    make_file(folder, "new.md", "# New\n\nA new page.")
    make_file(folder, "broken.pdf", b"%PDF-1.4 cut off")
    (folder / "refunds.md").unlink()
    sync = synced(source)
    assert report(sync) == [
        ("added", "new.md"),
        ("changed", "plans.md"),
        ("failed", "broken.pdf"),
        ("removed", "refunds.md"),
    ]
    assert sync.changes.get(kind="failed").reason == "The PDF is damaged or cut off."
    assert sync.usage().tokens > 0
    assert sync.usage().cost == 0
    assert sync.counts() == {"added": 1, "changed": 1, "removed": 1, "failed": 1, "unchanged": 1}


def test_what_vanished_leaves_retrieval(folder: Path) -> None:
    source = add(folder)
    synced(source)
    assert "refunds.md" in found("refunds")
    (folder / "refunds.md").unlink()
    synced(source)
    assert "refunds.md" not in found("refunds")
    assert not Chunk.objects.filter(text__contains="refunds").exists()


def test_a_file_that_can_no_longer_be_read_goes_on_answering(folder: Path) -> None:
    source = add(folder)
    synced(source)
    make_file(folder, "refunds.md", b"\0\1\2\3" * 100)
    assert report(synced(source)) == [("failed", "refunds.md")]
    assert "refunds.md" in found("refunds")
    assert Document.objects.get(path="refunds.md").state == DocumentState.FAILED


def test_a_folder_that_is_not_there_fails_and_takes_nothing_out(folder: Path) -> None:
    source = add(folder)
    synced(source)
    folder.rename(folder.with_name("elsewhere"))
    sync = synced(source)
    assert (sync.state, sync.reason) == (SyncState.FAILED, f"The folder {folder} is not there.")
    assert Document.objects.count() == 3


def test_an_empty_folder_is_taken_for_a_disk_that_is_missing(folder: Path) -> None:
    source = add(folder)
    synced(source)
    folder.rename(folder.with_name("elsewhere"))
    folder.mkdir()
    sync = synced(source)
    assert sync.state == SyncState.FAILED
    assert "holds nothing any more" in sync.reason
    assert Document.objects.count() == 3


def test_patterns_choose_the_files(folder: Path) -> None:
    synced(add(folder, include=["*.md"], exclude=["api/*"]))
    assert set(Document.objects.values_list("path", flat=True)) == {"plans.md", "refunds.md"}


def test_documents_added_by_hand_stay_beside_a_source(folder: Path, tmp_path: Path) -> None:
    source = add(folder)
    make_indexed(source.collection, make_file(tmp_path, "mine.md", "# Mine\n\nAdded by hand."))
    synced(source)
    assert Document.objects.get(path="mine.md").source is None
    source.delete()
    assert list(Document.objects.values_list("path", flat=True)) == ["mine.md"]


def test_a_document_that_was_removed_by_hand_comes_back_only_with_its_source(folder: Path) -> None:
    source = add(folder)
    synced(source)
    removing.remove(str(folder / "plans.md"))
    assert "plans.md" not in found("plans")
    assert report(synced(source)) == [("added", "plans.md")]


def test_one_sync_at_a_time(folder: Path) -> None:
    source = add(folder)
    first = syncing.request(source)
    assert syncing.request(source) == first
    assert leases.claim(Sync, first.pk) is not None
    assert syncing.run(first.pk) is None
    assert syncing.request(source) == first


def test_due_sources_are_requested_once_and_again_at_their_next_time(folder: Path) -> None:
    source = add(folder, schedule="0 3 * * *")
    by_hand = add(folder.parent, schedule="")
    now = timezone.now() + timedelta(seconds=1)
    assert [sync.source for sync in syncing.request_due(now)] == [source]
    assert syncing.request_due(now) == []
    source.refresh_from_db()
    assert source.next_sync_at == listing.next_time("0 3 * * *", now)
    assert by_hand.next_sync_at is None
    assert listing.next_time("0 3 * * *", datetime(2026, 11, 26, 4, tzinfo=UTC)) == datetime(
        2026, 11, 27, 3, tzinfo=UTC
    )


def test_a_sync_that_keeps_dying_ends_with_a_reason(folder: Path) -> None:
    sync = syncing.request(add(folder))
    Sync.objects.update(state=SyncState.RUNNING, attempts=leases.MOST_ATTEMPTS, lease_until=timezone.now())
    assert syncing.run(sync.pk) is None
    assert syncing.give_up() == 1
    sync.refresh_from_db()
    assert (sync.state, sync.reason) == (SyncState.FAILED, "The sync was stopped 5 times before it was done.")


@pytest.mark.parametrize(
    ("location", "kind", "sentence"),
    [
        ("  ", SourceKind.PAGES, "A source is a folder or an address."),
        ("/nowhere/at/all", SourceKind.FOLDER, "There is no folder /nowhere/at/all."),
        ("ftp://example.com", SourceKind.PAGES, "ftp://example.com: This is not an http or https address."),
    ],
)
def test_what_is_no_source_is_refused_with_a_sentence(db: None, location: str, kind: SourceKind, sentence: str) -> None:
    with pytest.raises(SourceInputError, match=sentence.replace(".", r"\.")):
        adding.add(Wanted(location, kind))
    assert not Source.objects.exists()


def test_a_schedule_that_is_none_is_refused(folder: Path) -> None:
    with pytest.raises(SourceInputError, match="is no schedule"):
        add(folder, schedule="every night")


@pytest.mark.django_db(transaction=True)
def test_a_killed_sync_is_finished_by_the_next_and_its_report_is_whole(folder: Path, tmp_path: Path) -> None:
    for number in range(25):
        make_file(folder, f"page{number}.md", f"# Page {number}\n\n{'Some words to embed. ' * 40}")
    sync = syncing.request(add(folder))
    child = processes.start("source", "sync", str(sync.source_id))
    _wait_for_documents(5)
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert syncing.run(sync.pk) is None, "its lease is still on"
    Sync.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    done = syncing.run(sync.pk)
    assert done is not None
    assert (done.state, done.attempts) == (SyncState.DONE, 2)
    assert done.counts()["added"] == Document.objects.count() == 28
    assert Chunk.objects.values("content_hash").distinct().count() == Chunk.objects.count()


def _wait_for_documents(count: int) -> None:
    deadline = time.monotonic() + 30
    while Document.objects.filter(state=DocumentState.INDEXED).count() < count:
        assert time.monotonic() < deadline, "the sync indexes nothing"
        threading.Event().wait(0.02)
