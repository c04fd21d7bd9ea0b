"""The advisor's figures in words: what each is called, and its value as a person says it. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from evaluation.advice.evidence import FRESH_DAYS, Inputs, LiveFigure
from evaluation.advice.questions import TracedQuestion
from llm.spending import money

Unit = Literal["share", "count", "days", "seconds", "ms", "usd", "yes"]

FIGURES: dict[str, tuple[str, Unit]] = {
    "changed_share": ("What is cited that changed within 30 days", "share"),
    "days_between_changes": ("Days from one change of it to the next", "days"),
    "queries_a_month": ("Questions a month", "count"),
    "are_sources_shown": ("Sources are required", "yes"),
    "source_clicks": ("Sources that are opened", "share"),
    "is_classification": ("Labels are asked for", "yes"),
    "examples": ("Approved examples of different questions", "count"),
    "seconds_an_example": ("Reviewing an example takes", "seconds"),
    "graded_cases": ("Cases graded by people", "count"),
    "retrieval_failures": ("Failed cases for want of the right passages", "share"),
    "style_failures": ("Failed cases of style, format or refusal", "share"),
    "style_gap": ("Cases that fail in style or format", "share"),
    "refusal_gap": ("Cases refused wrongly, or answered wrongly", "share"),
    "style_faults": ("Answers that break a rule of the voice", "share"),
    "is_prompt_tried": ("The prompt was tried", "yes"),
    "is_trainer_there": ("There is a way to train", "yes"),
    "context_tokens": ("Tokens of passages in an answer", "count"),
    "input_tokens": ("Tokens of input", "count"),
    "output_tokens": ("Tokens of output", "count"),
    "cost_an_answer": ("An answer costs", "usd"),
    "p95_ms": ("95 % of the answers take at most", "ms"),
    "budget_a_month": ("Budget of a month", "usd"),
}


@dataclass(frozen=True)
class ToldFigure:
    name: str
    value: str
    sample: int
    source: str
    is_old: bool


def told(inputs: Inputs) -> Iterator[ToldFigure]:
    """Every figure, the known ones first."""
    figures = sorted(inputs.figures().items(), key=lambda item: not item[1].is_known)
    for name, figure in figures:
        label, _ = FIGURES[name]
        age = figure.age_days(inputs.today)
        yield ToldFigure(
            label, value(name, figure), figure.sample, figure.source, is_old=age is not None and age > FRESH_DAYS
        )


def value(name: str, figure: LiveFigure) -> str:
    """A figure in words, with its interval where it has one."""
    if figure.value is None:
        return "unknown"
    said = _said(figure.value, FIGURES[name][1])
    if figure.interval is None:
        return said
    low, high = (_said(each, FIGURES[name][1]) for each in figure.interval)
    return f"{said} ({low} to {high})"


def of_asked(asked: TracedQuestion, inputs: Inputs) -> tuple[str, str]:
    """What the figure is called that a question was answered from, and its value."""
    name = next(name for name, figure in inputs.figures().items() if figure is asked.figure)
    return FIGURES[name][0], value(name, asked.figure)


def _said(number: float | bool | Decimal, unit: Unit) -> str:
    if unit == "usd":
        return money.amount(Decimal(number))
    if unit == "yes":
        return "yes" if number else "no"
    size = float(number)
    words = {
        "share": f"{size:.0%}" if size >= 0.01 or not size else f"{size:.1%}",
        "days": f"{size:g} day{'' if size == 1 else 's'}",
        "seconds": f"{size:.0f} s" if size < 120 else f"{size / 60:.1f} min",
        "ms": f"{size / 1000:.1f} s",
    }
    return words.get(unit, f"{size:,.0f}")
