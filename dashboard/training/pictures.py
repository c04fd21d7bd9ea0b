"""The statistics of a dataset, and the losses of a job, as pictures with the tables behind them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dashboard.rendering import charts

COLUMNS = {
    "lengths": ("How long the lines are", "lines", "length in tokens"),
    "questions_in_a_conversation": ("Questions in a conversation", "lines", "number of questions"),
}
MEASURES = {
    "topics": ("What is asked about", "words"),
    "documents": ("What is cited most", "title"),
    "languages": ("Languages of the answers", ""),
    "edits": ("What reviewers changed", ""),
}
SHARES = {"refusals": "say that the documents do not", "edited": "have an answer that was changed"}
LISTED = 20  # rows of a table nobody has drawn a picture for
LOSS = "loss"
STEPS = ("step", "Step", "global_step")


@dataclass(frozen=True)
class Measure:
    """A bar with its name and its number beside it. `share` is of the longest, from 0 to 100."""

    name: str
    value: float
    share: float


@dataclass(frozen=True)
class Measures:
    title: str
    bars: list[Measure]


@dataclass(frozen=True)
class Plain:
    """What is told without a picture of its own."""

    title: str
    heads: list[str]
    rows: list[list[str]]


@dataclass(frozen=True)
class Pictures:
    """`columns` are titles with bars over an axis; `shares` sentences with a count."""

    columns: list[tuple[str, charts.Bars]] = field(default_factory=list)
    measures: list[Measures] = field(default_factory=list)
    shares: list[tuple[int, str]] = field(default_factory=list)
    plain: list[Plain] = field(default_factory=list)


def of_dataset(statistics: Mapping[str, object]) -> Pictures:
    """Every key is shown: as it is known here, else as a table."""
    found = Pictures()
    for key, value in statistics.items():
        if key in COLUMNS and isinstance(value, Mapping) and value:
            title, unit, each = COLUMNS[key]
            found.columns.append((title, charts.by_name(_pairs(value), unit=unit, each=each)))
        elif key in MEASURES and (bars := _measures(value, MEASURES[key][1])):
            found.measures.append(Measures(MEASURES[key][0], bars))
        elif key in SHARES and isinstance(value, int):
            found.shares.append((value, SHARES[key]))
        elif value not in ({}, [], None, ""):
            found.plain.append(_plain(key, value))
    return found


def of_metrics(rows: Sequence[Mapping[str, float]]) -> charts.Lines | None:
    """The losses over the steps; None while nothing is told."""
    names = list(dict.fromkeys(name for row in rows for name in row if LOSS in name.lower()))
    step = next((each for each in STEPS if any(each in row for row in rows)), "")
    return charts.over_steps(rows, step=step, names=names)


def _pairs(value: Mapping[str, object]) -> list[tuple[str, float]]:
    return [(str(name), float(count)) for name, count in value.items() if isinstance(count, int | float)]


def _measures(value: object, name: str) -> list[Measure]:
    """Of a mapping from names to counts, or a list of objects with `name` and "lines"; none where it is neither."""
    found: list[tuple[str, float]] = []
    if isinstance(value, Mapping):
        found = _pairs(value)
    elif isinstance(value, list) and all(isinstance(each, Mapping) for each in value):
        found = [(_text(each.get(name)), float(each.get("lines") or 0)) for each in value]
    top = max((count for _, count in found), default=0.0)
    return [Measure(called, count, round(100 * count / top, 1) if top else 0.0) for called, count in found]


def _plain(key: str, value: object) -> Plain:
    title = key.replace("_", " ").capitalize()
    if isinstance(value, Mapping):
        return Plain(title, ["", "Value"], [[str(name), _text(each)] for name, each in list(value.items())[:LISTED]])
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        heads = [str(name) for name in value[0]]
        rows = [[_text(each.get(head)) for head in heads] for each in value[:LISTED] if isinstance(each, Mapping)]
        return Plain(title, heads, rows)
    return Plain(title, ["Value"], [[_text(value)]])


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return "" if value is None else str(value)
