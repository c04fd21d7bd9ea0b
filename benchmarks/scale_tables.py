"""The figures of benchmarks.scale; imported once Django is set up."""

import json
import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from django.core.management import call_command
from django.db import connection, connections

from benchmarks import data, growing, plot
from benchmarks.server import HOME
from benchmarks.speed_tables import timed, write
from knowledge.embedders.base import Vector
from knowledge.embedders.embedding import QuestionVector
from knowledge.embedders.local import LocalEmbedder
from knowledge.retrieval.search import POSTINGS, search
from llm.models import Deployment, ServingRole

QUESTIONS, EXHAUSTIVE, CLIENTS = 200, 30, 8
FIGURES = HOME / "scale.json"
PICTURE = Path(__file__).resolve().parent.parent / "docs" / "images" / "scaling.svg"


def report(folder: Path, sizes: Sequence[int]) -> None:
    call_command("setup", verbosity=0)
    embedder = LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")
    space = Deployment.objects.live(ServingRole.EMBED).vector_space
    passages, vectors, questions = [], [], []
    for name in data.SETS:
        part = data.read(folder, name)
        passages += part.passages
        vectors += data.embed(embedder, part.passages, name)
        questions += part.judged()
    parents = growing.seeded(passages, vectors, space)
    asked = [q.text for q in random.Random(1).sample(questions, QUESTIONS)]  # noqa: S311  a benchmark
    growing.collections()
    figures: dict[str, dict[str, Any]] = json.loads(FIGURES.read_text()) if FIGURES.exists() else {}
    for size in sizes:
        known = figures.get(str(size), {})
        if growing.size() < size:
            known = {"load_seconds": growing.grow(size, parents, space), "index_seconds": growing.index(space, 384)}
        elif growing.size() > size:
            continue  # grown past it by an earlier run
        figures[str(size)] = known | _measured(embedder, asked, space)
        FIGURES.write_text(json.dumps(figures, indent=2))
        write(f"{size:>9,}: {json.dumps(figures[str(size)])}")
    _table(figures)
    PICTURE.write_text(plot.svg({int(size): row for size, row in figures.items()}))


def _measured(embedder: LocalEmbedder, asked: Sequence[str], space: str) -> dict[str, Any]:
    visible = [collection.pk for collection in growing.collections()]
    embedded = [embedder.embed_question(text, 10)[0] for text in asked]
    both = timed([partial(_embed_and_search, embedder, text, space, visible) for text in asked])
    sql = timed([partial(_search, text, v, space, visible) for text, v in zip(asked, embedded, strict=True)])
    return {
        "sql_p50_ms": sql.median,
        "p50_ms": both.median,
        "p95_ms": both.p95,
        "queries_per_second": _throughput(embedder, asked, space, visible),
        "top6_overlap": _overlap(asked[:EXHAUSTIVE], embedded[:EXHAUSTIVE], space, visible),
        "recall_by_share": _recall(embedded[:EXHAUSTIVE], space),
        "disk_mb": _megabytes("knowledge_chunk", "knowledge_chunkvector", "knowledge_termstatistics"),
        "server_mb": round(sum(_memory(process) for process in psutil.process_iter(["name"])) / 1e6),
    }


def _search(text: str, vector: Vector, space: str, visible: Sequence[int], budget: int | None = POSTINGS) -> list[int]:
    rows = search(text, QuestionVector(space, vector), collections=visible, budget=budget)
    return [row["chunk_id"] for row in rows]


def _embed_and_search(embedder: LocalEmbedder, text: str, space: str, visible: Sequence[int]) -> list[int]:
    return _search(text, embedder.embed_question(text, 10)[0], space, visible)


def _throughput(embedder: LocalEmbedder, asked: Sequence[str], space: str, visible: Sequence[int]) -> float:
    """Questions answered in a second by eight clients in threads of this process, beside the server."""

    def client(number: int) -> int:
        own = list(asked[number::CLIENTS]) * 3
        for text in own:
            _embed_and_search(embedder, text, space, visible)
        connections.close_all()
        return len(own)

    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        done = sum(pool.map(client, range(CLIENTS)))
        return done / (time.perf_counter() - started)


def _overlap(asked: Sequence[str], embedded: Sequence[Vector], space: str, visible: Sequence[int]) -> float:
    """How much of the final six an exhaustive search finds too."""
    shares = []
    for text, vector in zip(asked, embedded, strict=True):
        exact = set(_search(text, vector, space, visible, None))
        shares.append(len(exact & set(_search(text, vector, space, visible))) / max(len(exact), 1))
    return float(np.mean(shares))


def _recall(embedded: Sequence[Vector], space: str) -> dict[str, float]:
    """recall@10 of the nearest passages against an exact scan, by the percentage of passages that are visible."""
    collections = growing.collections()
    found = {}
    for share, count in ((1, 1), (10, 2), (50, 3), (100, 4)):
        visible = [collection.pk for collection in collections[:count]]
        hits = []
        for vector in embedded:
            exact = _nearest(vector, space, visible, is_exact=True)[:10]
            near = _nearest(vector, space, visible, is_exact=False)  # 60, which are then compared exactly
            hits.append(len(set(exact) & set(near)) / max(len(exact), 1))
        found[str(share)] = float(np.mean(hits))
    return found


def _nearest(vector: Vector, space: str, visible: Sequence[int], *, is_exact: bool) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT parley_nearest(%s::halfvec, %s, %s::bigint[], CASE WHEN %s THEN 0 ELSE (SELECT sum(chunk_count)"
            " FROM knowledge_collectionstatistics WHERE collection_id = ANY (%s))::bigint END, 60)",
            [str(vector.tolist()), space, list(visible), is_exact, list(visible)],
        )
        return list(cursor.fetchone()[0])


def _megabytes(*tables: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sum(pg_total_relation_size(t::regclass)) FROM unnest(%s::text[]) AS t", [list(tables)])
        return round(int(cursor.fetchone()[0]) / 1e6)


def _memory(process: psutil.Process) -> int:
    """What a process of the server holds by itself and its share of what it shares."""
    if process.info["name"] != "postgres":
        return 0
    try:
        return int(process.memory_full_info().pss)
    except psutil.Error:
        return 0


def _table(figures: dict[str, dict[str, Any]]) -> None:
    write(
        "\n| passages | embed + SQL p50 / p95 ms | questions/s, 8 clients | six as exhaustive | load | index | disk |"
    )
    write("|---|---|---|---|---|---|---|")
    for size, row in sorted(figures.items(), key=lambda item: int(item[0])):
        write(
            f"| {int(size):,} | {row['p50_ms']:.1f} / {row['p95_ms']:.1f} | {row['queries_per_second']:.0f} |"
            f" {row['top6_overlap']:.3f} | {row.get('load_seconds', 0):.0f} s | {row.get('index_seconds', 0):.0f} s |"
            f" {row['disk_mb']:,} MB |"
        )
