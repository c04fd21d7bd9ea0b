"""What the page of a run shows of its grades: how far they are, how people agree, and what a judge says."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User

from dashboard.evaluation import grading_pages
from evaluation.grades import grade_reports, human_grades, judge_orders, judge_reports, judge_tasks
from evaluation.grades.grade_reports import AtOdds
from evaluation.grades.judge_orders import JudgeError
from evaluation.grades.judge_reports import JudgeReport
from evaluation.models import EvaluationArm, EvaluationRun, JudgeOrder, RunState
from evaluation.scores.grade_agreement import Matched
from llm.models import Deployment
from llm.spending import money

ODDS = 30


@dataclass(frozen=True)
class ShownAgreement:
    """A row in words; `split` answers are told right by as many as wrong."""

    label: str
    graded: int
    split: int
    people: str
    measure: str
    measured: str


@dataclass(frozen=True)
class ShownJudge:
    """`lines` are label and value."""

    report: JudgeReport
    lines: list[tuple[str, str]]


@dataclass(frozen=True)
class JudgePlan:
    """What an order would ask: so many judgements of `judge`, for at most `cost`, or `thought` where it thinks before
    it speaks. `why_not` says why none can be."""

    why_not: str
    judge: Deployment | None = None
    count: int = 0
    cost: str = ""
    thought: str = ""
    cautions: tuple[str, ...] = ()


def summary(run: EvaluationRun, user: User) -> dict[str, Any] | None:
    """None while the run goes on."""
    if run.state in (RunState.WAITING, RunState.RUNNING):
        return None
    found = human_grades.items(run)
    return {
        "progress": human_grades.progress(run, found, user, goal=grading_pages.GOAL),
        "rows": list(_agreement(grade_reports.agreement(run))),
        "odds": [_odds(each) for each in grade_reports.at_odds(run, ODDS)],
        "judge": _judge(run),
        "order": _order(run),
    }


def plan(run: EvaluationRun) -> JudgePlan:
    """What it would take to have the rest judged."""
    try:
        judge = judge_orders.judge()
    except JudgeError as error:
        return JudgePlan(str(error))
    if judge_orders.going(run):
        return JudgePlan(f"{judge} is at it already.", judge)
    tasks = judge_tasks.pending(run, judge)
    if run.state != RunState.DONE or not tasks:
        return JudgePlan(f"{judge} has nothing to judge here: it has judged all, or the run is not done.", judge)
    cautions = tuple(judge_orders.cautions(run, judge))
    most = judge_tasks.most(run, judge, tasks)
    spoken, thought = (money.label(most.spoken), money.label(most.thought)) if most else ("unpriced", "")
    return JudgePlan("", judge, len(tasks), spoken, thought, cautions)


def _agreement(rows: Iterable[grade_reports.AgreementRow]) -> Iterator[ShownAgreement]:
    """What is measured in two ways says once how many are split."""
    told: set[str] = set()
    for row in rows:
        split = 0 if row.name in told else row.split
        told.add(row.name)
        yield ShownAgreement(row.label, row.graded, split, words(row.people), row.measure, words(row.measured))


def words(found: Matched) -> str:
    """ "88 % of 24, kappa 0.71"."""
    if found.share is None:
        return "-"
    return f"{100 * found.share:.0f} % of {found.count}{_kappa(found.kappa)}"


def _kappa(kappa: float | None) -> str:
    return ", kappa not known" if kappa is None else f", kappa {kappa:.2f}"


def _odds(each: AtOdds) -> dict[str, Any]:
    said = "yes" if each.people else "no"
    return {"result": each.result, "said": f"{each.label}: people say {said}, {each.measure} the contrary"}


def _order(run: EvaluationRun) -> JudgeOrder | None:
    return run.judge_orders.select_related("judge").first()


def _judge(run: EvaluationRun) -> ShownJudge | None:
    found = judge_reports.report(run)
    if found is None:
        return None
    beside, pairs = found.calibration, found.pairs
    lines = [
        *((f"Facts right, {EvaluationArm(arm).label}", _share(each)) for arm, each in found.facts.items()),
        *((f"Grounded, {EvaluationArm(arm).label}", _share(each)) for arm, each in found.grounded.items()),
        *((f"Left unknown, {EvaluationArm(arm).label}", _percent(each)) for arm, each in found.unknown.items()),
        ("Beside people", words(beside.matched)),
        ("Of what people call right it calls right", _percent(beside.sensitivity)),
        ("Of what people call wrong it calls wrong", _percent(beside.specificity)),
        ("Two people beside each other", words(found.ceiling)),
    ]
    if pairs.decided or pairs.ties:
        lines += [
            ("Closer to the voice", f"the candidate {pairs.won}, the live model {pairs.lost}, ties {pairs.ties}"),
            ("Ties because it goes by the place", str(pairs.inconsistent)),
            ("The longer answer won", f"{pairs.longer} of {pairs.decided}"),
        ]
    return ShownJudge(found, [*lines, ("Cost", money.label(found.cost))])


def _share(told: tuple[float | None, int]) -> str:
    share, count = told
    return "-" if share is None else f"{100 * share:.0f} % of {count}"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def budget(written: str) -> Decimal | None:
    """USD; None of nothing written. Raises ValueError."""
    return money.parsed(written) if written.strip() else None
