"""How good a ranking is, against judged passages."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Quality:
    """Means over questions, 0 to 1."""

    ndcg: float
    recall: float
    recall_of_six: float
    reciprocal_rank: float
    first_hit: float


def quality(rankings: Mapping[str, Sequence[str]], relevance: Mapping[str, Mapping[str, float]]) -> Quality:
    """nDCG@10, recall@5 and @6, reciprocal rank within 10 and hit@1, over the questions of `rankings`."""
    scores = [_of_one(ranking, relevance[question]) for question, ranking in rankings.items()]
    return Quality(*(sum(values) / len(scores) for values in zip(*scores, strict=True)))


def _of_one(ranking: Sequence[str], grades: Mapping[str, float]) -> tuple[float, float, float, float, float]:
    gained = sum(grades.get(passage, 0) / math.log2(place + 2) for place, passage in enumerate(ranking[:10]))
    ideal = sum(g / math.log2(place + 2) for place, g in enumerate(sorted(grades.values(), reverse=True)[:10]))
    five, six = (len(set(ranking[:count]) & grades.keys()) / len(grades) for count in (5, 6))
    first = next((place for place, passage in enumerate(ranking[:10], 1) if passage in grades), None)
    return gained / ideal, five, six, 1 / first if first else 0.0, float(first == 1)
