"""The calculators as people ask for them: options with their names, begun from real figures of answers alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from django.utils import timezone

from evaluation.figures import answer_shapes, calculators, what_if
from evaluation.figures.answer_shapes import AnswerShape, Volume
from evaluation.figures.calculators import Calculation, CalculationError, Effort, ServedModel, Shape
from llm.spending import pricing
from llm.spending.pricing import Rates

Kind = Literal["tokens", "usd", "number", "model"]
Given = Mapping[str, int | Decimal | str | None]


@dataclass(frozen=True)
class Option:
    """One number that a calculator takes. `name` is that of the field; the option is the same with hyphens."""

    name: str
    label: str
    kind: Kind
    help: str = ""

    @property
    def flag(self) -> str:
        return f"--{self.name.replace('_', '-')}"


def _prices(prefix: str = "") -> tuple[Option, ...]:
    """Prices that stand in for those of the list."""
    said = "USD a million tokens; empty: as the model's"
    return tuple(
        Option(f"{prefix}{name}_price", label, "usd", said)
        for name, label in (("input", "Input price"), ("cached", "Cached input price"), ("output", "Output price"))
    )


MODEL_HELP = "As provider:model, any of the price list"
VOLUME = Option("queries", "Answers a month", "number")
TOKENS = (
    Option("system", "Tokens of instructions", "tokens"),
    Option("context", "Tokens of passages", "tokens"),
    Option("question", "Tokens of the question", "tokens"),
    Option("cached", "From the cache", "tokens", "Of these tokens; empty: none"),
    Option("output", "Tokens of the reply", "tokens"),
)
OPTIONS: dict[str, tuple[Option, ...]] = {
    "query": (Option("model", "Model", "model", MODEL_HELP), *_prices(), *TOKENS, VOLUME),
    "context": (Option("model", "Model", "model", MODEL_HELP), _prices()[0], TOKENS[1], VOLUME),
    "break-even": (
        Option("base", "Model now", "model", MODEL_HELP),
        *_prices("base_"),
        Option("base_hosting", "Hosting", "usd", "USD an hour"),
        *TOKENS,
        Option("tuned", "Tuned model", "model", MODEL_HELP),
        *_prices("tuned_"),
        Option("tuned_hosting", "Hosting", "usd", "USD an hour"),
        Option("tuned_system", "Instructions", "tokens", "Tokens; empty: as many as now"),
        Option("tuned_context", "Passages", "tokens", "Tokens; empty: as many as now"),
        Option("tuned_cached", "From the cache", "tokens", "Tokens; empty: none, as nobody knows yet"),
        Option("tuned_output", "Reply", "tokens", "Tokens; empty: as many as now"),
        Option("training", "Training", "usd", "USD each time"),
        Option("evaluation", "Evaluation", "usd", "USD each time"),
        Option("label_hours", "Labelling", "number", "Hours"),
        Option("wage", "Labelling costs", "usd", "USD an hour"),
        Option("months", "A tune lasts", "number", "Months"),
        Option("retrains", "Training again", "number", "Times a month"),
        Option("hours", "Hosted", "number", "Hours a month"),
    ),
}
ASSUMED: dict[str, int | Decimal | str] = {
    "base_hosting": Decimal(0), "tuned_hosting": Decimal(0), "evaluation": Decimal(0), "label_hours": Decimal(0),
    "wage": calculators.HOURLY_WAGE, "months": Decimal(6), "retrains": Decimal(0), "hours": calculators.HOURS_A_MONTH,
}  # fmt: skip


@dataclass(frozen=True)
class Present:
    """How it is now: the models that have written answers, the newest first, what answers took, how many there are."""

    models: list[str]
    taken: AnswerShape | None
    volume: Volume | None


def present() -> Present:
    return Present(what_if.models(), answer_shapes.measured(), answer_shapes.volume())


def begun(calculator: str, now: Present) -> dict[str, int | Decimal | str]:
    """The options as they are now; what is not known is left out."""
    found: dict[str, int | Decimal | str] = dict(ASSUMED)
    if now.models:
        found |= {"model": now.models[0], "base": now.models[0]}
    if now.taken is not None:
        shape = now.taken.shape
        found |= {option.name: getattr(shape, option.name) for option in TOKENS}
    if now.volume is not None:
        found["queries"] = now.volume.per_month
    named = {option.name for option in OPTIONS[calculator]}
    return {name: value for name, value in found.items() if name in named}


def work_out(calculator: str, given: Given) -> Calculation:
    """Raises CalculationError, which names the options that are missing."""
    known = {name: value for name, value in given.items() if value is not None and value != ""}
    if calculator == "query":
        return _query(known)
    return _context(known) if calculator == "context" else _break_even(known)


def _query(given: Given) -> Calculation:
    _need(given, ["system", "context", "question", "output"])
    queries = int(given["queries"]) if "queries" in given else None  # type: ignore[arg-type]
    return calculators.query(_shape(given), _rates(given, "model", ""), queries)


def _context(given: Given) -> Calculation:
    _need(given, ["context", "queries"])
    return calculators.context(_int(given, "context"), _rates(given, "model", ""), _int(given, "queries"))


def _break_even(given: Given) -> Calculation:
    _need(given, ["system", "context", "question", "output"])
    shape = _shape(given)
    tuned = Shape(
        system=_int(given, "tuned_system", shape.system),
        context=_int(given, "tuned_context", shape.context),
        question=shape.question,
        output=_int(given, "tuned_output", shape.output),
        cached=_int(given, "tuned_cached", 0),
    )
    effort = Effort(
        training=_decimal(given, "training"),
        evaluation=_decimal(given, "evaluation") or Decimal(0),
        label_hours=_decimal(given, "label_hours") or Decimal(0),
        **{
            name: value
            for name, option in (("wage", "wage"), ("months", "months"), ("hours_a_month", "hours"))
            if (value := _decimal(given, option)) is not None
        },
        retrains_a_month=_decimal(given, "retrains") or Decimal(0),
    )
    return calculators.break_even(
        _served(given, "base", shape),
        _served(given, "tuned", tuned),
        effort,
    )


def _served(given: Given, which: str, shape: Shape) -> ServedModel:
    name = str(given.get(which, "the tuned model" if which == "tuned" else "the model now"))
    hosting = _decimal(given, f"{which}_hosting") or Decimal(0)
    return ServedModel(name, shape, _rates(given, which, f"{which}_"), hosting)


def _shape(given: Given) -> Shape:
    return Shape(**{option.name: _int(given, option.name, 0) for option in TOKENS})


def _rates(given: Given, model: str, prefix: str) -> Rates:
    """The prices that were given, else those of the model. Raises CalculationError where there is neither."""
    stated = {name: _decimal(given, f"{prefix}{name}_price") for name in ("input", "cached", "output")}
    if model not in given and stated["input"] is None:
        flags = ", ".join(f"--{prefix.replace('_', '-')}{name}-price" for name in ("input", "output"))
        raise CalculationError(f"Say which model it is with --{model}, or its prices with {flags}.")
    listed = Rates(None, None, None)
    if model in given:
        provider, colon, name = str(given[model]).partition(":")
        if not colon:
            raise CalculationError(
                f"{given[model]} is no model: write it as provider:model, such as openai:gpt-6-luna."
            )
        listed = pricing.rates(provider, name, timezone.now())
    return Rates(
        input=_first(stated["input"], listed.input),
        cached=_first(stated["cached"], listed.cached),
        output=_first(stated["output"], listed.output),
    )


def _first(stated: Decimal | None, listed: Decimal | None) -> Decimal | None:
    return listed if stated is None else stated


def _need(given: Given, names: list[str]) -> None:
    labels = {option.name: f"{option.label.lower()} ({option.flag})" for option in (*TOKENS, VOLUME)}
    missing = [labels[name] for name in names if name not in given]
    if missing:
        raise CalculationError(f"Nothing is known of these: {', '.join(missing)}. Fill them in.")


def _int(given: Given, name: str, otherwise: int = 0) -> int:
    return int(given[name]) if name in given else otherwise  # type: ignore[arg-type]


def _decimal(given: Given, name: str) -> Decimal | None:
    return Decimal(str(given[name])) if name in given else None
