"""Which database a search reads: a streaming replica that is up and up to date, or else the primary.

A replica is up to date when it has replayed all that the primary had written REPLICA_LAG_SECONDS ago. The primary's own
log positions tell that: an idle primary makes no replica look late, and one that lost its connection is found out. What
this process learns of a replica is its own; it looks again every second, and at one that failed after a while.
"""

import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db import InterfaceError, OperationalError, connections

PRIMARY = "default"
CHECKED_EVERY = 1.0  # seconds
SKIPPED_FOR = 10.0  # seconds, after it failed or was found late
FAILURES = (OperationalError, InterfaceError)


@dataclass
class _Watch:
    """What this process knows: where the primary was when, and until when a replica is not asked."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    positions: deque[tuple[float, int]] = field(default_factory=deque)
    checked_at: dict[str, float] = field(default_factory=dict)
    skipped_until: dict[str, float] = field(default_factory=dict)
    turn: int = 0


_watch = _Watch()


def readers() -> Iterator[str]:
    """The databases to try, best first; the primary is the last, and always there."""
    names = [name for name in settings.DATABASES if name != PRIMARY]
    if names:
        with _watch.lock:
            _watch.turn += 1
            first = _watch.turn % len(names)
        yield from (name for name in names[first:] + names[:first] if _is_fit(name))
    yield PRIMARY


def skip(name: str) -> None:
    """Do not ask a replica for a while; its connection is closed, as it may be what is broken."""
    with _watch.lock:
        _watch.skipped_until[name] = time.monotonic() + SKIPPED_FOR
    connections[name].close()


def _is_fit(name: str) -> bool:
    now = time.monotonic()
    if now < _watch.skipped_until.get(name, 0):
        return False
    if now - _watch.checked_at.get(name, 0) < CHECKED_EVERY:
        return True
    try:
        wanted, is_from_then = _wanted_position(now)
        replayed = _position(name, "pg_last_wal_replay_lsn()")
    except FAILURES:
        skip(name)
        return False
    if replayed >= wanted:
        _watch.checked_at[name] = now
    elif is_from_then:
        skip(name)
    return replayed >= wanted


def _wanted_position(now: float) -> tuple[int, bool]:
    """What a replica must have replayed: where the primary was REPLICA_LAG_SECONDS ago, and True.

    After a time without questions nobody knows where it was; then where it is now, and False.
    """
    position = _position(PRIMARY, "pg_current_wal_lsn()")
    then = now - settings.REPLICA_LAG_SECONDS
    with _watch.lock:
        _watch.positions.append((now, position))
        while len(_watch.positions) > 1 and _watch.positions[1][0] <= then:
            _watch.positions.popleft()
        at, oldest = _watch.positions[0]
    is_from_then = then - 2 * CHECKED_EVERY <= at <= then
    return (oldest, True) if is_from_then else (position, False)


def _position(name: str, function: str) -> int:
    """Bytes of the log; of a server that never was a replica fewer than any."""
    with connections[name].cursor() as cursor:
        cursor.execute(f"SELECT ({function} - '0/0'::pg_lsn)::bigint")
        found = cursor.fetchone()[0]
        return -1 if found is None else int(found)
