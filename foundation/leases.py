"""Who works on a row: a claim that runs out by itself when the worker dies.

The row is the state. A job is claimed by one conditional UPDATE, which counts the attempt before anything is done; a
thread renews the lease while the work goes on. A row whose lease has passed may be claimed by the next worker, and the
one before is told that it has lost it.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Self, TypeVar

from django.db import DatabaseError, connection, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

LEASE = timedelta(seconds=120)
RENEWED_EVERY = 30.0  # seconds
MOST_ATTEMPTS = 5

WAITING, RUNNING = "waiting", "running"

log = logging.getLogger(__name__)


class LeaseLostError(RuntimeError):
    """The row is over, or somebody else has it by now; whoever had it before is to leave it alone."""

    def __init__(self) -> None:
        super().__init__("Somebody else works on this by now.")


class Leased(models.Model):
    """A row that waits, runs, is held for a time, and may be tried again. What it may be besides is for it to say."""

    state = models.CharField(max_length=10, default=WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    def mine(self) -> models.QuerySet[Self]:
        """The row while this claim holds; nothing once somebody else has claimed it, or it is over."""
        return type(self)._default_manager.filter(pk=self.pk, state=RUNNING, attempts=self.attempts)

    def give_back(self, **changes: object) -> bool:
        """Let it wait for the next attempt; False when it was lost already."""
        return bool(self.mine().update(state=WAITING, lease_until=None, **changes))


Row = TypeVar("Row", bound=Leased)


class Lease:
    """A claim that is being renewed."""

    def __init__(self) -> None:
        self._is_lost = threading.Event()

    def lose(self) -> None:
        self._is_lost.set()

    def check(self) -> None:
        """To be called between the steps of the work. Raises LeaseLostError."""
        if self._is_lost.is_set():
            raise LeaseLostError


def claim(kind: type[Row], pk: int) -> Row | None:
    """The row, running and ours for LEASE; None when it is over, or somebody else has it."""
    free = Q(state=WAITING) | Q(state=RUNNING, lease_until__lt=Now())
    claimed = kind._default_manager.filter(free, pk=pk, attempts__lt=MOST_ATTEMPTS).update(
        state=RUNNING,
        attempts=F("attempts") + 1,
        lease_until=Now() + LEASE,
        started_at=Coalesce("started_at", Now()),
    )
    return kind._default_manager.get(pk=pk) if claimed else None


def abandoned(kind: type[Row]) -> models.QuerySet[Row]:
    """Rows that nobody works on: still waiting, or running with a lease that has passed."""
    return kind._default_manager.filter(Q(state=WAITING) | Q(state=RUNNING, lease_until__lt=Now()))


@contextmanager
def renewed(row: Leased) -> Iterator[Lease]:
    """Keep the lease of a claimed row while the block runs. Not to be used inside a transaction."""
    lease, is_over = Lease(), threading.Event()
    thread = threading.Thread(target=_renew, args=(row, lease, is_over), daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        is_over.set()
        thread.join()


@contextmanager
def freed_on_error(row: Leased) -> Iterator[None]:
    """After an error of ours a claimed row waits again, for the next attempt."""
    try:
        yield
    except BaseException:
        row.give_back()
        raise


def _renew(row: Leased, lease: Lease, is_over: threading.Event) -> None:
    try:
        while not is_over.wait(RENEWED_EVERY):
            if not _is_renewed(row):
                lease.lose()
                return
    finally:
        connection.close()  # this thread's own


def _is_renewed(row: Leased) -> bool:
    """False once it is lost. While the database is out of reach nobody else can claim it either."""
    try:
        return bool(row.mine().update(lease_until=Now() + LEASE))
    except DatabaseError as error:
        log.warning("The lease of %s could not be renewed: %s", row, str(error).strip())
        connection.close()
        return True
