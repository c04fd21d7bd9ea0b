"""Has a figure moved from what it was: by more than matters, and by more than chance. Pure.

Shares and means are compared by Welch's test (a share with Agresti and Caffo's two answers more, The American
Statistician 2000, 54:280), what is asked about by the population stability index, above .2 of which a shift is usually
called large. Its own noise is (groups - 1) (1 / n + 1 / m), so it takes LEAST_TOPICS answers and few groups.
The 95th percentile takes as many, as a test of it has little to go by.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evaluation.models import DriftMeasure, DriftState
from evaluation.scores import arm_scores

LEAST = 50  # answers, on either side
LEAST_TOPICS = 200
GROUPS = 9  # documents that are told apart; all others are one group
MOST_PSI = 0.2
Z = 2.5758293035489004  # of 99 %, as ten measures are looked at every week
ENDS = (90, 30, 7)  # days
MOST_CHANGED = 0.1  # of the examples

# How far a figure may move: in points of a share, or as a part of what it was.
POINTS = {
    DriftMeasure.REFUSED: 0.05, DriftMeasure.GROUNDED: 0.05, DriftMeasure.STYLE: 0.05, DriftMeasure.DISLIKED: 0.03,
    DriftMeasure.FROZEN: 0.05,
}  # fmt: skip
PARTS = {DriftMeasure.LENGTH: 0.2, DriftMeasure.COST: 0.2, DriftMeasure.P95: 0.3}
BINARY = (DriftMeasure.REFUSED, DriftMeasure.STYLE, DriftMeasure.DISLIKED, DriftMeasure.FROZEN)


@dataclass(frozen=True)
class Sampled:
    """A figure over `size` answers, None of none. `spread` is the standard deviation of one answer."""

    value: float | None
    size: int
    spread: float = 0.0

    @classmethod
    def of(cls, values: Sequence[float]) -> "Sampled":
        size = len(values)
        if not size:
            return cls(None, 0)
        mean = sum(values) / size
        return cls(mean, size, math.sqrt(sum((each - mean) ** 2 for each in values) / max(1, size - 1)))

    @classmethod
    def p95(cls, values: Sequence[float]) -> "Sampled":
        return cls(arm_scores.percentile(values, 95), len(values))


@dataclass(frozen=True)
class Moved:
    state: DriftState
    note: str = ""


def compared(measure: DriftMeasure, before: Sampled, now: Sampled) -> Moved:
    """A figure of a week with its baseline; UNKNOWN with too few answers on either side."""
    if missing := _missing(before, now, LEAST_TOPICS if measure == DriftMeasure.P95 else LEAST):
        return Moved(DriftState.UNKNOWN, missing)
    was = before.value or 0.0
    change = (now.value or 0.0) - was
    most = POINTS.get(measure) or PARTS.get(measure, 0.0) * abs(was)
    has_moved = abs(change) > most and (measure == DriftMeasure.P95 or abs(_z(measure, before, now)) > Z)
    return Moved(DriftState.DRIFTED if has_moved else DriftState.STEADY)


def stability(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """The population stability index of two distributions over the same groups; a group of none counts as half one."""
    names = [name for name, _ in Counter(before).most_common(GROUPS)]
    old, new = _grouped(before, names), _grouped(now, names)
    pairs = [(b / sum(old), n / sum(new)) for b, n in zip(old, new, strict=True)]
    return sum((share - was) * math.log(share / was) for was, share in pairs)


def of_topics(before: Mapping[str, int], now: Mapping[str, int]) -> tuple[float | None, Moved]:
    """The index, None with too few answers."""
    sizes = Sampled(0.0, sum(before.values())), Sampled(0.0, sum(now.values()))
    if missing := _missing(*sizes, LEAST_TOPICS):
        return None, Moved(DriftState.UNKNOWN, missing)
    found = stability(before, now)
    return found, Moved(DriftState.DRIFTED if found > MOST_PSI else DriftState.STEADY)


def of_end(days: int | None) -> Moved:
    """Days until a provider ends it; None where it names no day."""
    if days is None:
        return Moved(DriftState.UNKNOWN, "Its provider names no day on which it ends.")
    passed = [day for day in ENDS if days <= day]
    note = f"Fewer than {min(passed)} days are left: let another model take its place." if passed else ""
    return Moved(DriftState.DRIFTED if passed else DriftState.STEADY, note)


def of_sources(changed: int, examples: int) -> Moved:
    if not examples:
        return Moved(DriftState.UNKNOWN, "What it was trained on is not known here, or it was never tuned.")
    return Moved(DriftState.DRIFTED if changed / examples > MOST_CHANGED else DriftState.STEADY)


def kept(sampled: Sampled) -> dict[str, Any]:
    return {"value": sampled.value, "size": sampled.size, "spread": sampled.spread}


def _missing(before: Sampled, now: Sampled, least: int) -> str:
    if before.value is None or before.size < least:
        return f"It was measured on {before.size} answers when it began; it takes {least}."
    if now.value is None or now.size < least:
        return f"There are {now.size} answers of this week; it takes {least}."
    return ""


def _z(measure: DriftMeasure, before: Sampled, now: Sampled) -> float:
    """How many standard errors it has moved; 0 where nothing varies and nothing moved."""
    (first, one), (second, other) = (_moments(measure, each) for each in (before, now))
    error = math.sqrt(one + other)
    return (second - first) / error if error else math.copysign(math.inf, second - first) if second != first else 0.0


def _moments(measure: DriftMeasure, sampled: Sampled) -> tuple[float, float]:
    """Mean, and the square of its standard error."""
    value = sampled.value or 0.0
    if measure not in BINARY:
        return value, sampled.spread**2 / sampled.size
    share = (value * sampled.size + 1) / (sampled.size + 2)
    return share, share * (1 - share) / (sampled.size + 2)


def _grouped(counts: Mapping[str, int], names: Sequence[str]) -> list[float]:
    told = [counts.get(name, 0) for name in names]
    return [max(count, 0.5) for count in (*told, sum(counts.values()) - sum(told))]
