"""What the search rests on in the database beyond the rows: an index per vector space, and the lengths inside BM25."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from foundation import locks

FIRST_AVERAGE_LENGTH = 100.0  # terms per chunk, until the first chunks are there
RENEWED_AFTER = 0.1

# Well above what recall needs at 60,000 chunks; see docs/retrieval.md.
HNSW = "m = 16, ef_construction = 128"
HALFVEC_LIMIT = 4000  # dimensions pgvector can index at half precision
LIVE_SPACE = "parley live space"  # the lock of what is published in it


class VectorSpaceError(ValueError):
    """Vectors of this length cannot be indexed."""


def ensure_space(space: str, dimensions: int) -> None:
    """Create the vector index of a space if it is missing; waits for another process that is at it.

    On an empty space that takes a moment; on a full one it blocks writers for as long as the index is built. Raises
    VectorSpaceError when the vectors are too long.
    """
    _check_length(dimensions)
    name = index_name(space)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return
        locks.hold(name)
        # Checks that wait for the end of the transaction would stand in the way of a new index.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(f"CREATE INDEX IF NOT EXISTS {_definition(space, dimensions)}")
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def ensure_space_beside_writers(space: str, dimensions: int) -> None:
    """Create the vector index of a space if it is missing, or was left half-made, while others go on writing.

    Not to be called inside a transaction. Raises VectorSpaceError when the vectors are too long.
    """
    _check_length(dimensions)
    name = index_name(space)
    with locks.held("parley vector indexes"), connection.cursor() as cursor:
        cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)", [name])
        row = cursor.fetchone()
        if row == (True,):
            return
        if row:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
        cursor.execute(f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {_definition(space, dimensions)}")


def drop_all_but(spaces: Iterable[str]) -> None:
    """Drop the vector indexes of all other spaces, beside writers where no transaction is open."""
    kept = [index_name(space) for space in spaces]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
            " WHERE i.indrelid = 'knowledge_chunkvector'::regclass AND c.relname LIKE 'parley_nearest_%%'"
            " AND c.relname <> ALL (%s)",
            [kept],
        )
        names = [row[0] for row in cursor.fetchall()]
        if connection.in_atomic_block and names:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in names:
            cursor.execute(f"DROP INDEX {'' if connection.in_atomic_block else 'CONCURRENTLY'} IF EXISTS {name}")


def share_space() -> None:
    """Have the live space stay as it is until the transaction of the caller ends."""
    locks.share(LIVE_SPACE)


@contextmanager
def publishing_stopped() -> Iterator[None]:
    """Let nobody publish a document while the block runs; waits for those who are at it."""
    with locks.held(LIVE_SPACE):
        yield


def _check_length(dimensions: int) -> None:
    if dimensions > HALFVEC_LIMIT:
        raise VectorSpaceError(f"Vectors of {dimensions} numbers are too long; {HALFVEC_LIMIT} is the limit.")


def _definition(space: str, dimensions: int) -> str:
    quoted = space.replace("'", "''")
    return (
        f"{index_name(space)} ON knowledge_chunkvector"
        f" USING hnsw ((embedding::halfvec({dimensions:d})) halfvec_cosine_ops) WITH ({HNSW})"
        f" WHERE space = '{quoted}'"
    )


def index_name(space: str) -> str:
    """A name that PostgreSQL accepts and that differs for every space."""
    return f"parley_nearest_{hashlib.sha256(space.encode()).hexdigest()[:16]}"


def refresh_lengths(collection_id: int) -> int:
    """Renew the average length inside `Chunk.bm25` if it has moved by more than a tenth; returns the chunks rewritten.

    Reads the statistics that the triggers keep. A stale average shifts the balance between long and short chunks; a
    tenth of it is not visible in the ranking.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE knowledge_collectionstatistics SET average_length = total_length::float / chunk_count"
            " WHERE collection_id = %s AND total_length > 0"
            " AND abs(total_length::float / chunk_count - average_length) > %s * average_length"
            " RETURNING average_length",
            [collection_id, RENEWED_AFTER],
        )
        row = cursor.fetchone()
        if row is None:
            return 0
        cursor.execute(
            "UPDATE knowledge_chunk SET bm25 = parley_bm25(terms, %s) WHERE collection_id = %s",
            [row[0], collection_id],
        )
        rewritten: int = cursor.rowcount
        return rewritten
