"""What a call costs: the price an admin states, else the bundled price list, else unknown."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from django.db.models import Q
from django.utils.module_loading import import_string

from llm import vendors
from llm.completion import Usage
from llm.models import ModelPrice

log = logging.getLogger(__name__)

ORDINARY, BIG = 10_000, 2_000_000  # input tokens of a call

BATCH_SHARE = Decimal("0.5")  # of a price that somebody states; the list has batch prices of its own

_MILLION = Decimal(1_000_000)
_SMALLEST = Decimal("0.00000001")


def cost(provider: str, model: str, usage: Usage, at: datetime, *, is_batch: bool = False) -> Decimal | None:
    """USD for one call made at `at`, None when its price is not known. A call that used nothing cost nothing.

    To be asked per call and then summed: price lists have tiers by the size of a call. `is_batch`: it was a line of an
    order of the vendor's own batch API.
    """
    if vendors.runs_here(provider) or usage.input_tokens == usage.output_tokens == 0:
        return Decimal(0)
    price = _stated(provider, model, at)
    share = BATCH_SHARE if is_batch else Decimal(1)
    exact = _by_row(price, usage) * share if price else _by_list(provider, model, usage, at, is_batch=is_batch)
    return None if exact is None else exact.quantize(_SMALLEST, ROUND_HALF_UP)


def total(costs: Iterable[Decimal | None]) -> Decimal | None:
    """The sum of what calls cost, None where the price of one of them is not known."""
    known = list(costs)
    return None if None in known else sum(filter(None, known), Decimal(0))


@dataclass(frozen=True)
class Rates:
    """USD per million tokens in a call of ordinary size; None is unpriced.

    Where big calls cost more, `long_from` is the input from which on they do, and `long` are the rates of those.
    """

    input: Decimal | None
    cached: Decimal | None
    output: Decimal | None
    long_from: int | None = None
    long: "Rates | None" = None


def rates(provider: str, model: str, at: datetime) -> Rates:
    """What a million tokens cost at `at`, as they are billed: in calls of ORDINARY tokens, not in one of a million."""
    ordinary = _rates(provider, model, at, ORDINARY)
    big = _rates(provider, model, at, BIG)
    if ordinary.input is None or big == ordinary:
        return ordinary
    low, high = ORDINARY, BIG
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (middle, high) if _rates(provider, model, at, middle).input == ordinary.input else (low, middle)
    return replace(ordinary, long_from=high, long=big)


def priced(models: Iterable[tuple[str, str]], at: datetime) -> set[tuple[str, str]]:
    """Those of the models, by provider and name, whose calls have a price. One query, for however many."""
    stated = list(ModelPrice.objects.filter(valid_from__lte=at))
    found = set()
    for provider, model in models:
        rows = [row for row in stated if row.provider == provider]
        if _fitting(rows, model) or _by_list(provider, model, Usage(ORDINARY, 0, 0), at, is_batch=False) is not None:
            found.add((provider, model))
    return found


def _rates(provider: str, model: str, at: datetime, size: int) -> Rates:
    """The rates in a call of `size` input tokens."""
    fresh = cost(provider, model, Usage(size, 0, 0), at)
    if fresh is None:
        return Rates(None, None, None)
    cached = cost(provider, model, Usage(size, size, 0), at)
    whole = cost(provider, model, Usage(size, 0, ORDINARY), at)
    return Rates(
        input=_per_million(fresh, size),
        cached=None if cached is None else _per_million(cached, size),
        output=None if whole is None else _per_million(whole - fresh, ORDINARY),
    )


def _per_million(amount: Decimal, tokens: int) -> Decimal:
    return (amount * _MILLION / tokens).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def training_cost(provider: str, model: str, tokens: int, at: datetime) -> Decimal | None:
    """USD for training on so many tokens, epochs counted; None where nobody has stated a price, as no list has one."""
    price = _stated(provider, model, at)
    if price is None or price.training_per_million is None:
        return None
    return (tokens * price.training_per_million / _MILLION).quantize(_SMALLEST, ROUND_HALF_UP)


def _stated(provider: str, model: str, at: datetime) -> ModelPrice | None:
    """The newest row in force: of the model's own name, else of the longest prefix that fits."""
    rows = ModelPrice.objects.filter(Q(model=model) | Q(model__endswith="*"), provider=provider, valid_from__lte=at)
    return _fitting(rows, model)


def _fitting(rows: Iterable[ModelPrice], model: str) -> ModelPrice | None:
    stars = (row for row in rows if row.model.endswith("*") or row.model == model)
    fitting = [row for row in stars if row.model == model or model.startswith(row.model.removesuffix("*"))]
    return max(fitting, key=lambda row: (row.model == model, len(row.model), row.valid_from), default=None)


def _by_row(price: ModelPrice, usage: Usage) -> Decimal:
    """Without a price of their own, cached tokens cost as much as fresh ones."""
    cached_price = price.cached_input_per_million
    if cached_price is None:
        cached_price = price.input_per_million
    fresh = usage.input_tokens - usage.cached_input_tokens
    return (
        fresh * price.input_per_million
        + usage.cached_input_tokens * cached_price
        + usage.output_tokens * price.output_per_million
    ) / _MILLION


def _by_list(provider: str, model: str, usage: Usage, at: datetime, *, is_batch: bool) -> Decimal | None:
    """From genai-prices, imported on first use because its tables take a while to load.

    It bills cached tokens of fine-tuned models in full, so for those only a stated price will do.
    """
    if model.startswith("ft:") and usage.cached_input_tokens:
        return None
    used = import_string("genai_prices.Usage")(
        input_tokens=usage.input_tokens,
        cache_read_tokens=usage.cached_input_tokens,
        cache_write_tokens=usage.cache_write_tokens,
        output_tokens=usage.output_tokens,
    )
    context = {"price_context": {"processing": "batch"}} if is_batch else {}
    try:
        price = import_string("genai_prices.calc_price")(
            used, model, provider_id=provider, genai_request_timestamp=at, **context
        )
    except LookupError:
        return None
    except (ValueError, TypeError, ArithmeticError):
        log.exception("The price list has no price for a call of %s:%s with %s", provider, model, usage)
        return None
    total: Decimal = price.total_price
    return total
