"""The fit of benchmarks.fit_answerable; imported once Django is set up.

Positives are questions whose passages are there. Negatives are questions of the other sets ("far") and the same
questions with their passages taken away ("removed"). Prints how well coefficients fitted on two sets tell the third
apart, then the coefficients fitted on all three.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import data, loading
from benchmarks.speed_tables import write
from knowledge.embedders.embedding import QuestionVector
from knowledge.embedders.local import LocalEmbedder
from knowledge.retrieval import answerable
from knowledge.retrieval.search import search

PER_SET = 400
FAR_PER_SET = 120
HITS = 6
DEPTH = 30
SPACE = "answerable"
# How much each kind of question counts within its set. Four to one: see knowledge/retrieval/answerable.py.
SHARES = {"held": 4.0, "far": 0.5, "removed": 0.5}
PENALTY = 1.0

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Sample:
    set_name: str
    kind: str
    features: tuple[float, ...]


def report(folder: Path) -> None:
    samples = _samples(folder)
    for name in data.SETS:
        beta = _fitted([sample for sample in samples if sample.set_name != name])
        held = _estimates(beta, [s for s in samples if s.set_name == name and s.kind == "held"])
        for kind in ("far", "removed"):
            other = _estimates(beta, [s for s in samples if s.set_name == name and s.kind == kind])
            write(
                f"{name} {kind}: AUC {auc(held, other):.3f}; at 0.5 {np.mean(held > 0.5):.1%} of what is held is"
                f" answered, {np.mean(other < 0.5):.1%} of what is not is refused"
            )
    intercept, *weights = _fitted(samples)
    write(f"INTERCEPT = {intercept:.2f}")
    for name, weight in zip(answerable.WEIGHTS, weights, strict=True):
        write(f'    "{name}": {weight:.2f},')


def auc(positive: Array, negative: Array) -> float:
    """The chance that a positive scores above a negative."""
    return float(np.mean((positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)))


def fit(x: Array, y: Array, weights: Array) -> Array:
    """Coefficients, the intercept first, of a logistic regression with an L2 penalty, by Newton's method."""
    x = np.hstack([np.ones((len(x), 1)), x])
    penalty = np.diag([0.0] + [PENALTY] * (x.shape[1] - 1))
    beta = np.zeros(x.shape[1])
    for _ in range(30):
        p = 1 / (1 + np.exp(-x @ beta))
        gradient = x.T @ (weights * (y - p)) - penalty @ beta
        beta += np.linalg.solve((x * (weights * p * (1 - p))[:, None]).T @ x + penalty, gradient)
    return beta


def _fitted(samples: Sequence[Sample]) -> Array:
    sizes = {(s.set_name, s.kind): 0 for s in samples}
    for sample in samples:
        sizes[sample.set_name, sample.kind] += 1
    weights = [SHARES[s.kind] * FAR_PER_SET / sizes[s.set_name, s.kind] for s in samples]
    held = [float(s.kind == "held") for s in samples]
    return fit(np.array([s.features for s in samples]), np.array(held), np.array(weights))


def _estimates(beta: Array, samples: Sequence[Sample]) -> Array:
    estimates: Array = 1 / (1 + np.exp(-beta[0] - np.array([s.features for s in samples]) @ beta[1:]))
    return estimates


def _samples(folder: Path) -> list[Sample]:
    embedder = LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")
    chance = random.Random(5)  # noqa: S311  a benchmark
    sets = {name: data.read(folder, name) for name in data.SETS}
    asked = {name: chance.sample(part.judged(), min(PER_SET, len(part.judged()))) for name, part in sets.items()}
    samples = []
    for name, part in sets.items():
        vectors = data.embed(embedder, part.passages, name)
        collection, ids = loading.load(name, part.passages, vectors, space=SPACE)
        passages = dict(zip(ids, part.passages, strict=True))
        for other, questions in asked.items():
            for question in questions[: PER_SET if other == name else FAR_PER_SET]:
                vector = QuestionVector(SPACE, embedder.embed_question(question.text, 10)[0])
                rows = search(question.text, vector, collections=[collection], k=DEPTH)
                if other != name:
                    samples.append(Sample(name, "far", _features(rows)))
                else:
                    gold = _gold(part, question)
                    rest = [row for row in rows if _place(passages[row["chunk_id"]]) not in gold]
                    samples += [Sample(name, "held", _features(rows)), Sample(name, "removed", _features(rest))]
    return samples


def _gold(part: data.DataSet, question: data.Question) -> set[tuple[str, int]]:
    """Where the answer is. Passages of chunkeval overlap in meaning, so their neighbours go with them."""
    steps = (-1, 0, 1) if part.name == "chunkeval" else (0,)
    held = [_place(passage) for passage in part.passages if passage.id in part.relevance[question.id]]
    return {(document, ordinal + step) for document, ordinal in held for step in steps}


def _place(passage: data.BenchPassage) -> tuple[str, int]:
    return passage.document, passage.ordinal


def _features(rows: Sequence[dict[str, Any]]) -> tuple[float, ...]:
    found = answerable.features(rows[:HITS])
    return tuple(found[name] for name in answerable.WEIGHTS)
