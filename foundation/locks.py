"""PostgreSQL's advisory locks, each known by a name that means the same to every process on one database."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from django.db import OperationalError, connection, transaction

from foundation import connections

KEY = "hashtextextended(%s, 0)"  # as the SQL of triggers takes them


class LockLostError(OperationalError):
    """The database session that held a lock was over before what the lock guarded was."""


@contextmanager
def held(name: str) -> Iterator[None]:
    """Hold a lock of this database session while the block runs; waits for whoever has it.

    It falls when the process dies; transactions inside commit as they end. Raises LockLostError.
    """
    with connections.kept():
        _asked("pg_advisory_lock", name)
        with _released(name):
            yield


@contextmanager
def held_if_free(name: str) -> Iterator[bool]:
    """As `held`, without waiting; False, and nothing is held, when somebody else has the lock."""
    with connections.kept():
        if not _asked("pg_try_advisory_lock", name):
            yield False
            return
        with _released(name):
            yield True


def hold(name: str) -> None:
    """Hold a lock until the transaction of the caller ends; waits for whoever has it, or shares it."""
    _check_transaction(name)
    _asked("pg_advisory_xact_lock", name)


def share(name: str) -> None:
    """Have nobody hold a lock until the transaction of the caller ends, beside others that share it; waits for its
    holder."""
    _check_transaction(name)
    _asked("pg_advisory_xact_lock_shared", name)


@contextmanager
def _released(name: str) -> Iterator[None]:
    """Give a lock of the session back after the block, whatever becomes of it."""
    session = connection.connection
    is_ours = False
    try:
        # After a statement that failed, a transaction takes none before it is rolled back to where it was whole.
        with transaction.atomic() if connection.in_atomic_block else nullcontext():
            yield
    finally:
        if connection.connection is session:
            is_ours = bool(_asked("pg_advisory_unlock", name))
    if not is_ours:
        raise LockLostError(f"The lock {name!r} was lost, as the connection to the database was.")


def _check_transaction(name: str) -> None:
    """Outside of a transaction the lock would be gone with its own statement."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(f"The lock {name!r} takes a transaction to be held in.")


def _asked(function: str, name: str) -> object:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}({KEY})", [name])
        row: tuple[object] = cursor.fetchone()
    return row[0]
