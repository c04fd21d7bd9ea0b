"""A sync makes the documents of a source say what the source says, and writes down what changed.

A document goes live, or leaves, in a transaction of its own. Whatever interrupts a sync, the next attempt reads the
source again: what the first one did is unchanged then, and stays in the report.
"""

import logging
import time
from collections.abc import Callable
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from foundation import leases
from knowledge.index import indexing
from knowledge.index.document_rows import MAX_NAME
from knowledge.index.indexing import Indexed
from knowledge.models import (
    ChangeKind,
    Document,
    DocumentVersion,
    Source,
    Sync,
    SyncState,
)
from knowledge.originals.base import LeftOutError, OriginalError, OriginalGoneError
from knowledge.sources.listing import listing, next_time
from llm import client

log = logging.getLogger(__name__)

MOST_REASON = 1000  # characters, as the columns hold
WRITTEN_EVERY = 1.0  # seconds


def request(source: Source) -> Sync:
    """The sync of a source that waits or runs, a new one if there is none."""
    with transaction.atomic():
        Source.objects.select_for_update().get(pk=source.pk)
        on = source.syncs.filter(state__in=[SyncState.WAITING, SyncState.RUNNING]).first()
        return on or source.syncs.create(trace_id=client.new_trace_id())


def request_due(now: datetime) -> list[Sync]:
    """A sync for each source whose time has come; the next time is set by the same stroke."""
    requested = []
    for source in Source.objects.filter(next_sync_at__lte=now):
        later = next_time(source.schedule, now)
        if Source.objects.filter(pk=source.pk, next_sync_at=source.next_sync_at).update(next_sync_at=later):
            requested.append(request(source))
    return requested


def give_up() -> int:
    """End the syncs that were tried as often as may be and never finished; returns how many."""
    return leases.abandoned(Sync).filter(attempts__gte=leases.MOST_ATTEMPTS).update(
        state=SyncState.FAILED,
        reason=f"The sync was stopped {leases.MOST_ATTEMPTS} times before it was done.",
        finished_at=timezone.now(),
    )  # fmt: skip


OnProgress = Callable[[int, int], object]
"""Called with the documents done and the documents in all, 0 while that is not known."""


def run(sync_id: int, on_progress: OnProgress = lambda _done, _total: None) -> Sync | None:
    """Do a sync that waits, or whose worker died; None when there is nothing to do. May be called again and again."""
    sync = leases.claim(Sync, sync_id)
    if sync is None:
        return None
    with leases.renewed(sync) as lease, leases.freed_on_error(sync):
        try:
            reason = _run(sync, lease, on_progress)
            state = SyncState.DONE
        except OriginalError as error:
            reason, state = str(error), SyncState.FAILED
        except leases.LeaseLostError:
            log.warning("Sync %s was taken over by another process", sync.pk)
            return None
        sync.mine().update(state=state, reason=reason[:MOST_REASON], lease_until=None, finished_at=timezone.now())
    sync.refresh_from_db()
    return sync


def _run(sync: Sync, lease: leases.Lease, on_progress: OnProgress) -> str:
    """Index what the source holds, remove what it held; returns what is to be said of it.

    Raises OriginalError and LeaseLostError.
    """
    source = sync.source
    Source.objects.filter(pk=source.pk).update(next_sync_at=next_time(source.schedule, timezone.now()))
    held = listing(source)
    Sync.objects.filter(pk=sync.pk).update(documents_total=held.total, documents_done=0, unchanged=0)
    seen: set[int] = set()
    progress = _Progress(sync)
    for outcome in indexing.add(held.originals, source.collection, source=source, trace_id=sync.trace_id):
        lease.check()
        _note(sync, outcome)
        progress.add(outcome)
        on_progress(progress.done, held.total)
        if outcome.document is not None and not isinstance(outcome.error, OriginalGoneError):
            seen.add(outcome.document.pk)
    progress.write()
    _note_interrupted(sync)
    gone = Document.objects.filter(source=source).exclude(pk__in=seen)
    if held.missed:
        return (
            f"Nothing was taken out, as {len(held.missed)} of the places where documents are could not be looked at,"
            f" such as {held.missed[0]}."
        )
    if not seen and gone.exists():
        raise OriginalError(
            "The source holds nothing any more. If that is meant, remove the source; its documents are kept for now."
        )
    for document in gone:
        lease.check()
        _remove(sync, document)
    return ""


def _note(sync: Sync, outcome: Indexed) -> None:
    """A line of the report for what changed."""
    document = outcome.document
    if outcome.state == "indexed":
        _change(sync, ChangeKind.ADDED if outcome.version == 1 else ChangeKind.CHANGED, outcome.path, document)
    elif outcome.state == "failed" and not _is_no_failure(outcome):
        _change(sync, ChangeKind.FAILED, outcome.path, document, outcome.reason or "")


def _is_no_failure(outcome: Indexed) -> bool:
    """Whether it is only gone, which the end of the sync sees to, or was never to be a document."""
    is_gone = outcome.document is not None and isinstance(outcome.error, OriginalGoneError)
    return is_gone or isinstance(outcome.error, LeftOutError)


class _Progress:
    """Counts what is done, and writes it to the row often enough for those who watch."""

    def __init__(self, sync: Sync) -> None:
        self.sync = sync
        self.done = self.unchanged = 0
        self.written_at = 0.0

    def add(self, outcome: Indexed) -> None:
        self.done += 1
        self.unchanged += outcome.state == "unchanged"
        if time.monotonic() - self.written_at > WRITTEN_EVERY:
            self.write()

    def write(self) -> None:
        Sync.objects.filter(pk=self.sync.pk).update(documents_done=self.done, unchanged=self.unchanged)
        self.written_at = time.monotonic()


def _note_interrupted(sync: Sync) -> None:
    """The lines that an earlier attempt did not come to write between a version and the next document."""
    versions = DocumentVersion.objects.filter(document__source=sync.source, created_at__gte=sync.started_at)
    noted = sync.changes.filter(kind__in=[ChangeKind.ADDED, ChangeKind.CHANGED]).values("document")
    for version in versions.exclude(document__in=noted).select_related("document"):
        kind = ChangeKind.ADDED if version.number == 1 else ChangeKind.CHANGED
        _change(sync, kind, version.document.path, version.document)


@transaction.atomic
def _remove(sync: Sync, document: Document) -> None:
    _change(sync, ChangeKind.REMOVED, document.path, None)
    document.delete()


def _change(sync: Sync, kind: ChangeKind, path: str, document: Document | None, reason: str = "") -> None:
    """Write a line; one that an earlier attempt wrote already is written over."""
    sync.changes.update_or_create(
        kind=kind, path=path[:MAX_NAME], defaults={"document": document, "reason": reason[:MOST_REASON]}
    )
