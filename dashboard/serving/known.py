"""What is known of the models that serve or were tried, for the page of models."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from llm import trials
from llm.models import Deployment, TriedModel

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


def of_models() -> Sequence[KnownModel]:
    """Those that were tried, the newest first, and behind them those that serve and were not."""
    tried = list(TriedModel.objects.select_related("endpoint").order_by("-found_at")[:MOST])
    names = {(each.endpoint_id, each.model) for each in tried}
    live = [row for row in Deployment.objects.newest().exclude(role="embed") if row.model and not row.is_quoting]
    others = {(row.endpoint_id, row.model): row for row in live if (row.endpoint_id, row.model) not in names}
    return [*map(_known, tried), *(_untried(row) for row in others.values())]


def _known(traits: TriedModel) -> KnownModel:
    refused = [_OPTIONS.get(name, name) for name in traits.refused]
    return KnownModel(
        name=traits.model,
        server=traits.endpoint.name,
        streams=_word(traits.streams, "bit by bit", "in one piece"),
        thinks=_word(traits.thinks, "yes", "none seen"),
        system=_word(traits.takes_system, "yes", "no: it goes into the first question"),
        context=f"{traits.context_tokens:,} tokens" if traits.context_tokens else UNKNOWN,
        refused=", ".join(refused),
        price="known" if trials.is_priced(traits) else UNKNOWN,
        found_at=traits.found_at,
    )


def _untried(row: Deployment) -> KnownModel:
    price = "known" if trials.is_priced(TriedModel(endpoint=row.endpoint, model=row.model)) else UNKNOWN
    return KnownModel(row.model, row.endpoint.name, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN, "", price, None)


def _word(told: bool | None, yes: str, no: str) -> str:
    return UNKNOWN if told is None else yes if told else no
