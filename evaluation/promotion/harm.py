"""Does a candidate harm those who ask it: its answers against the live model's of the same time. Pure.

It is looked at again and again, so what all looks together may get wrong is shared out among them (alpha spending, Lan
and DeMets 1983): the first look is at FIRST_LOOK answers, each after it at twice as many, and look k has
1 / (k (k + 1)) of it. A measure counts as worse where it is beyond its margin at that level, by method 10 of Newcombe
1998 (Statistics in Medicine 17:873), but with the exact lower end of the candidate's share (Clopper and Pearson 1934,
Biometrika 26:404): Wilson's is too high for rare failures among few answers. Of equal candidates, and of those that are
just at a margin, hardly any is so halted, however long they are looked at.

Beside the looks there are bursts of failures, which are looked for after each answer. What fails for both alike, as in
an outage, is told by Fisher's exact test against the live model's answers of the same time. Its level is as simulated:
over 1,600 answers it takes the hundredth that the looks leave of one in twenty, or little more, at whatever rate fails.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

from evaluation.scores import statistics

FIRST_LOOK = 25
ALPHA = 0.04  # of all looks and measures together; with bursts it is one in twenty
BURST, BURST_OF = 5, 10
BURST_LEVEL = 2e-5
BURST_BESIDE = 12  # newest answers of the live model, where fewer fall into the time of the candidate's
HALVINGS = 20  # of where a share's lower end may lie, which leaves a millionth
NEGLIGIBLE = 1e-9
LEAST_BESIDE = 25  # answers of the live model, without which there is nothing to compare with

# What is counted, how much of it a candidate may have more than the live model, and how it is said.
MARGINS: Mapping[str, tuple[float, str]] = {
    "errors": (0.02, "failed"),
    "slow": (0.05, "took too long"),
    "miscited": (0.02, "cited what is not there"),
    "refused": (0.05, "were refusals"),
    "disliked": (0.03, "got a thumbs-down"),
}


@dataclass(frozen=True)
class ArmTally:
    """What came of the questions of one arm. `asked` are all, the other counts but `errors` are of those it `gave`.

    `p95_ms` is of those it gave, None where there are none.
    """

    asked: int = 0
    errors: int = 0
    gave: int = 0
    slow: int = 0
    miscited: int = 0
    refused: int = 0
    disliked: int = 0
    p95_ms: float | None = None

    def of(self, measure: str) -> tuple[int, int]:
        """How many, of how many."""
        return int(getattr(self, measure)), self.asked if measure == "errors" else self.gave

    def share(self, measure: str) -> float | None:
        count, total = self.of(measure)
        return count / total if total else None


def look(asked: int) -> int:
    """Which look so many answers of the candidate allow, counted from 1; 0 before the first."""
    return int(math.log2(asked / FIRST_LOOK)) + 1 if asked >= FIRST_LOOK else 0


def size(look: int) -> int:
    """The answers of the candidate that a look is at: the first so many, whenever it is done."""
    return FIRST_LOOK << (look - 1)


def found(candidate: ArmTally, live: ArmTally, look: int) -> str:
    """What is proven to be worse, as a sentence; empty where nothing is."""
    if not look or min(candidate.gave + candidate.errors, live.asked) < LEAST_BESIDE:
        return ""
    level = ALPHA / len(MARGINS) / (look * (look + 1))
    worse = [
        measure
        for measure, (margin, _) in MARGINS.items()
        if _excess(candidate.of(measure), live.of(measure), level) > margin
    ]
    return " ".join(_sentence(measure, candidate, live) for measure in worse)


def burst(mine: tuple[int, int], beside: tuple[int, int]) -> str:
    """Whether so many failures, of how many newest answers, halt it at once: more than the live model's of that time by
    more than chance. Where that gave none in the time, nothing is known: whatever failed may have failed for both."""
    (failed, newest), (others, of) = mine, beside
    if failed < BURST or not of or _chance(mine, beside) > BURST_LEVEL:
        return ""
    return f"{failed} of its newest {newest} answers failed, {others} of the live model's {of} in that time."


def _chance(mine: tuple[int, int], beside: tuple[int, int]) -> float:
    """That so many of all failures, or more, fall to the first where both are alike (Fisher's exact test)."""
    (count, total), (others, of) = mine, beside
    failures = count + others
    ways = (math.comb(total, each) * math.comb(of, failures - each) for each in range(count, min(total, failures) + 1))
    return sum(ways) / math.comb(total + of, failures)


def _excess(mine: tuple[int, int], beside: tuple[int, int], level: float) -> float:
    """The least that the first share is above the second, but for a chance of `level`."""
    (count, total), (others, of) = mine, beside
    if not total or not of:
        return -1.0
    share, other = count / total, others / of
    z = NormalDist().inv_cdf(1 - level)
    down, up = share - _least(count, total, level), statistics.wilson(others, of, z)[1] - other
    return share - other - math.hypot(down, up)


@lru_cache(maxsize=1024)
def _least(count: int, total: int, level: float) -> float:
    """The exact lower end of a share: less would give so many, or more, with a chance below `level`."""
    low, high = 0.0, count / total
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if _tail(count, total, middle) > level else (middle, high)
    return low


def _tail(count: int, total: int, share: float) -> float:
    """That of so many at least `count` fall to what has this share, which is not above count / total."""
    if count == 0 or share == 0.0:
        return float(count == 0)
    ways = math.lgamma(total + 1) - math.lgamma(count + 1) - math.lgamma(total - count + 1)
    term = math.exp(ways + count * math.log(share) + (total - count) * math.log1p(-share))
    found, odds = term, share / (1 - share)
    for each in range(count, total):
        term *= (total - each) / (each + 1) * odds
        found += term
        if term < NEGLIGIBLE * found:
            break
    return found


def _sentence(measure: str, candidate: ArmTally, live: ArmTally) -> str:
    margin, said = MARGINS[measure]
    (count, total), (others, of) = candidate.of(measure), live.of(measure)
    return (
        f"{count} of its {total} answers {said}, {others} of the live model's {of}:"
        f" worse by more than {statistics.points(margin)}, and not by chance."
    )
