"""Whether the database can hold Parley: asked on start, answered in one sentence a person can act on."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from foundation import locks

POSTGRES = 160_000  # server_version_num
PGVECTOR = (0, 8)  # iterative index scans, without which a filtered search silently loses passages


def check_server() -> None:
    """Raises CommandError when the server is out of reach, too old, or lacks a pgvector that will do."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
            number, name = cursor.fetchone()
            cursor.execute(
                "SELECT coalesce(installed_version, default_version) FROM pg_available_extensions WHERE name = 'vector'"
            )
            row = cursor.fetchone()
    except DatabaseError as error:
        raise CommandError(f"The database cannot be reached: {str(error).strip()}") from error
    if number < POSTGRES:
        raise CommandError(f"PostgreSQL {name} is too old: Parley needs 16 or newer.")
    if row is None:
        raise CommandError("This PostgreSQL has no pgvector: install it on the database server (0.8 or newer).")
    if tuple(int(part) for part in row[0].split(".")[:2]) < PGVECTOR:
        raise CommandError(f"pgvector {row[0]} is too old: Parley needs 0.8 or newer (ALTER EXTENSION vector UPDATE).")


@contextmanager
def alone() -> Iterator[None]:
    """One process at a time sets up a database; the others wait for it."""
    with locks.held("parley set-up"):
        yield


def is_current() -> bool:
    """Whether every migration has been applied."""
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def is_empty() -> bool:
    """Whether nothing was ever set up in this database."""
    return "django_migrations" not in connection.introspection.table_names()
