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
    """`top` is the value at the upper edge; `each` is what a bar stands for, and `per` the same behind a number."""

    bars: list[Bar]
    top: float
    unit: str
    each: str = "day"
    per: str = "a day"

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
    return by_name([(f"{day:%-d %b}", sums[day]) for day in days], unit=unit)


def by_name(values: Sequence[tuple[str, float]], *, unit: str, each: str = "day", per: str = "a day") -> Bars:
    """A bar for each value, in their order."""
    top = max((value for _, value in values), default=0.0)
    step = WIDTH / max(1, len(values))
    bars = []
    for number, (label, value) in enumerate(values):
        height = HEIGHT * value / top if top > 0 else 0.0
        x, width = (round(place, 2) for place in (number * step, step * (1 - GAP)))
        bars.append(Bar(label, value, x, round(HEIGHT - height, 2), width, round(height, 2)))
    return Bars(bars, top, unit, each, per)


@dataclass(frozen=True)
class Curve:
    """`points` as a polyline of SVG takes them; `last` is the newest value. A single one stands twice, and is a dot."""

    name: str
    points: str
    last: float
    is_dot: bool


@dataclass(frozen=True)
class Curves:
    """What runs over the same steps. `rows` is the table behind: a step, and a value or None for each of `lines`.

    `strays` counts the values that were told and are no numbers, such as the nan of a training that went astray.
    """

    lines: list[Curve]
    first: float
    last: float
    low: float
    top: float
    rows: list[tuple[float, list[float | None]]]
    is_thinned: bool
    strays: int


def over_steps(rows: Sequence[Mapping[str, object]], *, step: str, names: Sequence[str]) -> Curves | None:
    """Curves of the columns `names` over the column `step`, or over the numbers of the rows where it is missing.

    Where a value is missing, or is no number, its line goes on to the next. None where there is no value.
    """
    found = sorted(
        ((_place(row.get(step), number), row) for number, row in enumerate(rows, 1)), key=lambda each: each[0]
    )
    whole = [(place, [_finite(row.get(name)) for name in names]) for place, row in found]
    told = [name for number, name in enumerate(names) if any(line[number] is not None for _, line in whole)]
    if not told:
        return None
    table = _thinned([(place, [line[names.index(name)] for name in told]) for place, line in whole])
    values = [value for _, line in table for value in line if value is not None]
    low, top = min(0.0, *values), max(0.0, *values)
    first, last = table[0][0], table[-1][0]

    def at(place: float, value: float) -> str:
        x = WIDTH * (place - first) / (last - first) if last > first else WIDTH / 2
        return f"{round(x, 1):g},{round(HEIGHT - HEIGHT * (value - low) / (top - low or 1.0), 1):g}"

    drawn = []
    for number, name in enumerate(told):
        points = [(place, value) for place, line in table if (value := line[number]) is not None]
        placed = [at(*point) for point in points] * (2 if len(points) == 1 else 1)
        drawn.append(Curve(name, " ".join(placed), points[-1][1], len(points) == 1))
    strays = sum(name in row and row[name] is not None and _finite(row[name]) is None for row in rows for name in names)
    return Curves(drawn, first, last, low, top, table, len(table) < len(whole), strays)


Told = list[tuple[float, list[float | None]]]


def _thinned(table: Told) -> Told:
    """About POINTS rows for a line: the ends of each stretch, and where a line is lowest and highest; spikes stay."""
    if len(table) <= POINTS:
        return table
    size = math.ceil(4 * len(table) / POINTS)
    kept = set()
    for begin in range(0, len(table), size):
        stretch = range(begin, min(begin + size, len(table)))
        kept |= {stretch[0], stretch[-1]}
        for number in range(len(table[0][1])):
            there = [(value, row) for row in stretch if (value := table[row][1][number]) is not None]
            kept |= {min(there)[1], max(there)[1]} if there else set()
    return [table[row] for row in sorted(kept)]


def _place(told: object, number: int) -> float:
    found = _finite(told)
    return float(number) if found is None else found


def _finite(told: object) -> float | None:
    is_number = isinstance(told, int | float) and not isinstance(told, bool) and math.isfinite(told)
    return float(told) if is_number else None  # type: ignore[arg-type]
