"""The shared sets of passages and questions, and their vectors."""

import hashlib
import json
import pickle
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.server import HOME
from knowledge.embedders.base import Embedder, PassageText, PassageVectors, Vector, full_text, unit
from knowledge.passages import sentences

SETS = ("squad2", "chunkeval", "multihop")
SLICE = 256  # passages embedded at a time


@dataclass(frozen=True)
class BenchPassage:
    """A passage as the set gives it."""

    id: str
    document: str
    ordinal: int
    title: str
    heading: str
    text: str
    sentence_spans: list[tuple[int, int]]

    @property
    def full_text(self) -> str:
        return full_text(PassageText(self.heading, self.text, ()))


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    is_answerable: bool
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class DataSet:
    """`relevance`: question id -> passage id -> grade. `questions` are all, also those without an answer."""

    name: str
    passages: list[BenchPassage]
    questions: list[Question]
    relevance: dict[str, dict[str, float]]

    def judged(self) -> list[Question]:
        return [question for question in self.questions if question.id in self.relevance]


def read(folder: Path, name: str) -> DataSet:
    def lines(kind: str) -> list[dict[str, Any]]:
        with (folder / name / f"{kind}.jsonl").open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    passages = [
        BenchPassage(r["id"], r["doc"], r["ord"], r["title"], r["head"], r["text"], sentences.split(r["text"]))
        for r in lines("corpus")
    ]
    questions = [Question(r["id"], r["text"], r["answerable"], tuple(r.get("answers", ()))) for r in lines("queries")]
    relevance: dict[str, dict[str, float]] = defaultdict(dict)
    for row in lines("qrels"):
        relevance[row["q"]][row["c"]] = row["r"]
    return DataSet(name, passages, questions, dict(relevance))


def embed(embedder: Embedder, passages: Sequence[BenchPassage], name: str) -> list[PassageVectors]:
    """The vectors of the passages; kept in var/bench, as the three sets take some minutes."""
    key = hashlib.sha256(repr([(p.heading, p.text) for p in passages]).encode()).hexdigest()[:16]
    kept = HOME / "vectors" / f"{name}-{key}.pickle"
    if kept.exists():
        vectors: list[PassageVectors] = pickle.loads(kept.read_bytes())  # noqa: S301  our own file
        return vectors
    texts = [PassageText(p.heading, p.text, p.sentence_spans) for p in passages]
    vectors = []
    for first in range(0, len(texts), SLICE):
        vectors += embedder.embed_passages(texts[first : first + SLICE], 600)[0]
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_bytes(pickle.dumps(vectors))
    return vectors


def spliced(
    passages: Sequence[BenchPassage], vectors: Sequence[PassageVectors], size: int
) -> tuple[list[BenchPassage], list[PassageVectors]]:
    """The real passages and as many spliced from two of them as make `size`.

    Two of the same document in 7 of 10 cases; half the words of each; the vector is a weighted mean of theirs with a
    little noise, so that no passage has to be embedded for it.
    """
    chance, noise = random.Random(1), np.random.default_rng(1)  # noqa: S311  a benchmark
    together: dict[str, list[int]] = defaultdict(list)
    for number, passage in enumerate(passages):
        together[passage.document].append(number)
    everything, everywhere = list(passages), list(vectors)
    while len(everything) < size:
        one = chance.randrange(len(passages))
        pool = together[passages[one].document] if chance.random() < 0.7 else range(len(passages))
        other = chance.choice(pool)
        text = f"{_half(passages[one].text, chance)} {_half(passages[other].text, chance)}"
        number = len(everything)
        spans = sentences.split(text)
        title, heading = passages[one].title, passages[one].heading
        everything.append(
            BenchPassage(f"spliced{number}", f"spliced{number // 8}", number % 8, title, heading, text, spans)
        )
        everywhere.append(_between(vectors[one], vectors[other], len(spans), chance, noise))
    return everything, everywhere


def _half(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    start = chance.randrange(len(words) // 2 + 1)
    return " ".join(words[start : start + max(1, len(words) // 2)])


def _between(
    one: PassageVectors, other: PassageVectors, count: int, chance: random.Random, noise: np.random.Generator
) -> PassageVectors:
    share = chance.uniform(0.3, 0.7)

    def near(vector: Vector) -> Vector:
        return unit(vector + noise.normal(0, 0.02, vector.shape).astype(np.float32))

    pool = np.concatenate([one.sentence_vectors, other.sentence_vectors, one.vector[None]])
    chosen = pool[[chance.randrange(len(pool)) for _ in range(count)]]
    return PassageVectors(near(share * one.vector + (1 - share) * other.vector), near(chosen))
