"""Few database connections shared by many threads: whoever waits for somebody else's server holds none meanwhile."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, connections

WAIT_SECONDS = 20.0  # for a connection when all are in use
_thread = threading.local()


def pool(size: int) -> None:
    """Share `size` connections among the threads of this process; the one open so far is closed."""
    connections.close_all()
    for alias in connections:
        wanted = connections[alias].settings_dict
        wanted["CONN_MAX_AGE"] = 0
        wanted["OPTIONS"]["pool"] = {"min_size": 1, "max_size": size, "timeout": WAIT_SECONDS}


def let_go() -> None:
    """Give this thread's connection back to the pool, if there is one, before a wait of seconds."""
    is_kept = connection.in_atomic_block or getattr(_thread, "is_keeping", False)
    if connection.settings_dict["OPTIONS"].get("pool") and not is_kept:
        connection.close()


@contextmanager
def kept() -> Iterator[None]:
    """Hold this thread's connection through every wait inside, as its session has locked something."""
    was_keeping = getattr(_thread, "is_keeping", False)
    _thread.is_keeping = True
    try:
        yield
    finally:
        _thread.is_keeping = was_keeping
