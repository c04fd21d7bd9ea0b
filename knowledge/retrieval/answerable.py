"""How likely it is that the passages found hold the answer, from what the search saw and nothing else."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

# Logistic regression by benchmarks/fit_answerable.py on squad2, chunkeval and multihop: questions with their passages
# there, against questions of other sets and questions whose passages were taken away, half of each, at four to one: a
# bot that refuses what it could answer annoys more than one that shows a passage beside the point.
INTERCEPT = -4.77
WEIGHTS = {
    "first_cosine": 2.44,
    "sentence": 2.27,
    "coverage_together": 2.69,
    "phrase": 1.74,
    "sentence_mix": 2.75,
}

TOGETHER = 3  # hits whose terms are counted together


def estimate(rows: Sequence[Mapping[str, Any]]) -> float:
    """0 (the documents do not hold it) to 1, calibrated so that 0.5 is where a support bot should begin to refuse.

    `rows` are those of the SQL function parley_search, best first. No rows: 0.
    """
    if not rows:
        return 0.0
    found = features(rows)
    return 1 / (1 + math.exp(-INTERCEPT - sum(weight * found[name] for name, weight in WEIGHTS.items())))


def features(rows: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """What speaks for an answer, each about 0 to 1 whatever the size of the corpus.

    Cosines are raw: scores that are scaled per question say nothing across questions. Coverage is the share of the
    question's terms, weighed by rarity, that the leading hits hold together; the mix finds the one sentence that is
    close in meaning and in words.
    """
    idf: Sequence[float] = rows[0]["idf"]
    held_by_any = [any(held) for held in zip(*(row["matched"] for row in rows[:TOGETHER]), strict=True)]
    return {
        "first_cosine": rows[0]["cosine"],
        "sentence": max(max(row["similarities"], default=row["cosine"]) for row in rows),
        "coverage_together": sum(weight for weight, held in zip(idf, held_by_any, strict=True) if held)
        / (sum(idf) or 1),
        "phrase": max(row["phrase"] for row in rows),
        "sentence_mix": max(row["sentence_mix"] or 0.0 for row in rows),
    }
