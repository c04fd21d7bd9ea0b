"""What would change a verdict: the advisor is asked again with one thing otherwise. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from evaluation.advice import questions
from evaluation.advice.evidence import Inputs, LiveFigure, Value


class Worded(Protocol):
    @property
    def words(self) -> str: ...


class Advised(Protocol):
    @property
    def verdict(self) -> Worded: ...


@dataclass(frozen=True)
class Alternative:
    """`words` begin a sentence that ends in the verdict it would be."""

    words: str
    changed: Mapping[str, Any]


def would_change(inputs: Inputs, advised: Callable[[Inputs], Advised]) -> Iterator[str]:
    """A sentence for each single thing that would make the verdict another one."""
    now = advised(inputs).verdict
    told = set()
    for alternative in _all(inputs):
        then = advised(replace(inputs, **alternative.changed)).verdict
        key = (*alternative.changed, then.words)
        if then != now and key not in told:
            told.add(key)
            yield f"{alternative.words}: {then.words}."


def _supposed(value: Value, interval: tuple[float, float] | None = None) -> LiveFigure:
    return LiveFigure(value, "supposed", interval=interval)


def _all(inputs: Inputs) -> Iterator[Alternative]:
    yield from _knowledge(inputs)
    yield from _measured()
    for clusters in (questions.PILOT_EXAMPLES, questions.EXAMPLES, questions.CLASSIFYING_EXAMPLES):
        now = inputs.examples.value
        if now is None or now < clusters:
            counted = "" if now is None else f" ({now:,} now)"
            yield Alternative(f"With {clusters} approved examples{counted}", {"examples": _supposed(clusters)})
    yield Alternative("Once the prompt was tried", {"is_prompt_tried": _supposed(True)})
    yield Alternative("Without a way to train", {"is_trainer_there": _supposed(False)})
    yield Alternative("With a way to train", {"is_trainer_there": _supposed(True)})


def _knowledge(inputs: Inputs) -> Iterator[Alternative]:
    days, queries = questions.CHANGE_DAYS, questions.QUERIES
    seldom = {"days_between_changes": _supposed(days + 1), "changed_share": _supposed(0.0)}
    yield Alternative("If the documents that are cited changed less than monthly", seldom)
    often = {"days_between_changes": _supposed(days)}
    yield Alternative(f"If the documents that are cited changed every {days} days", often)
    now = inputs.queries_a_month.value
    counted = "" if now is None else f" ({now:,.0f} now)"
    yield Alternative(f"With {queries:,} questions a month{counted}", {"queries_a_month": _supposed(queries)})
    yield Alternative(f"With fewer than {queries:,} questions a month", {"queries_a_month": _supposed(queries - 1)})
    yield Alternative("If nobody had to see sources", {"are_sources_shown": _supposed(False)})
    yield Alternative("If labels were asked for and not answers", {"is_classification": _supposed(True)})


def _measured() -> Iterator[Alternative]:
    graded = {"graded_cases": _supposed(questions.GRADED_CASES), "retrieval_failures": _supposed(0.0)}
    said = f"If {questions.GRADED_CASES} graded cases show"
    wide, none = _supposed(0.2, (0.1, 0.3)), _supposed(0.0, (0.0, questions.GAP))
    proven = {"style_gap": wide, "refusal_gap": none}
    yield Alternative(f"{said} that style surely fails in more than {questions.GAP:.0%}", {**graded, **proven})
    yield Alternative(f"{said} no gap of style or refusals", {**graded, "style_gap": none, "refusal_gap": none})
    mostly = {"retrieval_failures": _supposed(questions.RETRIEVAL_FAILURES + 0.01)}
    yield Alternative("If most failed cases failed for want of the right passages", mostly)
    yield Alternative(
        "Once retrieval is to blame for less than half of the failed cases", {"retrieval_failures": _supposed(0.0)}
    )
