"""What was spent on what, against what may be spent."""

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bot.models import Channel
from evaluation.figures import resolution, rollups
from llm.models import Budget, Period
from llm.spending import money


@dataclass
class CostLine:
    """A row of a table of costs. `answers` is 0 where answers cannot be told apart like this."""

    name: str
    cost: Decimal = Decimal(0)
    calls: int = 0
    unpriced: int = 0
    input_tokens: int = 0
    cached_input_tokens: int = 0
    output_tokens: int = 0
    answers: int = 0
    resolved: int = 0

    def add(self, row: dict[str, Any]) -> None:
        self.cost += row["cost"]
        for name in ("calls", "unpriced", "input_tokens", "cached_input_tokens", "output_tokens"):
            setattr(self, name, getattr(self, name) + int(row[name]))

    @property
    def label(self) -> str:
        return money.sum_label(self.cost, unpriced=self.unpriced)

    @property
    def per_answer(self) -> str:
        return self._each(self.answers)

    @property
    def per_resolved(self) -> str:
        return self._each(self.resolved)

    def _each(self, count: int) -> str:
        """What one of so many cost, as far as prices are known."""
        if not count:
            return "-"
        if self.unpriced and not self.cost:
            return "unpriced"
        return f"{money.label(self.cost / count)}{' or more' if self.unpriced else ''}"

    @property
    def cached_share(self) -> str:
        """Of the tokens that went in, those that a provider's cache held; not known where none was ever told of."""
        if not self.input_tokens:
            return "-"
        if not self.cached_input_tokens:
            return "unknown"
        return f"{100 * self.cached_input_tokens / self.input_tokens:.0f}%"


@dataclass(frozen=True)
class BudgetState:
    budget: Budget
    spent: Decimal

    @property
    def share(self) -> float:
        return float(100 * self.spent / self.budget.limit) if self.budget.limit else 100.0

    @property
    def label(self) -> str:
        return f"{money.sum_label(self.spent)} of {money.amount(self.budget.limit)}"


@dataclass(frozen=True)
class Costs:
    """`by` holds the tables by their title, `days` what was spent on each day, in parts."""

    since: date
    total: CostLine
    today: Decimal
    month: Decimal
    projection: Decimal
    budgets: list[BudgetState]
    days: list[tuple[date, Decimal]]
    by: dict[str, list[CostLine]] = field(default_factory=dict)
    unpriced: list[dict[str, Any]] = field(default_factory=list)

    @property
    def labels(self) -> dict[str, str]:
        return {name: money.sum_label(getattr(self, name)) for name in ("today", "month", "projection")}


def read(days: int) -> Costs:
    """Everything the page shows about the last `days` days, today included; the month is this one, whatever `days`."""
    today = rollups.today()
    since = today - timedelta(days=days - 1)
    rows = rollups.usage(min(since, today.replace(day=1)))
    shown = [row for row in rows if row["day"] >= since]
    answered = rollups.answers(since)
    total = _summed("Everything", shown, answered)
    month = sum((row["cost"] for row in rows if row["day"] >= today.replace(day=1)), Decimal(0))
    spent_today = sum((row["cost"] for row in rows if row["day"] == today), Decimal(0))
    return Costs(
        since=since,
        total=total,
        today=spent_today,
        month=month,
        projection=projection(month),
        budgets=budget_states(spent_today, month),
        days=[(row["day"], row["cost"]) for row in shown],
        by={
            "Channel": _by_channel(shown, answered),
            "Model": _grouped(shown, answered, "model"),
            "Purpose": _grouped(shown, [], "purpose"),
            "Day": sorted(_grouped(shown, answered, "day"), key=lambda line: line.name, reverse=True),
        },
        unpriced=_unpriced(shown),
    )


def projection(month: Decimal) -> Decimal:
    """The month at the pace so far."""
    now = timezone.now()
    days = Decimal(monthrange(now.year, now.month)[1])
    passed = Decimal(now.day - 1) + Decimal(now.hour * 60 + now.minute + 1) / 1440
    return (month * days / passed).quantize(Decimal("0.00000001"))


def budget_states(today: Decimal, month: Decimal) -> list[BudgetState]:
    spent = {Period.DAY: today, Period.MONTH: month}
    return [BudgetState(row, spent[Period(row.period)]) for row in Budget.objects.order_by("period")]


def _summed(name: str, rows: Iterable[dict[str, Any]], answered: Iterable[dict[str, Any]]) -> CostLine:
    line = CostLine(name)
    for row in rows:
        line.add(row)
    for row in answered:
        line.answers += row["answers"]
        line.resolved += row["answers"] if row["resolution"] in resolution.RESOLVED else 0
    return line


def _grouped(rows: list[dict[str, Any]], answered: list[dict[str, Any]], name: str) -> list[CostLine]:
    used, given = defaultdict(list), defaultdict(list)
    for row in rows:
        used[row[name]].append(row)
    for row in answered:
        given[row[name]].append(row)
    lines = [_summed(str(key), used[key], given[key]) for key in {*used, *given}]
    return sorted(lines, key=lambda line: (-line.cost, line.name))


def _by_channel(rows: list[dict[str, Any]], answered: list[dict[str, Any]]) -> list[CostLine]:
    pks = {row["channel_id"] for row in [*rows, *answered]} - {None}
    names = {pk: f"{channel} ({channel.workspace})" for pk, channel in _channels(pks).items()}
    for row in [*rows, *answered]:
        row["place"] = names.get(row["channel_id"]) or row["platform"] or "no question: documents"
    return _grouped(rows, answered, "place")


def _channels(pks: set[int]) -> dict[int, Channel]:
    return Channel.objects.select_related("workspace").in_bulk(pks)


def _unpriced(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Models whose calls have no price, with how many there were."""
    counted: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row["unpriced"]:
            counted[row["provider"], row["model"]] += int(row["unpriced"])
    return [{"provider": provider, "model": model, "calls": calls} for (provider, model), calls in counted.items()]
