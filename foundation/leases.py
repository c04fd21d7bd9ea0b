"""Who works on a row: a claim that runs out by itself when the worker dies.

The row is the state. A job is claimed by one conditional UPDATE, which counts the attempt before anything is done; a
thread renews the lease while the work goes on. A row whose lease has passed may be claimed by the next worker.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

from django.db import connection, models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Now

LEASE = timedelta(seconds=120)
RENEWED_EVERY = 30.0  # seconds
MOST_ATTEMPTS = 5

Row = TypeVar("Row", bound=models.Model)


def claim(kind: type[Row], pk: int) -> Row | None:
    """The row, now in state "running" and ours for LEASE; None when it is over, or somebody else has it.

    `kind` has the fields state, attempts, lease_until, started_at.
    """
    free = Q(state="waiting") | Q(state="running", lease_until__lt=Now())
    claimed = kind._default_manager.filter(free, pk=pk, attempts__lt=MOST_ATTEMPTS).update(
        state="running",
        attempts=F("attempts") + 1,
        lease_until=Now() + LEASE,
        started_at=Coalesce("started_at", Now()),
    )
    return kind._default_manager.get(pk=pk) if claimed else None


def abandoned(kind: type[Row]) -> models.QuerySet[Row]:
    """Rows that nobody works on: still waiting, or running with a lease that has passed."""
    return kind._default_manager.filter(Q(state="waiting") | Q(state="running", lease_until__lt=Now()))


@contextmanager
def renewed(row: models.Model) -> Iterator[None]:
    """Keep the lease of a claimed row while the block runs. Not to be used inside a transaction."""
    is_over = threading.Event()
    thread = threading.Thread(target=_renew, args=(row, is_over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _renew(row: models.Model, is_over: threading.Event) -> None:
    mine = type(row)._default_manager.filter(pk=row.pk, attempts=getattr(row, "attempts", 0), state="running")
    try:
        while not is_over.wait(RENEWED_EVERY):
            mine.update(lease_until=Now() + LEASE)
    finally:
        connection.close()  # this thread's own
