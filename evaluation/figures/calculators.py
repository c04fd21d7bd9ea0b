"""What answers cost by their shape, what retrieved passages cost in them, and when training pays for itself. Pure.

All money is USD in Decimal. The sum of one answer: ((S + C + U - K) p_input + K p_cached + O p_output) / 1e6, with S
tokens of instructions, C of passages, U of the question and what was said before, K of all those read from the cache,
O written.
A price that is not known makes every sum it stands in unknown (None), never less.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import ROUND_CEILING, Decimal
from typing import Literal

from llm.spending import money
from llm.spending.pricing import Rates

MILLION = Decimal(1_000_000)
HOURS_A_MONTH = Decimal(730)
HOURLY_WAGE = Decimal(50)
NEVER: Literal["never"] = "never"

Result = Decimal | int | Literal["never"] | None


class CalculationError(ValueError):
    """The sum cannot be made of these numbers; the message says which and why."""


@dataclass(frozen=True)
class Shape:
    """Tokens of one answer. `cached` is the part of the three before it that is read from the cache."""

    system: int
    context: int
    question: int
    output: int
    cached: int = 0

    def __post_init__(self) -> None:
        low = [name for name, tokens in asdict(self).items() if tokens < 0]
        if low:
            raise CalculationError(f"Tokens are counted from 0, and {', '.join(low)} is less.")
        if self.cached > self.input:
            raise CalculationError(
                f"{self.cached:,} tokens cannot be read from the cache where {self.input:,} go in: cached tokens are a"
                " part of the others."
            )

    @property
    def input(self) -> int:
        return self.system + self.context + self.question


@dataclass(frozen=True)
class SumLine:
    """One line of a sum: what it is, how it came about, in words, and USD, None where a price is not known."""

    name: str
    how: str
    usd: Decimal | None


@dataclass(frozen=True)
class Calculation:
    """A result with all it was made of. `result` is USD, a number of queries, "never", or None: not known."""

    inputs: dict[str, object]
    lines: tuple[SumLine, ...]
    result: Result
    sentence: str
    more: dict[str, Result] = field(default_factory=dict)

    @property
    def told_lines(self) -> list[tuple[SumLine, str]]:
        """The lines, each with its amount in words."""
        return [(line, "unpriced" if line.usd is None else money.amount(line.usd)) for line in self.lines]

    def as_json(self) -> dict[str, object]:
        lines = [{**asdict(line), "usd": _written(line.usd)} for line in self.lines]
        inputs = {name: _written(value) for name, value in self.inputs.items()}
        more = {name: _written(value) for name, value in self.more.items()}
        return {"inputs": inputs, "lines": lines, "result": _written(self.result), "why": self.sentence, **more}


def _written(value: object) -> object:
    return f"{value:f}" if isinstance(value, Decimal) else value


def query(shape: Shape, rates: Rates, queries: int | None = None) -> Calculation:
    """What one answer costs, and a month of so many."""
    lines = tuple(_lines(shape, rates))
    each = _sum(lines)
    month = None if each is None or queries is None else each * queries
    said = "What an answer costs is not known, as a price is missing."
    if each is not None:
        said = f"An answer costs {money.label(each)}"
        said += f", {queries:,} a month {money.label(month)}." if queries is not None else "."
    inputs = {**asdict(shape), **_prices(rates), "queries": queries}
    return Calculation(inputs, lines, each, said, {"per_month": month})


def context(tokens: int, rates: Rates, queries: int, cost_of_all: Decimal | None = None) -> Calculation:
    """What the retrieved passages alone cost in a month; `cost_of_all` is what a whole answer costs."""
    line = _tokens("Retrieved passages", tokens, rates.input)
    month = None if line.usd is None else line.usd * queries
    said = "What the passages cost is not known, as the price of input is missing."
    if line.usd is not None and month is not None:
        said = f"The passages of {queries:,} answers cost {money.amount(month)} a month, {money.label(line.usd)} each"
        share = f", {100 * line.usd / cost_of_all:.0f} % of an answer" if cost_of_all else ""
        said += f"{share}."
    inputs: dict[str, object] = {"context": tokens, "queries": queries, "input_price": rates.input}
    return Calculation(inputs, (line,), month, said, {"per_query": line.usd})


@dataclass(frozen=True)
class ServedModel:
    """A model as it would be asked. `hosting` is USD an hour, for as long as it is there."""

    name: str
    shape: Shape
    rates: Rates
    hosting: Decimal = Decimal(0)


@dataclass(frozen=True)
class Effort:
    """What a tune takes before it answers anything, USD but for hours. `months`: how long one lasts."""

    training: Decimal | None = Decimal(0)
    evaluation: Decimal = Decimal(0)
    label_hours: Decimal = Decimal(0)
    wage: Decimal = HOURLY_WAGE
    months: Decimal = Decimal(6)
    retrains_a_month: Decimal = Decimal(0)
    hours_a_month: Decimal = HOURS_A_MONTH

    def __post_init__(self) -> None:
        if self.months <= 0:
            raise CalculationError("A tune lasts for more than 0 months.")
        low = [name for name, value in asdict(self).items() if value is not None and value < 0]
        if low:
            raise CalculationError(f"Effort is counted from 0, and {', '.join(low)} is less.")


def break_even(base: ServedModel, tuned: ServedModel, effort: Effort) -> Calculation:
    """From how many queries a month on the tuned model is cheaper, training and hosting counted; or never."""
    fixed = tuple(_fixed(base, tuned, effort))
    differences = tuple(_differences(base, tuned))
    total, saving = _sum(fixed), _sum(differences)
    inputs: dict[str, object] = {
        **{f"base_{name}": value for name, value in _of_model(base).items()},
        **{f"tuned_{name}": value for name, value in _of_model(tuned).items()},
        **asdict(effort),
    }
    result, said = _verdict(total, saving, fixed, differences)
    return Calculation(
        inputs, (*differences, *fixed), result, said, {"saving_per_query": saving, "fixed_a_month": total}
    )


def _verdict(
    fixed: Decimal | None, saving: Decimal | None, terms: Sequence[SumLine], differences: Sequence[SumLine]
) -> tuple[Result, str]:
    if fixed is None or saving is None:
        missing = [line.name.lower() for line in (*differences, *terms) if line.usd is None]
        return None, f"It is not known, as a price is missing for: {', '.join(missing)}."
    if saving <= 0 and fixed >= 0:
        worst = min(differences, key=lambda line: line.usd or 0)
        dearer = f"an answer of the tuned model costs {money.amount(-saving)} more" if saving else "it saves nothing"
        biggest = f", most of it for {worst.name.lower()} ({worst.how})" if worst.usd and worst.usd < 0 else ""
        return NEVER, f"Never, at any volume: {dearer}{biggest}."
    if saving <= 0:
        most = int(fixed / saving) if saving else None
        upto = f"up to {most:,} queries a month" if most is not None else "at any volume"
        return 0, f"It is cheaper {upto}, as {money.amount(-fixed)} a month is saved before anything is asked."
    if fixed <= 0:
        return (
            0,
            f"From the first query on: an answer costs {money.amount(saving)} less, and nothing has to be paid back.",
        )
    needed = int((fixed / saving).to_integral_value(ROUND_CEILING))
    biggest_term = max(terms, key=lambda line: line.usd or 0)
    return needed, (
        f"From {needed:,} queries a month on: an answer costs {money.amount(saving)} less, which has to pay for"
        f" {money.amount(fixed)} a month, most of it {biggest_term.name.lower()} ({biggest_term.how})."
    )


def _differences(base: ServedModel, tuned: ServedModel) -> list[SumLine]:
    """What an answer of the tuned model saves, line by line; below 0 where it costs more."""
    pairs = zip(_lines(base.shape, base.rates), _lines(tuned.shape, tuned.rates), strict=True)
    return [
        SumLine(before.name, f"{before.how} before, {after.how} after", _less(before.usd, after.usd))
        for before, after in pairs
    ]


def _less(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    return None if before is None or after is None else before - after


def _fixed(base: ServedModel, tuned: ServedModel, effort: Effort) -> list[SumLine]:
    """What is paid each month whether anybody asks or not."""
    labelling, training = effort.label_hours * effort.wage, effort.training
    over = f"over {effort.months:g} months"
    hosting = effort.hours_a_month * (tuned.hosting - base.hosting)
    rates = f"{money.amount(tuned.hosting)} - {money.amount(base.hosting)}"
    return [
        SumLine("Training", f"{money.label(training)} {over}", None if training is None else training / effort.months),
        SumLine("Evaluation", f"{money.amount(effort.evaluation)} {over}", effort.evaluation / effort.months),
        SumLine(
            "Labelling",
            f"{effort.label_hours:g} hours at {money.amount(effort.wage)} {over}",
            labelling / effort.months,
        ),
        SumLine("Hosting", f"{effort.hours_a_month:g} hours at {rates}", hosting),
        SumLine(
            "Training again",
            f"{effort.retrains_a_month:g} times a month",
            effort.retrains_a_month * training
            if training is not None
            else None
            if effort.retrains_a_month
            else Decimal(0),
        ),
    ]


def labelling(examples: int, seconds_each: Decimal, wage: Decimal = HOURLY_WAGE) -> Calculation:
    """The hours and the wages of reviewing so many examples."""
    if examples < 0 or seconds_each < 0 or wage < 0:
        raise CalculationError("Examples, seconds and wages are counted from 0.")
    hours = examples * seconds_each / 3600
    line = SumLine("Labelling", f"{hours:.1f} hours at {money.amount(wage)}", hours * wage)
    said = f"{examples:,} examples take about {hours:.0f} hours, {money.amount(hours * wage)}."
    inputs: dict[str, object] = {"examples": examples, "seconds_each": seconds_each, "wage": wage}
    return Calculation(inputs, (line,), line.usd, said, {"hours": hours})


def training(tokens: int, epochs: int, per_million: Decimal | None) -> Decimal | None:
    """USD for going over so many tokens so often."""
    return None if per_million is None else tokens * epochs * per_million / MILLION


def _lines(shape: Shape, rates: Rates) -> list[SumLine]:
    return [
        _tokens("Input", shape.input - shape.cached, rates.input),
        _tokens("Cached input", shape.cached, rates.cached),
        _tokens("Output", shape.output, rates.output),
    ]


def _tokens(name: str, tokens: int, per_million: Decimal | None) -> SumLine:
    """No tokens cost nothing, whatever their price would be."""
    how = f"{tokens:,} tokens at {money.price_label(per_million)} a million" if tokens else "no tokens"
    if not tokens:
        return SumLine(name, how, Decimal(0))
    return SumLine(name, how, None if per_million is None else tokens * per_million / MILLION)


def _sum(lines: Sequence[SumLine]) -> Decimal | None:
    known = [line.usd for line in lines if line.usd is not None]
    return sum(known, Decimal(0)) if len(known) == len(lines) else None


def _prices(rates: Rates) -> dict[str, object]:
    return {"input_price": rates.input, "cached_price": rates.cached, "output_price": rates.output}


def _of_model(model: ServedModel) -> dict[str, object]:
    return {"model": model.name, **asdict(model.shape), **_prices(model.rates), "hosting": model.hosting}
