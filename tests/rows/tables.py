"""What is in the database, for tests of what may not be there."""

from django.db import connection


def dump() -> str:
    """Every row of every table, as text."""
    rows = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [f"{table}: {row[0]}" for row in cursor.fetchall()]
    return "\n".join(rows)
