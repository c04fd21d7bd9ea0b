"""What a new vector index costs by the order it is made in, and whether the hidden can be told by the time a search
takes: python -m benchmarks.changing [--passages N]

Vectors are random around 200 centres. "first": an empty index, then rows in batches, as index.model_change does.
"last": the rows, then CREATE INDEX CONCURRENTLY over all of them.
"""

import argparse
import statistics
import sys
import time
from importlib import import_module
from typing import Any

import numpy as np
from django.db import connection
from django.utils.module_loading import import_string

from benchmarks import server

DIMENSIONS = 384
BATCH = 128
ASKED = 300
TABLE = "CREATE TABLE measured (id bigserial PRIMARY KEY, embedding halfvec NOT NULL)"
INDEX = (
    "CREATE INDEX CONCURRENTLY measured_nearest ON measured"
    f" USING hnsw ((embedding::halfvec({DIMENSIONS})) halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--passages", type=int, default=20_000)
    count = parser.parse_args().passages
    with server.running():
        rows = vectors(count)
        for order in ("first", "last"):
            for memory in ("64MB", "1GB"):
                report(f"index {order}, maintenance_work_mem {memory}", filled(order, memory, rows), count)
        for name, times in hidden_and_absent().items():
            sys.stdout.write(f"{name:<40} median {statistics.median(times):6.2f} ms, {ASKED} searches\n")


def report(name: str, seconds: dict[str, float], count: int) -> None:
    whole = sum(seconds.values())
    parts = ", ".join(f"{part} {value:.1f} s" for part, value in seconds.items())
    sys.stdout.write(f"{name:<40} {whole:6.1f} s for {count:,} ({1000 * whole / count:.2f} ms each): {parts}\n")


def vectors(count: int) -> list[str]:
    """As pgvector reads them."""
    chance = np.random.default_rng(7)
    centres = chance.normal(size=(200, DIMENSIONS))
    found = centres[chance.integers(200, size=count)] + 0.7 * chance.normal(size=(count, DIMENSIONS))
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    literal = import_string("knowledge.index.chunk_rows.literal")
    return [literal(row) for row in found]


def filled(order: str, memory: str, rows: list[str]) -> dict[str, float]:
    """Seconds for the rows and for the index."""
    execute("DROP TABLE IF EXISTS measured")
    execute(TABLE)
    execute(f"SET maintenance_work_mem = '{memory}'")
    seconds: dict[str, float] = {}
    for part in ("index", "rows") if order == "first" else ("rows", "index"):
        started = time.perf_counter()
        if part == "index":
            execute(INDEX)
        else:
            for first in range(0, len(rows), BATCH):
                execute(
                    "INSERT INTO measured (embedding) SELECT unnest(%s::text[])::halfvec", rows[first : first + BATCH]
                )
        seconds[part] = time.perf_counter() - started
    return seconds


def execute(statement: str, *parameters: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters) or None)


def hidden_and_absent() -> dict[str, list[float]]:
    """Times of searches, in turn, for words that only internal passages hold, and for words that none holds."""
    rows = import_module("tests.rows.passage_rows")
    models = import_module("knowledge.models")
    public = models.Collection.objects.create(name="Public")
    internal = models.Collection.objects.create(name="Internal", visibility="internal")
    for shelf, word in ((public, "open"), (internal, "marmalade")):
        for number in range(20):
            rows.make_chunks(shelf, *(f"{word} rule {number} {part} of the house" for part in range(100)))
    times: dict[str, list[float]] = {"words of hidden passages": [], "words that are nowhere": []}
    for number in range(2 * ASKED):
        name, word = (("words of hidden passages", "marmalade"), ("words that are nowhere", "zanzibar"))[number % 2]
        started = time.perf_counter()
        rows.found(f"What is {word} rule {number % 20}?", public)
        times[name].append(1000 * (time.perf_counter() - started))
    return times


if __name__ == "__main__":
    main()
