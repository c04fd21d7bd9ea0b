"""Two who want one row at one time: the second is begun while the first holds it, and waits."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@contextmanager
def meanwhile(act: Callable[[], object]) -> Iterator[list[BaseException]]:
    """`act` begins in another connection inside the block, which is left as soon as it waits there for a row; the list
    holds afterwards what it raised."""
    raised: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except Exception as error:  # noqa: BLE001  whatever it is, the test looks at it
            raised.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    with transaction.atomic():
        yield raised
        thread.start()
        deadline = time.monotonic() + 20
        while not _is_awaited():
            assert time.monotonic() < deadline, "it does not wait"
            time.sleep(0.02)
    thread.join(20)


def _is_awaited() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITS)
        return bool(cursor.fetchall() != [(0,)])
