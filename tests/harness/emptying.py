"""Empties the database after a test that commits: 4 ms by DELETE, 300 ms by the TRUNCATE that Django would do."""

from collections.abc import Iterator

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

AS_MIGRATED = {"django_content_type", "auth_permission"}  # no test writes them


@pytest.fixture(scope="session", autouse=True)
def _quick_emptying() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _case: empty())
        yield


def empty() -> None:
    """Delete every row, past triggers and references, once nobody is writing any more."""
    tables = sorted(set(connection.introspection.django_table_names(only_existing=True)) - AS_MIGRATED)
    names = [f'"{name}"' for name in tables]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {', '.join(names)} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("; ".join(f"DELETE FROM {name}" for name in names))
