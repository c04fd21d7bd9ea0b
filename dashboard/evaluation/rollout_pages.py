"""What the page of rollouts shows."""

from dataclasses import dataclass

from django.db.models import QuerySet

from evaluation.models import EvaluationRun
from evaluation.promotion import canaries, harm, promoting
from evaluation.promotion.harm import ArmTally
from evaluation.promotion.promoting import NextStep
from llm.models import Rollout, RolloutState

# What is counted of both arms, and what it says.
MEASURES = {
    "errors": ("Failed", "of all that were asked; another model answered where it could"),
    "slow": (
        "Slow",
        "a quarter longer than 95 in 100 of the live model's take; beside one that quotes, over 15 s",
    ),
    "miscited": ("Cited what is not there", ""),
    "refused": ("Refused", "not in the documents, or blocked"),
    "disliked": ("Thumbs down", ""),
}
HISTORY = 20


@dataclass(frozen=True)
class MeasuredRow:
    """What is shown of both arms, and how much the candidate may have more."""

    label: str
    about: str
    candidate: str
    live: str
    margin: str


@dataclass(frozen=True)
class ShownRollout:
    """`step` is the next one, None where it has ended; `steps` are all, each with whether it has been reached."""

    rollout: Rollout
    rows: list[MeasuredRow]
    step: NextStep | None
    steps: list[tuple[int, bool]]
    run: EvaluationRun | None

    @property
    def is_going(self) -> bool:
        return self.rollout.state == RolloutState.GOING

    @property
    def least_answers(self) -> int:
        return promoting.LEAST_ANSWERS


def shown(rollout: Rollout) -> ShownRollout:
    is_going = rollout.state == RolloutState.GOING
    return ShownRollout(
        rollout=rollout,
        rows=_rows(*canaries.tallies(rollout)),
        step=promoting.next_step(rollout) if is_going else None,
        steps=[(step, step <= rollout.percent) for step in promoting.STEPS],
        run=EvaluationRun.objects.filter(pk=rollout.run).first() if rollout.run else None,
    )


def history() -> QuerySet[Rollout]:
    """The newest first."""
    return Rollout.objects.select_related("endpoint", "beside__endpoint", "created_by", "ended_by")[:HISTORY]


def _rows(candidate: ArmTally, live: ArmTally) -> list[MeasuredRow]:
    rows = [MeasuredRow("Answers", "", str(candidate.asked), str(live.asked), "")]
    for measure, (margin, _) in harm.MARGINS.items():
        label, about = MEASURES[measure]
        most = f"{100 * margin:.0f} points more"
        rows.append(MeasuredRow(label, about, _share(candidate, measure), _share(live, measure), most))
    return [*rows, MeasuredRow("95 in 100 within", "", _seconds(candidate.p95_ms), _seconds(live.p95_ms), "")]


def _share(arm: ArmTally, measure: str) -> str:
    count, total = arm.of(measure)
    return f"{100 * count / total:.1f} % ({count} of {total})" if total else "nothing yet"


def _seconds(milliseconds: float | None) -> str:
    return "nothing yet" if milliseconds is None else f"{milliseconds / 1000:.1f} s"
