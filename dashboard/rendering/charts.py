"""Charts as numbers: where each bar stands in a picture of 720 by 160. Pure; the table behind is part of it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT, GAP = 720.0, 160.0, 0.25


@dataclass(frozen=True)
class Bar:
    label: str
    value: float
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Bars:
    """`top` is the value at the upper edge."""

    bars: list[Bar]
    top: float
    unit: str

    @property
    def first(self) -> str:
        return self.bars[0].label if self.bars else ""

    @property
    def last(self) -> str:
        return self.bars[-1].label if self.bars else ""

    @property
    def has_any(self) -> bool:
        return any(bar.value for bar in self.bars)


def by_day(since: date, until: date, values: Iterable[tuple[date, float]], *, unit: str) -> Bars:
    """A bar for every day from `since` to `until`, those without a value too."""
    sums: dict[date, float] = defaultdict(float)
    for day, value in values:
        sums[day] += value
    days = [since + timedelta(days=number) for number in range((until - since).days + 1)]
    top = max((sums[day] for day in days), default=0.0)
    step = WIDTH / len(days)
    bars = []
    for number, day in enumerate(days):
        height = HEIGHT * sums[day] / top if top else 0.0
        x, width = (round(each, 2) for each in (number * step, step * (1 - GAP)))
        bars.append(Bar(f"{day:%-d %b}", sums[day], x, round(HEIGHT - height, 2), width, round(height, 2)))
    return Bars(bars, top, unit)
