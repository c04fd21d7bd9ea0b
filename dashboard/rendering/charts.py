"""Charts as numbers: where each bar or line stands in a picture of 720 by 160. Pure; the table behind is part of it."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

WIDTH, HEIGHT, GAP = 720.0, 160.0, 0.25
POINTS = 240  # of a line: more are closer than a picture can show


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
    """`top` is the value at the upper edge, `each` what a bar stands for."""

    bars: list[Bar]
    top: float
    unit: str
    each: str = "day"

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
    return by_name([(f"{day:%-d %b}", sums[day]) for day in days], unit=unit, each="day")


def by_name(values: Sequence[tuple[str, float]], *, unit: str, each: str) -> Bars:
    """A bar for each value, in their order."""
    top = max((value for _, value in values), default=0.0)
    step = WIDTH / max(1, len(values))
    bars = []
    for number, (label, value) in enumerate(values):
        height = HEIGHT * value / top if top > 0 else 0.0
        x, width = (round(place, 2) for place in (number * step, step * (1 - GAP)))
        bars.append(Bar(label, value, x, round(HEIGHT - height, 2), width, round(height, 2)))
    return Bars(bars, top, unit, each)


@dataclass(frozen=True)
class Line:
    """`points` as a polyline of SVG takes them; `last` is the newest value."""

    name: str
    points: str
    last: float
    x: float
    y: float


@dataclass(frozen=True)
class Lines:
    """What runs over the same steps. `rows` is the table behind: a step, and a value or None for each of `lines`."""

    lines: list[Line]
    first: float
    last: float
    low: float
    top: float
    rows: list[tuple[float, list[float | None]]]
    is_thinned: bool


def over_steps(rows: Sequence[Mapping[str, float]], *, step: str, names: Sequence[str]) -> Lines | None:
    """Lines of the columns `names` over the column `step`, or over the numbers of the rows where it is missing.

    A value that is missing, or is no number, leaves its line going on to the next. None where there is no value.
    """
    found = sorted((_place(row.get(step), number), row) for number, row in enumerate(rows, start=1))
    thinned = found[:: max(1, math.ceil(len(found) / POINTS))]
    if found and thinned[-1] is not found[-1]:
        thinned.append(found[-1])
    table = [(place, [_finite(row.get(name)) for name in names]) for place, row in thinned]
    values = [value for _, line in table for value in line if value is not None]
    if not values:
        return None
    low, top = min(0.0, *values), max(0.0, *values)
    first, last = table[0][0], table[-1][0]

    def at(place: float, value: float) -> tuple[float, float]:
        x = WIDTH * (place - first) / (last - first) if last > first else WIDTH / 2
        return round(x, 1), round(HEIGHT - HEIGHT * (value - low) / (top - low or 1.0), 1)

    drawn = []
    for number, name in enumerate(names):
        points = [(place, value) for place, line in table if (value := line[number]) is not None]
        if points:
            placed = [at(*point) for point in points]
            drawn.append(Line(name, " ".join(f"{x:g},{y:g}" for x, y in placed), points[-1][1], *placed[-1]))
    return Lines(drawn, first, last, low, top, table, len(thinned) < len(found))


def _place(told: object, number: int) -> float:
    found = _finite(told)
    return float(number) if found is None else found


def _finite(told: object) -> float | None:
    is_number = isinstance(told, int | float) and not isinstance(told, bool) and math.isfinite(told)
    return float(told) if is_number else None  # type: ignore[arg-type]
