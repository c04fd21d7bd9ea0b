"""What advice rests on: figures of this install, each with its sample, source and day. Unknown is None. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal

from evaluation.figures.calculators import Calculation

FRESH_DAYS = 35  # older figures are told to be old

Value = float | int | bool | Decimal | None


@dataclass(frozen=True)
class LiveFigure:
    """`value` None is unknown, and `source` then says why. `interval` is that of a share, at 95 %. Shares are of 1."""

    value: Value
    source: str
    sample: int = 0
    as_of: date | None = None
    interval: tuple[float, float] | None = None

    @property
    def is_known(self) -> bool:
        return self.value is not None

    def age_days(self, today: date) -> int | None:
        return None if self.as_of is None else (today - self.as_of).days


def unknown(why: str) -> LiveFigure:
    return LiveFigure(None, why)


@dataclass(frozen=True)
class Inputs:
    """Everything the advisor looks at.

    Of the documents that answers cite, each counting as often as it is cited: `changed_share` changed within 30 days,
    and half of them go for `days_between_changes` or more without a change. `examples` are approved clusters, as of
    them a model learns. `graded_cases` are those of the newest run that people have graded; `style_gap` and
    `refusal_gap` the shares of its cases that the live model over passages got wrong in that way; `style_failures` and
    `retrieval_failures` shares of its failed cases. `economics` is None where a price is missing.
    """

    today: date
    changed_share: LiveFigure
    days_between_changes: LiveFigure
    queries_a_month: LiveFigure
    are_sources_shown: LiveFigure
    source_clicks: LiveFigure
    is_classification: LiveFigure
    examples: LiveFigure
    seconds_an_example: LiveFigure
    graded_cases: LiveFigure
    retrieval_failures: LiveFigure
    style_failures: LiveFigure
    style_gap: LiveFigure
    refusal_gap: LiveFigure
    style_faults: LiveFigure
    is_prompt_tried: LiveFigure
    is_trainer_there: LiveFigure
    context_tokens: LiveFigure
    input_tokens: LiveFigure
    output_tokens: LiveFigure
    cost_an_answer: LiveFigure
    p95_ms: LiveFigure
    budget_a_month: LiveFigure
    economics: Calculation | None = None

    def figures(self) -> Mapping[str, LiveFigure]:
        named = {each.name: getattr(self, each.name) for each in fields(self)}
        return {name: value for name, value in named.items() if isinstance(value, LiveFigure)}
