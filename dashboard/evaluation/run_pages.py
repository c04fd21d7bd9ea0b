"""What the pages of runs show."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Count, QuerySet

from evaluation.models import EvaluationArm, EvaluationCase, EvaluationResult, EvaluationRun, FailureLayer, RunState
from evaluation.promotion import promoting, proofs
from evaluation.promotion.gate import Gate
from evaluation.promotion.promoting import Offer
from evaluation.runs import following, run_reports
from evaluation.scores import expectations
from evaluation.scores.statistics import ScoresError
from llm.spending import money

FAILED = 100

# Label, name of the share in ArmScores, and what it says.
SHARES = (
    ("Cases passed", "passed", ""),
    ("Facts", "factual", "says what it must, and nothing that it must not"),
    ("Groundedness", "grounded", "how much of an answer stands in its passages"),
    ("Citations that lead somewhere", "validity", ""),
    ("Citations needed", "precision", ""),
    ("Sentences that their citations hold up", "recall", ""),
    ("In the voice", "style", ""),
    ("Refused what it could answer", "over", "less is better"),
    ("Answered what it should not", "under", "less is better"),
    ("Right document found", "retrieval_hit", ""),
)


@dataclass(frozen=True)
class ShownRow:
    """`cells` has what is shown for each arm, by the arm's name."""

    label: str
    about: str
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class ShownRun:
    """`arms` are named as people say, `rows` have a cell for each; `layers` are counted over all arms.

    `orders` are those under way, in words. `offer` says what may be done with the candidate, None where there is
    nothing to judge.
    """

    run: EvaluationRun
    done: int
    orders: list[str]
    arms: list[str]
    rows: list[ShownRow]
    layers: list[tuple[str, str, int]]
    gate: Gate | None
    offer: Offer | None

    @property
    def is_going(self) -> bool:
        return self.run.state in (RunState.WAITING, RunState.RUNNING)

    @property
    def may_go_on(self) -> bool:
        return self.run.state in (RunState.STOPPED, RunState.FAILED)


def listed(count: int) -> QuerySet[EvaluationRun]:
    """The newest runs, each with the answers there are as `done`."""
    known = EvaluationRun.objects.select_related("case_set", "live__endpoint", "candidate__endpoint")
    return known.annotate(done=Count("results")).order_by("-id")[:count]


def shown(run: EvaluationRun) -> ShownRun:
    found = run_reports.scores(run)
    arms = [str(EvaluationArm(arm).label) for arm in found]

    def row(label: str, about: str, cells: Iterable[str]) -> ShownRow:
        return ShownRow(label, about, list(zip(arms, cells, strict=True)))

    every, judged = list(found.values()), _gate(run)
    rows = [
        row(label, about, (_share(getattr(each, name), each.counted.get(name, 0)) for each in every))
        for label, name, about in SHARES
    ]
    rows += [
        row("Critical failures", "nobody may be shown these", (str(each.critical) for each in every)),
        row("Failed calls", "in no share", (str(each.errors) for each in every)),
        row("Half of the answers within", "", (_seconds(each.p50_ms) for each in every)),
        row("95 in 100 within", "", (_seconds(each.p95_ms) for each in every)),
        row("Cost", "", (money.label(each.cost) for each in every)),
    ]
    return ShownRun(
        run=run,
        done=run.results.count(),
        orders=[following.sentence(each) for each in following.open_ones(run)],
        arms=arms,
        rows=rows,
        layers=_layers(run),
        gate=judged,
        offer=promoting.offer(run, judged) if judged else None,
    )


def failed(run: EvaluationRun, layer: str) -> QuerySet[EvaluationResult]:
    """What failed, of one layer where it is named."""
    found = run.results.filter(has_passed=False).select_related("case").defer("trace")
    if layer in FailureLayer.values:
        found = found.filter(layer=layer)
    return found.order_by("case_id", "arm")[:FAILED]


def wanted(case: EvaluationCase) -> list[tuple[str, str]]:
    """What a right answer does and says, in words."""
    said = [("The right answer", case.get_expected_display())]
    said += [("It must say", expectations.said(each)) for each in case.must_include]
    said += [("It must not say", expectations.said(each)) for each in case.must_not_include]
    said += [("It is held by", path) for path in case.gold]
    return said


def _layers(run: EvaluationRun) -> list[tuple[str, str, int]]:
    counts = run.results.exclude(layer="").values_list("layer").annotate(count=Count("id")).order_by("-count")
    return [(layer, str(FailureLayer(layer).label), count) for layer, count in counts]


def _gate(run: EvaluationRun) -> Gate | None:
    if run.state != RunState.DONE:
        return None
    try:
        return proofs.judge(run)
    except ScoresError:  # as one arm was resumed, or a case was erased, meanwhile
        return None


def _share(value: float | None, count: int) -> str:
    return "-" if value is None else f"{100 * value:.0f} % of {count}"


def _seconds(milliseconds: float | None) -> str:
    return "-" if milliseconds is None else f"{milliseconds / 1000:.1f} s"
