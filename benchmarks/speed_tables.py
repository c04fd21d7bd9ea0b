"""The tables of benchmarks.speed; imported once Django is set up."""

import random
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from django.core.management import call_command

from benchmarks import data, loading, peers
from knowledge import retrieval
from knowledge.embedders import wordpieces
from knowledge.embedders.base import PassageText, PassageVectors, Vector
from knowledge.embedders.local import LocalEmbedder
from knowledge.embedding import QuestionVector
from llm.models import Deployment, Role

WARM_UP = 20
EMBEDDED = 256


@dataclass(frozen=True)
class Times:
    """Milliseconds of each call."""

    milliseconds: list[float]

    @property
    def median(self) -> float:
        return float(np.median(self.milliseconds))

    @property
    def p95(self) -> float:
        return float(np.percentile(self.milliseconds, 95))


def report(url: str, folder: Path, size: int, count: int) -> None:
    embedder = LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")
    passages, vectors, questions = [], [], []
    for name in data.SETS:
        part = data.read(folder, name)
        passages += part.passages
        vectors += data.embed(embedder, part.passages, name)
        questions += part.judged()
    asked = [q.text for q in random.Random(1).sample(questions, count)]  # noqa: S311  a benchmark
    _embedding_table(embedder, [p.full_text for p in random.Random(2).sample(passages, EMBEDDED)], asked)  # noqa: S311
    everything, everywhere = data.spliced(passages, vectors, size)
    _search_table(url, everything, everywhere, asked, embedder)


def _embedding_table(embedder: LocalEmbedder, texts: Sequence[str], asked: Sequence[str]) -> None:
    ours, throughput = _throughput(
        lambda: np.array([v.vector for v in embedder.embed_passages([PassageText("", t, ()) for t in texts], 600)[0]])
    )
    question = _times([partial(embedder.embed_question, text, 10) for text in asked])
    rows = [("Parley (int8 ONNX)", throughput, question, 1.0)]
    if peers.installed(*peers.SentenceTransformers.needs):
        theirs = peers.SentenceTransformers(str(wordpieces.model_dir()))
        reference, slower = _throughput(lambda: theirs.encode(texts))
        single = _times([partial(theirs.encode, [text]) for text in asked])
        rows.append((theirs.name, slower, single, 1.0))
        rows[0] = (*rows[0][:3], float(np.mean(np.sum(ours * reference, axis=1))))
    write("\n## Embedding on the CPU, two threads\n")
    write("| | passages/s | question median ms | p95 ms | cosine to sentence-transformers |\n|---|---|---|---|---|")
    for name, rate, times, cosine in rows:
        write(f"| {name} | {rate:.1f} | {times.median:.2f} | {times.p95:.2f} | {cosine:.4f} |")
    if len(rows) == 2:
        write(
            f"\nRatio: {rows[0][1] / rows[1][1]:.1f} times the passages (target 4), a question"
            f" {rows[1][2].median / rows[0][2].median:.1f} times as fast (target 8), cosine target .994."
        )
    else:
        write("\nsentence-transformers is not installed here, so there is nothing to compare with.")


def _search_table(
    url: str,
    passages: Sequence[data.BenchPassage],
    vectors: Sequence[PassageVectors],
    asked: Sequence[str],
    embedder: LocalEmbedder,
) -> None:
    call_command("setup", verbosity=0)
    space = Deployment.objects.live(Role.EMBED).vector_space
    started = time.perf_counter()
    collection, _ = loading.load("speed", passages, vectors, space=space)
    write(f"\n## Search among {len(passages):,} passages, {len(asked)} questions, one client\n")
    write(f"Loaded into Parley in {time.perf_counter() - started:.0f} s, indexes included, without embedding.\n")
    embedded = [embedder.embed_question(text, 10)[0] for text in asked]
    rows = {
        "Parley, the SQL": _times(
            [partial(_search, text, v, space, collection) for text, v in zip(asked, embedded, strict=True)]
        ),
        "Parley, embed + SQL": _times(
            [partial(_embed_and_search, embedder, text, space, collection) for text in asked]
        ),
        "Parley, retrieve() with its ledger": _times(
            [partial(retrieval.retrieve, text, collections=[collection]) for text in asked]
        ),
    }
    rows |= _peers(url, passages, vectors, asked, embedded)
    write("| | median ms | p95 ms | median against Parley's SQL |\n|---|---|---|---|")
    for name, times in rows.items():
        ratio = times.median / rows["Parley, the SQL"].median
        write(f"| {name} | {times.median:.1f} | {times.p95:.1f} | {ratio:.1f} |")
    write("\nTargets: LangChain PGVector at least 13 times the SQL; embed + SQL p95 at most 26 ms.")


def _peers(
    url: str,
    passages: Sequence[data.BenchPassage],
    vectors: Sequence[PassageVectors],
    asked: Sequence[str],
    embedded: Sequence[Vector],
) -> dict[str, Times]:
    texts = [passage.full_text for passage in passages]
    rows = {}
    if peers.installed(*peers.LangChain.needs):
        chain = peers.LangChain(url, "speed", texts, np.array([v.vector for v in vectors]))
        rows[f"{chain.name}, k=6"] = _times([partial(chain.search, v, 6) for v in embedded])
    if peers.installed(*peers.BM25S.needs):
        lexical = peers.BM25S(texts)
        rows[lexical.name] = _times([partial(lexical.search, text, 6) for text in asked])
    return rows


def _search(text: str, vector: Vector, space: str, collection: int) -> None:
    retrieval.search(text, QuestionVector(space, vector), collections=[collection])


def _embed_and_search(embedder: LocalEmbedder, text: str, space: str, collection: int) -> None:
    _search(text, embedder.embed_question(text, 10)[0], space, collection)


def _times(calls: Sequence[Callable[[], object]]) -> Times:
    for call in calls[:WARM_UP]:
        call()
    milliseconds = []
    for call in calls:
        started = time.perf_counter()
        call()
        milliseconds.append((time.perf_counter() - started) * 1000)
    return Times(milliseconds)


def _throughput(embed: Callable[[], Vector]) -> tuple[Vector, float]:
    """The vectors, and passages per second of the better of two runs."""
    best = float("inf")
    for _ in range(2):
        started = time.perf_counter()
        vectors = embed()
        best = min(best, time.perf_counter() - started)
    return vectors, len(vectors) / best


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
