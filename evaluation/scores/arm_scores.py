"""The scores of an arm over all its cases. Pure.

What a provider failed at is counted and told, and is in no share. A share of nothing is None. What people say who
graded an answer comes before what is measured; where more say one thing it is that, where as many say each, nothing.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from bot.models import Outcome
from evaluation.models import EvaluationResult, ExpectedBehaviour
from llm.spending import pricing

QUESTIONS = ("is_factual", "is_on_brand", "is_rightly_refused")  # that people are asked of an answer


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
    cost = pricing.total(each.cost for each in results)
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
        over=share("over", (refused_wrongly(each) for each in answerable)),
        under=share("under", (answered_wrongly(each) for each in others)),
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
    found: bool | None = result.scores.get("factual")
    return _resolved((grade.is_factual for grade in result.grades.all()), found)


def on_brand(result: EvaluationResult) -> bool | None:
    """Whether it keeps to the voice: as people say who graded it, else as the voice's rules say."""
    return _resolved((grade.is_on_brand for grade in result.grades.all()), keeps_to_voice(result))


def behaved(result: EvaluationResult) -> bool | None:
    """Whether it was right to answer, or not to: as people say who graded it, else as the case expects."""
    expected = is_answered(result) == (result.case.expected == ExpectedBehaviour.ANSWER)
    return _resolved((grade.is_rightly_refused for grade in result.grades.all()), expected)


def refused_wrongly(result: EvaluationResult) -> bool | None:
    """Whether it gave no answer and should have; None where people are at odds."""
    return not is_answered(result) and opposite(behaved(result))


def answered_wrongly(result: EvaluationResult) -> bool | None:
    """Whether it answered and should not have: what was refused in the wrong way is not among it."""
    return is_answered(result) and opposite(behaved(result))


def is_answered(result: EvaluationResult) -> bool:
    return result.outcome == Outcome.ANSWERED


class Grade(Protocol):
    """What a person said of an answer: HumanGrade, or what was read of one."""

    @property
    def is_factual(self) -> bool | None: ...
    @property
    def is_on_brand(self) -> bool | None: ...
    @property
    def is_rightly_refused(self) -> bool | None: ...


def is_telling(grade: Grade) -> bool:
    """Whether it says whether the answer is right."""
    return grade.is_factual is not None or grade.is_rightly_refused is not None


def is_graded(grades: Iterable[Grade]) -> bool:
    """Whether people say of the facts, or of the refusal, more one thing than the other."""
    given = list(grades)
    told = [majority(each.is_factual for each in given), majority(each.is_rightly_refused for each in given)]
    return any(each is not None for each in told)


def is_split(grades: Iterable[Grade]) -> bool:
    """Whether as many say yes as no to one of QUESTIONS, so that it counts as neither until others have looked."""
    given = list(grades)
    said = ([value for each in given if (value := getattr(each, name)) is not None] for name in QUESTIONS)
    return any(each and majority(each) is None for each in said)


def majority(grades: Iterable[bool | None]) -> bool | None:
    """What more people say; None where none does, or as many say the contrary."""
    said = [grade for grade in grades if grade is not None]
    return None if 2 * sum(said) == len(said) else 2 * sum(said) > len(said)


def _resolved(grades: Iterable[bool | None], otherwise: bool | None) -> bool | None:
    """What people say, None where they are at odds; what is measured otherwise only where nobody said anything."""
    said = [grade for grade in grades if grade is not None]
    return majority(said) if said else otherwise


def opposite(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict


def citations(result: EvaluationResult, name: str) -> float | None:
    """One of the shares of citing.CitationQuality."""
    found: dict[str, float | None] | None = result.scores.get("citations")
    return found[name] if found else None


def keeps_to_voice(result: EvaluationResult) -> bool | None:
    """As the rules of the voice say."""
    faults: list[str] | None = result.scores.get("style")
    return None if faults is None else not faults


def _is_hit(result: EvaluationResult) -> bool | None:
    rank: int | None = result.scores.get("retrieval_rank")
    return None if rank is None else rank > 0
