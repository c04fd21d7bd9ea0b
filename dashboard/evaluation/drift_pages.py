"""What the page about drift shows."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from evaluation.models import DriftMeasure, DriftReading, DriftState
from evaluation.promotion import drift_readings
from llm.models import Deployment, ServingRole
from llm.spending import money

ABOUT = {
    DriftMeasure.GROUNDED: "how much of an answer stands in its passages",
    DriftMeasure.STYLE: "of the answers in a voice, those that keep to its rules",
    DriftMeasure.TOPICS: "how far the documents asked about have shifted; above 0.2 is much",
    DriftMeasure.SOURCES: "of the examples it learnt, those whose documents say something else now",
    DriftMeasure.FROZEN: "cases passed, once a month",
    DriftMeasure.ENDS: "as its provider says",
}
SECONDS, DAYS, WORDS, USD, INDEX = (
    (DriftMeasure.P95,), (DriftMeasure.ENDS,), (DriftMeasure.LENGTH,), (DriftMeasure.COST,), (DriftMeasure.TOPICS,)
)  # fmt: skip


@dataclass(frozen=True)
class DriftRow:
    reading: DriftReading
    label: str
    about: str
    value: str
    baseline: str
    sample: str

    @property
    def said(self) -> str:
        """The state in a word: an end that is near has not drifted."""
        is_near = self.reading.measure == DriftMeasure.ENDS and self.reading.state == DriftState.DRIFTED
        return "soon" if is_near else str(self.reading.get_state_display())


@dataclass(frozen=True)
class ShownDrift:
    """`week` is None where nothing was read yet."""

    live: Deployment | None
    week: date | None
    rows: list[DriftRow]


def shown() -> ShownDrift:
    readings = drift_readings.newest()
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    return ShownDrift(live, readings[0].week if readings else None, list(map(_row, readings)))


def _row(reading: DriftReading) -> DriftRow:
    measure = DriftMeasure(reading.measure)
    has_baseline = measure not in (DriftMeasure.ENDS, DriftMeasure.TOPICS, DriftMeasure.SOURCES)
    sample = f"{reading.sample}, {reading.baseline_sample}" if has_baseline else str(reading.sample or "-")
    return DriftRow(
        reading=reading,
        label=str(measure.label).capitalize(),
        about=ABOUT.get(measure, ""),
        value=_written(measure, reading.value),
        baseline=_written(measure, reading.baseline) if has_baseline else "-",
        sample=sample,
    )


def _written(measure: DriftMeasure, value: float | None) -> str:
    if value is None:
        return "not known"
    if measure in SECONDS:
        return f"{value / 1000:.1f} s"
    if measure in DAYS:
        return f"{value:.0f} days"
    if measure in WORDS:
        return f"{value:.0f} words"
    if measure in USD:
        return money.label(Decimal(f"{value:.8f}"))
    return f"{value:.2f}" if measure in INDEX else f"{100 * value:.1f} %"
