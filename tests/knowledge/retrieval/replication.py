"""Two PostgreSQL servers, one following the other, and searches meanwhile.

`python -m tests.knowledge.retrieval.replication FOLDER` prints what happened as JSON.
A program of its own, as Django reads its databases once.
"""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg

from config import postgres

WAIT_SECONDS = 30


def main(folder: Path) -> None:
    with ExitStack() as stack:
        primary = stack.enter_context(postgres.running(folder / "one"))
        _copy(folder / "one", folder / "two", primary)
        replica = stack.enter_context(postgres.running(folder / "two"))
        os.environ |= {
            "DATABASE_URL": primary,
            "DATABASE_REPLICA_URLS": replica,
            "REPLICA_LAG_SECONDS": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": "only-for-tests",
        }
        import django  # noqa: PLC0415  the environment above comes first

        django.setup()
        from tests.knowledge.retrieval.replicated_searches import Searches  # noqa: PLC0415

        found = _observed(Searches(folder), folder, replica)
    sys.stdout.write(json.dumps(found))


def _observed(searches: Any, folder: Path, replica: str) -> dict[str, Any]:
    """Each step and what was seen in it: which servers answered, what failed, what was found."""
    searches.fill()
    _until(lambda: searches.seen("refunds", "replica1") > 0)
    searches.forget_failures()
    on_replica = _until(lambda: _answered_by("replica1", searches.load(0.3)))  # on a busy machine it is late at first
    seen: dict[str, Any] = {"both": on_replica}
    with psycopg.connect(replica, autocommit=True) as server:
        server.execute("SELECT pg_wal_replay_pause()")
        searches.write("late")
        searches.remove("plans")
        seen["removed_is_found"] = searches.finds("plans")
        seen["late"] = _until(lambda: _answered_by("default", searches.load(0.3)))  # a lag is noticed in a while
        seen["late_is_found"] = searches.finds("late")
        server.execute("SELECT pg_wal_replay_resume()")
    searches.forget_failures()
    _until(lambda: searches.load(0.2)["answered"].get("replica1", 0) > 0)
    killer = threading.Timer(0.5, _kill, [folder / "two"])
    killer.start()
    seen["killed"] = searches.load(1.3)
    killer.join()
    _forget_socket(folder / "two" / f"postgres-{postgres.MAJOR_VERSION}")  # until a killed process is reaped, it counts
    with postgres.running(folder / "two"):
        searches.forget_failures()
        seen["back"] = _until(lambda: _answered_by("replica1", searches.load(0.3)))
    return seen


def _copy(one: Path, two: Path, url: str) -> None:
    """A base backup of the primary that follows it from then on."""
    two.mkdir()
    target = postgres._locate(two)
    postgres._run(target, "pg_basebackup", "-D", target.data, "-R", "-X", "stream", "-c", "fast", "-d", url)
    _forget_socket(target.data)  # that of the primary


def _forget_socket(data: Path) -> None:
    for left in data.glob(".s.PGSQL.*"):
        left.unlink()


def _kill(home: Path) -> None:
    pid = int((home / f"postgres-{postgres.MAJOR_VERSION}" / "postmaster.pid").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)


def _answered_by(server: str, seen: dict[str, Any]) -> dict[str, Any] | None:
    """What was seen, if that server answered all of it."""
    return seen if seen["answered"].keys() == {server} else None


def _until(found: Callable[[], Any]) -> Any:
    """What it finds at last. Raises TimeoutError."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (value := found()):
        if time.monotonic() > deadline:
            raise TimeoutError
        time.sleep(0.1)
    return value


if __name__ == "__main__":
    main(Path(sys.argv[1]))
