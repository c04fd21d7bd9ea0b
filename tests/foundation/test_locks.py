"""Locks that processes share through the database: who waits, and that none is held for longer than it guards."""

from collections.abc import Iterator

import psycopg
import pytest
from django.db import DatabaseError, OperationalError, connection, transaction

from foundation import connections, locks
from tests.harness.processes import database_url

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "parley test"


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """Another process, which asks for the lock as versions before this module did."""
    with psycopg.connect(database_url(), autocommit=True) as other:
        yield other


def is_free(other: psycopg.Connection, *, shared: bool = False) -> bool:
    kind = "_shared" if shared else ""
    row = other.execute(f"SELECT pg_try_advisory_xact_lock{kind}(hashtextextended(%s, 0))", [NAME]).fetchone()
    return bool(row and row[0])


def test_a_lock_is_held_through_the_block_and_no_longer(other: psycopg.Connection) -> None:
    with locks.held(NAME):
        assert not is_free(other)
        with transaction.atomic():
            pass
        assert not is_free(other), "it outlives the transactions inside"
    assert is_free(other)


def test_a_lock_is_given_back_after_an_exception(other: psycopg.Connection) -> None:
    with pytest.raises(ValueError, match="of the block"), locks.held(NAME):
        raise ValueError("of the block")
    assert is_free(other)


def test_a_lock_is_given_back_where_a_statement_fails_in_the_transaction_around_it(other: psycopg.Connection) -> None:
    with transaction.atomic():
        with pytest.raises(DatabaseError, match="nowhere"), locks.held(NAME), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")
        assert is_free(other)


def test_whoever_will_not_wait_is_told(other: psycopg.Connection) -> None:
    other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [NAME])
    with locks.held_if_free(NAME) as is_ours:
        assert not is_ours
    other.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [NAME])
    with locks.held_if_free(NAME) as is_ours:
        assert is_ours
        assert not is_free(other)
    assert is_free(other)


def test_a_connection_that_is_lost_inside_is_not_hidden(other: psycopg.Connection) -> None:
    with pytest.raises(OperationalError), locks.held(NAME):
        other.execute("SELECT pg_terminate_backend(%s)", [connection.connection.info.backend_pid])
    connection.close()


def lose(error: Exception | None = None) -> None:
    """The session ends and another begins, and then something else goes wrong as well, if it does."""
    connection.close()
    connection.ensure_connection()
    if error is not None:
        raise error


def test_a_connection_that_is_made_anew_inside_has_lost_the_lock() -> None:
    with pytest.raises(locks.LockLostError, match=NAME), locks.held(NAME):
        lose()


def test_what_goes_wrong_inside_is_told_rather_than_the_lost_lock() -> None:
    with pytest.raises(ValueError, match="of the block"), locks.held(NAME):
        lose(ValueError("of the block"))


def test_a_connection_is_kept_until_the_last_lock_is_given_back() -> None:
    with locks.held(NAME):
        with locks.held("parley test of another"):
            pass
        assert connections._thread.is_keeping
    assert not connections._thread.is_keeping


def test_a_lock_of_a_transaction_ends_with_it(other: psycopg.Connection) -> None:
    with transaction.atomic():
        locks.hold(NAME)
        assert not is_free(other, shared=True)
    assert is_free(other)


def test_a_lock_can_be_shared(other: psycopg.Connection) -> None:
    with transaction.atomic():
        locks.share(NAME)
        assert is_free(other, shared=True)
        assert not is_free(other)
    assert is_free(other)


def test_a_lock_of_a_transaction_takes_one() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        locks.hold(NAME)
    with pytest.raises(transaction.TransactionManagementError):
        locks.share(NAME)
