"""What came of grading a run: how far people agree with each other and with what is measured."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.db.models import Prefetch

from evaluation.models import EvaluationResult, EvaluationRun, ExpectedBehaviour, HumanGrade
from evaluation.scores import arm_scores, grade_agreement, scoring
from evaluation.scores.grade_agreement import Matched, Verdict

# What people are asked, what is measured of the same, and how that is called.
Measured = Callable[[EvaluationResult], Verdict]


def _words(result: EvaluationResult) -> Verdict:
    found: Verdict = result.scores.get("factual")
    return found


def _grounded(result: EvaluationResult) -> Verdict:
    score = result.scores.get("grounded")
    return None if score is None else score >= scoring.FAITHFUL and not result.scores.get("unsupported")


def _expected(result: EvaluationResult) -> Verdict:
    return arm_scores.is_answered(result) == (result.case.expected == ExpectedBehaviour.ANSWER)


MEASURED: Sequence[tuple[str, str, str, Measured]] = (
    ("is_factual", "Facts", "what it must and must not say", _words),
    ("is_factual", "Facts", "groundedness", _grounded),
    ("is_on_brand", "On brand", "the rules of the voice", arm_scores.keeps_to_voice),
    ("is_rightly_refused", "Rightly answered or refused", "what the case expects", _expected),
)


@dataclass(frozen=True)
class AgreementRow:
    """One question to people beside one measure. `split` answers are told right by as many as wrong: not counted."""

    name: str
    label: str
    measure: str
    graded: int
    split: int
    people: Matched
    measured: Matched


@dataclass(frozen=True)
class AtOdds:
    """An answer of which people say one thing and a measure another."""

    result: EvaluationResult
    label: str
    measure: str
    people: bool


def agreement(run: EvaluationRun) -> list[AgreementRow]:
    """A row for each question and measure that people have graded."""
    results = _graded(run)
    rows = (_row(results, *each) for each in MEASURED)
    return [row for row in rows if row.graded or row.split]


def as_json(run: EvaluationRun) -> list[dict[str, Any]]:
    """The same for `manage.py evaluate --json`; shares and kappa are null where nothing tells."""
    return [asdict(row) for row in agreement(run)]


def at_odds(run: EvaluationRun, most: int) -> list[AtOdds]:
    return [each for _, each in zip(range(most), _odds(_graded(run)), strict=False)]


def _graded(run: EvaluationRun) -> list[EvaluationResult]:
    """The answers that people graded, one of those that say the same."""
    oldest = Prefetch("grades", HumanGrade.objects.order_by("created_at", "id"))
    found = run.results.exclude(has_passed=None).filter(grades__isnull=False).distinct()
    once: dict[tuple[Any, ...], EvaluationResult] = {}
    for result in found.select_related("case").prefetch_related(oldest).defer("trace").order_by("case_id", "id"):
        once.setdefault((result.case_id, result.outcome, result.answer, str(result.citations)), result)
    return list(once.values())


def _row(results: Iterable[EvaluationResult], name: str, label: str, measure: str, measured: Measured) -> AgreementRow:
    people, beside, split = [], [], 0
    for result in results:
        told = [(grade.grader_id, getattr(grade, name)) for grade in result.grades.all()]
        said = [(grader, value) for grader, value in told if value is not None]
        if not said:
            continue
        people.append(first_two(said))
        verdict = arm_scores.majority(value for _, value in said)
        split += verdict is None
        beside.append((verdict, measured(result)))
    return AgreementRow(
        name, label, measure, len(beside) - split, split,
        people=grade_agreement.matched(filter(None, people)),
        measured=grade_agreement.matched(beside),
    )  # fmt: skip


def first_two(said: Sequence[tuple[int | None, bool]]) -> tuple[bool, bool] | None:
    """What the first two people said, in that order; None where only one did."""
    by = dict(reversed(said))
    if len(by) < 2:
        return None
    first = said[0]
    return first[1], next(value for grader, value in said if grader != first[0])


def _odds(results: Iterable[EvaluationResult]) -> Iterator[AtOdds]:
    for result in results:
        for name, label, measure, measured in MEASURED:
            people = arm_scores.majority(getattr(grade, name) for grade in result.grades.all())
            found = measured(result)
            if people is not None and found is not None and people != found:
                yield AtOdds(result, label, measure, people)
