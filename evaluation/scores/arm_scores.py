"""The scores of an arm over all its cases. Pure.

What a provider failed at is counted and told, and is in no share. A share of nothing is None.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bot.models import Outcome
from evaluation.models import EvaluationResult, ExpectedBehaviour


@dataclass(frozen=True, kw_only=True)
class ArmScores:
    """Shares from 0 to 1, times in milliseconds, costs in USD with None for unpriced.

    `over` is the share of the cases with an answer that were refused, `under` that of the others that were answered.
    `counted` says how many cases are behind each share. `critical` counts answers with what they must not say, or with
    citations that lead nowhere.
    """

    cases: int
    errors: int
    passed: float | None
    factual: float | None
    grounded: float | None
    validity: float | None
    precision: float | None
    recall: float | None
    style: float | None
    over: float | None
    under: float | None
    retrieval_hit: float | None
    p50_ms: float | None
    p95_ms: float | None
    first_token_ms: float | None
    cost: Decimal | None
    cost_per_answer: Decimal | None
    critical: int
    layers: dict[str, int] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)


def summarise(results: Sequence[EvaluationResult]) -> ArmScores:
    """The scores of one arm; each result comes with its case and its grades."""
    known = [result for result in results if result.has_passed is not None]
    counted: dict[str, int] = {}

    def share(name: str, values: Iterable[float | bool | None]) -> float | None:
        there = [float(value) for value in values if value is not None]
        counted[name] = len(there)
        return sum(there) / len(there) if there else None

    answerable = [each for each in known if each.case.expected == ExpectedBehaviour.ANSWER]
    others = [each for each in known if each.case.expected != ExpectedBehaviour.ANSWER]
    times = [each.total_ms for each in known if each.total_ms is not None]
    first = [each.first_token_ms for each in known if each.first_token_ms is not None]
    costs = [each.cost for each in results]
    cost = None if None in costs else sum(filter(None, costs), Decimal(0))
    return ArmScores(
        cases=len(known),
        errors=len(results) - len(known),
        passed=share("passed", (each.has_passed for each in known)),
        factual=share("factual", (factual(each) for each in known)),
        grounded=share("grounded", (each.scores.get("grounded") for each in known)),
        validity=share("validity", (citations(each, "validity") for each in known)),
        precision=share("precision", (citations(each, "precision") for each in known)),
        recall=share("recall", (citations(each, "recall") for each in known)),
        style=share("style", (on_brand(each) for each in known)),
        over=share("over", (not is_answered(each) for each in answerable)),
        under=share("under", (is_answered(each) for each in others)),
        retrieval_hit=share("retrieval_hit", (_is_hit(each) for each in known)),
        p50_ms=percentile(times, 50),
        p95_ms=percentile(times, 95),
        first_token_ms=percentile(first, 50),
        cost=cost,
        cost_per_answer=cost / len(known) if cost is not None and known else None,
        critical=sum(is_critical(each) for each in known),
        layers=dict(Counter(each.layer for each in known if each.layer).most_common()),
        counted=counted,
    )


def percentile(values: Sequence[float], share: int) -> float | None:
    """The smallest value that `share` in 100 do not exceed (nearest rank); None of nothing."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share / 100 * len(values)) - 1)]


def is_critical(result: EvaluationResult) -> bool:
    """Whether nobody may be shown such an answer: it says what it must not, or cites what is not there."""
    return bool(result.scores.get("forbidden") or result.scores.get("invalid_markers"))


def factual(result: EvaluationResult) -> bool | None:
    """Whether its facts are right: as people say who graded it, else as what it must hold says."""
    graded = _majority(grade.is_factual for grade in result.grades.all())
    found: bool | None = result.scores.get("factual")
    return found if graded is None else graded


def on_brand(result: EvaluationResult) -> bool | None:
    """Whether it keeps to the voice: as people say who graded it, else as the voice's rules say."""
    graded = _majority(grade.is_on_brand for grade in result.grades.all())
    return _keeps_to_voice(result) if graded is None else graded


def is_answered(result: EvaluationResult) -> bool:
    return result.outcome == Outcome.ANSWERED


def _majority(grades: Iterable[bool | None]) -> bool | None:
    """What more people say; None where none does, or as many say the contrary."""
    said = [grade for grade in grades if grade is not None]
    return None if 2 * sum(said) == len(said) else 2 * sum(said) > len(said)


def citations(result: EvaluationResult, name: str) -> float | None:
    """One of the shares of citing.CitationQuality."""
    found: dict[str, float | None] | None = result.scores.get("citations")
    return found[name] if found else None


def _keeps_to_voice(result: EvaluationResult) -> bool | None:
    faults: list[str] | None = result.scores.get("style")
    return None if faults is None else not faults


def _is_hit(result: EvaluationResult) -> bool | None:
    rank: int | None = result.scores.get("retrieval_rank")
    return None if rank is None else rank > 0
