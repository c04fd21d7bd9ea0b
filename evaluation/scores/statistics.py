"""Is one arm of an evaluation better than another, how sure is that, and what could so many cases show at all. Pure.

Exact McNemar: McNemar 1947, by the binomial distribution of the cases on which the arms differ. Intervals: the paired
bootstrap by cluster (Efron 1979; Davison and Hinkley 1997, 3.8); where scores are right or wrong also Newcombe
1998 (Statistics in Medicine 17:2635, method 10), as a bootstrap of few or no differences is narrow for nothing.
"""

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from foundation import agreement

RESAMPLES = 5_000
AT_ONCE = 250  # of them, which keeps the memory of a thousand cases at a few megabytes
FEW_KINDS = 32  # of clusters that are alike, as those of right and wrong are: how often each is drawn is quicker told
SEED = 20_261_130  # the same interval for the same scores, in every install
Z = 1.959963984540054  # of a two-sided level of 95 %
ALPHA = 0.05
Z_POWER = 0.8416212335729143  # of the chance below
POWER = 0.8  # the chance of seeing what is there, as is usual
MOST_CASES = 5_000  # beyond it nobody writes cases; "more than so many" is said
NEGLIGIBLE = 1e-7  # a chance that changes no digit which is shown
STEPS = 60  # of the sum of a power, at least; what lies between them is much the same
LOSSES = (0.05, 0.10)  # shares of cases that a better candidate usually gets wrong and the live model right

Numbers = npt.NDArray[np.float64]
Score = float | None
Interval = tuple[float, float]


class ScoresError(ValueError):
    """The scores cannot be compared; the message says why and what to do."""


@dataclass(frozen=True)
class Comparison:
    """What the candidate's scores are beside the live model's, higher being better. Shares and means from 0 to 1.

    `cases` were scored in both arms, `one_sided` in one alone, `left_out` in one or none. `interval` is that of `gain`
    at 95 %, None where nothing is known of it (one cluster, or no case). `p` is the exact two-sided one, None where
    scores are not right or wrong.
    """

    cases: int
    clusters: int
    before: float | None
    after: float | None
    interval: Interval | None
    p: float | None
    wins: int = 0
    losses: int = 0
    left_out: int = 0
    one_sided: int = 0

    @property
    def gain(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before


def compare(
    before: Mapping[str, Score], after: Mapping[str, Score], clusters: Mapping[str, str] | None = None
) -> Comparison:
    """Two arms by the names of their cases; None is a case that has no such score, as a refusal has no citations.

    A case without a cluster is one of its own. Raises ScoresError where the arms were not asked the same cases, or a
    score is no finite number.
    """
    _check(before, after)
    asked = clusters or {}
    pairs = [(name, first, after[name]) for name, first in before.items()]
    scored = [(name, float(b), float(a)) for name, b, a in pairs if b is not None and a is not None]
    one_sided = sum((b is None) != (a is None) for _, b, a in pairs)
    if not scored:
        return Comparison(0, 0, None, None, None, None, left_out=len(pairs), one_sided=one_sided)
    live = np.array([b for _, b, _ in scored])
    candidate = np.array([a for _, _, a in scored])
    names: list[Hashable] = [asked.get(name) or (name,) for name, _, _ in scored]
    is_binary = bool(np.isin(np.concatenate([live, candidate]), (0.0, 1.0)).all())
    wins, losses = int((candidate > live).sum()), int((candidate < live).sum())
    return Comparison(
        cases=len(scored),
        clusters=len(set(names)),
        before=float(live.mean()),
        after=float(candidate.mean()),
        interval=_interval(live, candidate, names, is_binary=is_binary),
        p=mcnemar(losses, wins) if is_binary else None,
        wins=wins,
        losses=losses,
        left_out=len(pairs) - len(scored),
        one_sided=one_sided,
    )


def _check(before: Mapping[str, Score], after: Mapping[str, Score]) -> None:
    odd = set(before) ^ set(after)
    if odd:
        named = ", ".join(sorted(odd)[:5])
        raise ScoresError(
            f"The arms were not asked the same cases: {len(odd)} stand in one of them alone ({named}). Finish the run,"
            " or take one whose arms share a frozen set."
        )
    bad = sorted({name for arm in (before, after) for name, score in arm.items() if _is_no_number(score)})
    if bad:
        raise ScoresError(f"{len(bad)} scores are no finite numbers ({', '.join(bad[:5])}). Score these cases again.")


def _is_no_number(score: Score) -> bool:
    return score is not None and not math.isfinite(score)


def mcnemar(losses: int, wins: int) -> float:
    """Exact two-sided p of so many cases lost and won; 1 where there are none, as nothing speaks for either arm."""
    differing = losses + wins
    if losses < 0 or wins < 0:
        raise ScoresError("Cases are counted from 0.")
    ways = term = 1
    for lost in range(min(losses, wins)):
        term = term * (differing - lost) // (lost + 1)
        ways += term
    found: float = 2 * ways / 2**differing  # of whole numbers, so that nothing is lost before the division
    return min(1.0, found)


def wilson(right: int, cases: int, z: float = Z) -> Interval:
    """Of a share, at 95 % unless `z` is that of another level (Wilson 1927); (0, 1) where there is no case."""
    if not 0 <= right <= cases:
        raise ScoresError(f"{right} of {cases} is no share.")
    if not cases:
        return 0.0, 1.0
    share, square = right / cases, z * z / cases
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / cases + square / (4 * cases)) / (1 + square)
    return (0.0 if right == 0 else middle - half, 1.0 if right == cases else middle + half)


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """How far two graders agree beyond chance (Cohen 1960), 1 being always.

    None where nobody can tell, because both gave one and the same grade to everything, or there is none.
    """
    if len(first) != len(second):
        raise ScoresError(f"The graders graded {len(first)} and {len(second)} cases, not the same ones.")
    return agreement.kappa(first, second)


def _interval(live: Numbers, candidate: Numbers, names: list[Hashable], *, is_binary: bool) -> Interval | None:
    found = bootstrap(candidate - live, names)
    if found is None:
        return None
    if (candidate == live).all():  # a mean moves by no more than the share of cases on which the arms may yet differ
        most = wilson(0, len(live))[1]
        return -most, most
    exact = newcombe(live, candidate) if is_binary else found
    return min(found[0], exact[0]), max(found[1], exact[1])


def bootstrap(differences: Numbers, clusters: Sequence[Hashable]) -> Interval | None:
    """Of the mean of paired differences, drawing whole clusters; None for one cluster, which tells of no other."""
    numbers = {name: index for index, name in enumerate(dict.fromkeys(clusters))}
    if len(numbers) < 2:
        return None
    index = np.array([numbers[name] for name in clusters])
    each = np.column_stack([np.bincount(index, weights=differences), np.bincount(index)])  # sum and size of a cluster
    drawn = _drawn(np.random.default_rng(SEED), each.astype(float))
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], (ALPHA / 2, 1 - ALPHA / 2))
    return float(low), float(high)


def _drawn(random: np.random.Generator, clusters: Numbers) -> Numbers:
    """The sums of RESAMPLES drawings of as many clusters as there are."""
    kinds, counts = np.unique(clusters, axis=0, return_counts=True)
    if len(kinds) <= FEW_KINDS:
        found: Numbers = random.multinomial(len(clusters), counts / len(clusters), size=RESAMPLES) @ kinds
        return found
    drawings = (random.integers(0, len(clusters), size=(AT_ONCE, len(clusters))) for _ in range(RESAMPLES // AT_ONCE))
    return np.concatenate([clusters[drawing].sum(axis=1) for drawing in drawings])


def newcombe(live: Numbers, candidate: Numbers) -> Interval:
    """Of the difference of two shares over the same cases, each 0 or 1."""
    cases = len(live)
    both, neither = int((live * candidate).sum()), int(((1 - live) * (1 - candidate)).sum())
    won, lost = int((candidate > live).sum()), int((candidate < live).sum())
    after, before = (both + won) / cases, (both + lost) / cases
    after_low, after_high = wilson(both + won, cases)
    before_low, before_high = wilson(both + lost, cases)
    shared = _correlation(both, won, lost, neither)
    down, up = after - after_low, before_high - before
    low = math.sqrt(max(0.0, down * down - 2 * shared * down * up + up * up))
    down, up = before - before_low, after_high - after
    high = math.sqrt(max(0.0, down * down - 2 * shared * down * up + up * up))
    return after - before - low, after - before + high


def _correlation(both: int, won: int, lost: int, neither: int) -> float:
    """Phi of the two arms, with Newcombe's correction for continuity; 0 where an arm is right always or never."""
    margins = (both + won) * (lost + neither) * (both + lost) * (won + neither)
    if not margins:
        return 0.0
    excess = both * neither - won * lost
    cases = both + won + lost + neither
    return (max(excess - cases / 2, 0.0) if excess > 0 else float(excess)) / math.sqrt(margins)


@lru_cache(maxsize=4096)
def power(cases: int, won: float, lost: float) -> float:
    """The chance that exact McNemar sees, at 5 %, that a candidate wins a share `won` of the cases and loses `lost`."""
    if not (0 <= won <= 1 and 0 <= lost <= 1 and won + lost <= 1):
        raise ScoresError("Shares of cases won and lost lie between 0 and 1, and so does their sum.")
    if not won + lost:
        return 0.0
    chance = _binomial(cases, won + lost)
    likely = np.flatnonzero(chance > NEGLIGIBLE)
    likely = likely[:: max(1, len(likely) // STEPS)]
    seen = np.array([_seen(differing, won / (won + lost)) for differing in likely.tolist()])
    return float((chance[likely] * seen).sum() / chance[likely].sum())


def _seen(differing: int, share: float) -> float:
    """The chance of a significant win among so many cases that differ."""
    least = _least_wins(differing)
    return 0.0 if least is None else float(_binomial(differing, share)[least:].sum())


@lru_cache(maxsize=8192)
def _least_wins(differing: int) -> int | None:
    """The fewest wins that are significant; None where even all of them are not."""
    by_chance = 2 * np.cumsum(_binomial(differing, 0.5)[::-1])[::-1]  # of so many wins or more, either way
    significant = np.flatnonzero(by_chance < ALPHA)
    return int(significant[0]) if len(significant) else None


def _binomial(trials: int, share: float) -> Numbers:
    """The chances of 0 to `trials` hits."""
    if share <= 0 or share >= 1:
        certain = np.zeros(trials + 1)
        certain[0 if share <= 0 else trials] = 1.0
        return certain
    hits = np.arange(trials + 1)
    logs = _log_factorials()
    found: Numbers = np.exp(
        logs[trials] - logs[hits] - logs[trials - hits] + hits * math.log(share) + (trials - hits) * math.log1p(-share)
    )
    return found


@lru_cache(maxsize=1)
def _log_factorials() -> Numbers:
    return np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, MOST_CASES + 1)))])


@lru_cache(maxsize=256)
def cases_needed(won: float, lost: float) -> int | None:
    """About how many cases show such a gain with a chance of POWER; None: no gain, or more than MOST_CASES."""
    low, high = 1, 64
    while won > lost and high <= MOST_CASES and power(high, won, lost) < POWER:
        low, high = high, 2 * high
    if won <= lost or high > MOST_CASES:
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if power(middle, won, lost) >= POWER else (middle + 1, high)
    return low


@lru_cache(maxsize=256)
def visible_gain(cases: int) -> float | None:
    """The smallest gain, in points, that so many cases show with a chance of POWER; None: not even 90 points."""
    lost, cases = LOSSES[0], min(cases, MOST_CASES)
    gains = (point / 100 for point in range(1, 91))
    return next((gain for gain in gains if power(cases, lost + gain, lost) >= POWER), None)


def reach(cases: int) -> str:
    """What a set of so many cases can and cannot show, in a sentence."""
    gain = visible_gain(cases)
    if gain is None:
        return f"{count(cases)} can show no gain at all: write more."
    said = f"With {count(cases)} you can see gains of about {points(gain)}"
    needed = [cases_needed(lost + 0.10, lost) for lost in LOSSES]
    if gain <= 0.10 or None in needed:
        return f"{said}."
    low, high = (math.ceil((each or 0) / 100) * 100 for each in needed)
    return f"{said}; 10 points need {low} to {high} cases."


def count(cases: int) -> str:
    return f"{cases:,} case{'' if cases == 1 else 's'}"


def points(share: float) -> str:
    """A difference of shares in words: "3 points", "1 point", "0.4 points"."""
    size = 100 * share
    written = f"{size:.0f}" if abs(size) >= 1 or not size else f"{size:.1f}"
    return f"{written} point{'' if written in ('1', '-1') else 's'}"
