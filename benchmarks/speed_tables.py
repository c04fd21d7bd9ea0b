"""The tables of benchmarks.speed; imported once Django is set up."""

import math
import random
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from django.core.management import call_command

from benchmarks import data, loading, peers
from knowledge.embedders import wordpieces
from knowledge.embedders.base import PassageText, PassageVectors, Vector
from knowledge.embedders.embedding import QuestionVector
from knowledge.embedders.local import LocalEmbedder
from knowledge.retrieval import search
from llm.models import Deployment, ServingRole

WARM_UP = 20

Call = Callable[[], object]
EMBEDDED = 200
ROUNDS = 3


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
    sized = [passage.full_text for passage in data.read(folder, "chunkeval").passages]  # as Parley splits documents
    _embedding_table(embedder, random.Random(2).sample(sized, EMBEDDED), asked)  # noqa: S311
    everything, everywhere = data.spliced(passages, vectors, size)
    _search_table(url, everything, everywhere, asked, embedder)


def _embedding_table(embedder: LocalEmbedder, texts: Sequence[str], asked: Sequence[str]) -> None:
    """Each in turn, three times, and the best of each counts: what else the machine does falls on both."""
    systems: dict[str, Callable[[Sequence[str]], Vector]] = {"Parley (int8 ONNX)": partial(_embed, embedder)}
    if peers.installed(*peers.SentenceTransformers.needs):
        theirs = peers.SentenceTransformers(str(wordpieces.model_dir()))
        systems[theirs.name] = theirs.encode
    seconds: dict[str, float] = {}
    vectors: dict[str, Vector] = {}
    times: dict[str, Times] = {}
    for name in [*systems] * ROUNDS:
        started = time.perf_counter()
        vectors[name] = systems[name](texts)
        seconds[name] = min(seconds.get(name, math.inf), time.perf_counter() - started)
        found = timed([partial(systems[name], [text]) for text in asked])
        times[name] = min(times.get(name, found), found, key=lambda each: each.median)
    write(f"\n## Embedding {len(texts)} passages of about 190 word pieces, and questions, on the CPU, two threads\n")
    write("| | passages/s | question median ms | p95 ms |\n|---|---|---|---|")
    for name in systems:
        write(f"| {name} | {len(texts) / seconds[name]:.1f} | {times[name].median:.2f} | {times[name].p95:.2f} |")
    if len(systems) == 1:
        write("\nsentence-transformers is not installed here, so there is nothing to compare with.")
        return
    ours, other = systems
    write(
        f"\nRatio: {seconds[other] / seconds[ours]:.1f} times the passages (target 4), a question"
        f" {times[other].median / times[ours].median:.1f} times as fast (target 8), cosine to its vectors"
        f" {np.mean(np.sum(vectors[ours] * vectors[other], axis=1)):.4f} (target .994)."
    )


def _embed(embedder: LocalEmbedder, texts: Sequence[str]) -> Vector:
    if len(texts) == 1:
        return embedder.embed_question(texts[0], 600)[0][None]
    vectors, _ = embedder.embed_passages([PassageText("", text, ()) for text in texts], 600)
    return np.array([each.vector for each in vectors])


def _search_table(
    url: str,
    passages: Sequence[data.BenchPassage],
    vectors: Sequence[PassageVectors],
    asked: Sequence[str],
    embedder: LocalEmbedder,
) -> None:
    call_command("setup", verbosity=0)
    space = Deployment.objects.live(ServingRole.EMBED).vector_space
    started = time.perf_counter()
    collection, _ = loading.load("speed", passages, vectors, space=space)
    write(f"\n## Search among {len(passages):,} passages, {len(asked)} questions, one client\n")
    write(f"Loaded into Parley in {time.perf_counter() - started:.0f} s, indexes included, without embedding.\n")
    embedded = [embedder.embed_question(text, 10)[0] for text in asked]
    systems: dict[str, list[Call]] = {
        "Parley, the SQL": [
            partial(_search, text, v, space, collection) for text, v in zip(asked, embedded, strict=True)
        ],
        "Parley, embed + SQL": [partial(_embed_and_search, embedder, text, space, collection) for text in asked],
        "Parley, retrieve() with its ledger": [
            partial(search.retrieve, text, collections=[collection]) for text in asked
        ],
    }
    systems |= _peers(url, passages, vectors, asked, embedded)
    rows = _times_in_turn(systems)
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
) -> dict[str, list[Call]]:
    texts = [passage.full_text for passage in passages]
    systems: dict[str, list[Call]] = {}
    if peers.installed(*peers.LangChain.needs):
        chain = peers.LangChain(url, "speed", texts, np.array([v.vector for v in vectors]))
        systems[f"{chain.name}, k=6"] = [partial(chain.search, v, 6) for v in embedded]
    if peers.installed(*peers.BM25S.needs):
        lexical = peers.BM25S(texts)
        systems[lexical.name] = [partial(lexical.search, text, 6) for text in asked]
    return systems


def _search(text: str, vector: Vector, space: str, collection: int) -> None:
    search.search(text, QuestionVector(space, vector), collections=[collection])


def _embed_and_search(embedder: LocalEmbedder, text: str, space: str, collection: int) -> None:
    _search(text, embedder.embed_question(text, 10)[0], space, collection)


def _times_in_turn(systems: Mapping[str, Sequence[Call]]) -> dict[str, Times]:
    """Every system asks a question before the next question comes, so that a busy moment falls on all of them."""
    taken: dict[str, list[float]] = {name: [] for name in systems}
    for number, calls in enumerate(zip(*systems.values(), strict=True)):
        for name, call in zip(systems, calls, strict=True):
            started = time.perf_counter()
            call()
            if number >= WARM_UP:
                taken[name].append((time.perf_counter() - started) * 1000)
    return {name: Times(milliseconds) for name, milliseconds in taken.items()}


def timed(calls: Sequence[Call]) -> Times:
    """How long each call takes, once the first ones have been made to warm up."""
    for call in calls[:WARM_UP]:
        call()
    milliseconds = []
    for call in calls:
        started = time.perf_counter()
        call()
        milliseconds.append((time.perf_counter() - started) * 1000)
    return Times(milliseconds)


def write(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
