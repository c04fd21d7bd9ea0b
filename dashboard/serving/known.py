"""What is known of the models that serve or were tried, for the page of models."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from llm.models import Deployment, ServingRole, TriedModel
from llm.spending import pricing

MOST = 50
UNKNOWN = "unknown"
_OPTIONS = {"max_tokens": "max_tokens", "stream_options": "counting while it streams"}


@dataclass(frozen=True)
class KnownModel:
    """A model with what its last trial found out, in words; `found_at` is None where none ever did."""

    name: str
    server: str
    streams: str
    thinks: str
    system: str
    context: str
    refused: str
    price: str
    found_at: datetime | None


def of_models(live: Iterable[Deployment]) -> Sequence[KnownModel]:
    """Those that were tried, the newest first, and behind them those that are `live` and were not."""
    tried = list(TriedModel.objects.select_related("endpoint").order_by("-found_at")[:MOST])
    names = {(each.endpoint_id, each.model) for each in tried}
    writing = [row for row in live if row.role != ServingRole.EMBED and row.model and row.endpoint.is_remote]
    others = {(row.endpoint_id, row.model): row for row in writing if (row.endpoint_id, row.model) not in names}
    shown: list[TriedModel | Deployment] = [*tried, *others.values()]
    every = [(each.endpoint.provider, each.model) for each in shown]
    priced = pricing.priced(every, timezone.now())

    def price(each: TriedModel | Deployment) -> str:
        return "known" if (each.endpoint.provider, each.model) in priced else UNKNOWN

    return [
        *(_known(each, price(each)) for each in tried),
        *(_untried(row, price(row)) for row in others.values()),
    ]


def _known(tried: TriedModel, price: str) -> KnownModel:
    refused = [_OPTIONS.get(name, name) for name in tried.refused]
    return KnownModel(
        name=tried.model,
        server=tried.endpoint.name,
        streams=_word(tried.streams, "bit by bit", "in one piece"),
        thinks=_word(tried.thinks, "yes", "none seen"),
        system=_word(tried.takes_system, "yes", "no: it goes into the first question"),
        context=f"{tried.context_tokens:,} tokens" if tried.context_tokens else UNKNOWN,
        refused=", ".join(refused),
        price=price,
        found_at=tried.found_at,
    )


def _untried(row: Deployment, price: str) -> KnownModel:
    return KnownModel(row.model, row.endpoint.name, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "", price, None)


def _word(told: bool | None, yes: str, no: str) -> str:
    return UNKNOWN if told is None else yes if told else no
