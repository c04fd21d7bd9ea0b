"""What a million tokens cost, in words."""

from dataclasses import dataclass

from django.utils import timezone

from llm import vendors
from llm.models import Deployment, ModelPrice
from llm.spending import money, pricing


@dataclass(frozen=True)
class ListedPrice:
    """What a million tokens of a model cost, whoever states it, in words."""

    model: str
    rates: pricing.Rates

    @property
    def labels(self) -> dict[str, str]:
        return {name: money.price_label(getattr(self.rates, name)) for name in ("input", "cached", "output")}

    @property
    def long(self) -> str:
        """What calls with much input cost; empty where all cost the same."""
        if self.rates.long is None:
            return ""
        more = [money.price_label(rate) for rate in (self.rates.long.input, self.rates.long.output)]
        return f"{more[0]} and {more[1]} from {self.rates.long_from:,} tokens of input a call"


def listed_prices() -> list[ListedPrice]:
    """Now, for every model that ever was live."""
    now = timezone.now()
    rows = Deployment.objects.select_related("endpoint").exclude(model="").order_by("-id")
    known = {str(row): row for row in reversed(rows) if not vendors.runs_here(row.endpoint.provider)}
    return [
        ListedPrice(name, pricing.rates(row.endpoint.provider, row.model, now)) for name, row in reversed(known.items())
    ]


@dataclass(frozen=True)
class StatedPrice:
    """A price that somebody stated here, in words."""

    row: ModelPrice

    @property
    def labels(self) -> dict[str, str]:
        cached = self.row.cached_input_per_million
        return {
            "input": money.price_label(self.row.input_per_million),
            "cached": "as input" if cached is None else money.price_label(cached),
            "output": money.price_label(self.row.output_per_million),
        }


def stated_prices() -> list[StatedPrice]:
    return [StatedPrice(row) for row in ModelPrice.objects.order_by("provider", "model", "-valid_from")]
