"""The shared sets of passages and questions, and their vectors."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.server import HOME

SETS = ("squad2", "chunkeval", "multihop")
SLICE = 256  # passages embedded at a time


@dataclass(frozen=True)
class BenchPassage:
    """A passage as the set gives it. `token_count` plays no part in retrieval and is left out."""

    id: str
    document: str
    ordinal: int
    title: str
    heading: str
    text: str
    sentence_spans: list[tuple[int, int]]
    token_count: int = 0


@dataclass(frozen=True)
class Question:
    id: str
    text: str
    is_answerable: bool


@dataclass(frozen=True)
class DataSet:
    """`relevance`: question id -> passage id -> grade. `questions` are all, also those without an answer."""

    name: str
    passages: list[BenchPassage]
    questions: list[Question]
    relevance: dict[str, dict[str, float]]

    def judged(self) -> list[Question]:
        return [question for question in self.questions if question.id in self.relevance]


@dataclass(frozen=True)
class Vectors:
    """Unit vectors of `passages`, of their sentences (one array per passage) and of the judged questions."""

    passages: NDArray[np.float32]
    sentences: list[NDArray[np.float32]]


def read(folder: Path, name: str) -> DataSet:
    from knowledge import sentences  # noqa: PLC0415

    def lines(kind: str) -> list[dict[str, object]]:
        with (folder / name / f"{kind}.jsonl").open(encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    passages = [
        BenchPassage(r["id"], r["doc"], r["ord"], r["title"], r["head"], r["text"], sentences.split(r["text"]))
        for r in lines("corpus")
    ]
    questions = [Question(r["id"], r["text"], r["answerable"]) for r in lines("queries")]
    relevance: dict[str, dict[str, float]] = defaultdict(dict)
    for row in lines("qrels"):
        relevance[row["q"]][row["c"]] = row["r"]
    return DataSet(name, passages, questions, dict(relevance))
