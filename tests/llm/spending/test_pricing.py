"""What a call costs: stated prices before listed ones, and unknown is not zero."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from evaluation.figures import price_list
from llm.completion import Usage
from llm.models import ModelPrice, UsageRecord
from llm.spending.pricing import cost
from tests.rows.web_rows import make_usage

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, tzinfo=UTC)
USED = Usage(2000, 0, 300)


def make_price(model: str, price: str, *, days_ago: int = 1, cached: str | None = None, output: str = "0") -> None:
    ModelPrice.objects.create(
        provider="openai",
        model=model,
        input_per_million=Decimal(price),
        cached_input_per_million=cached and Decimal(cached),
        output_per_million=Decimal(output),
        valid_from=NOW - timedelta(days=days_ago),
    )


@pytest.mark.parametrize("provider", ["extractive", "local"])
def test_what_runs_here_is_free(provider: str) -> None:
    assert cost(provider, "any", USED, NOW) == Decimal(0)


@pytest.mark.parametrize(
    ("provider", "model", "usage", "expected"),
    [
        ("openai", "gpt-4o-mini", USED, "0.00048000"),
        ("openai", "gpt-4o-mini", Usage(2000, 1000, 300), "0.00040500"),
        ("openai", "gpt-4.1-mini", USED, "0.00128000"),
        ("anthropic", "claude-haiku-4-5", USED, "0.00350000"),
        ("anthropic", "claude-haiku-4-5", Usage(2000, 0, 300, cache_write_tokens=1000), "0.00375000"),
        ("openai", "text-embedding-3-small", Usage(1000, 0, 0), "0.00002000"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::1", USED, "0.00096000"),
        ("openai", "gpt-4o-mini", Usage(0, 0, 0), "0"),
    ],
)
def test_bundled_prices(provider: str, model: str, usage: Usage, expected: str) -> None:
    assert str(cost(provider, model, usage, NOW)) == expected


@pytest.mark.parametrize(
    ("model", "usage"),
    [
        ("qwen3-8b", USED),
        ("ft:gpt-4.1-mini-2025-04-14:acme::1", USED),
        # the list bills cached tokens of tuned models in full, which is wrong
        ("ft:gpt-4o-mini-2024-07-18:acme::1", Usage(2000, 1000, 300)),
    ],
)
def test_unknown_price_is_none_and_not_zero(model: str, usage: Usage) -> None:
    assert cost("openai", model, usage, NOW) is None


def test_a_call_that_used_nothing_cost_nothing_whatever_its_price() -> None:
    assert cost("openai", "nobody-knows-its-price", Usage(0, 0, 0), NOW) == Decimal(0)


def test_unknown_vendor_is_unpriced() -> None:
    assert cost("somebody", "gpt-4o-mini", USED, NOW) is None


def test_stated_price_comes_before_the_list() -> None:
    make_price("gpt-4o-mini", "1", cached="0.5", output="2")
    assert cost("openai", "gpt-4o-mini", Usage(2000, 1000, 300), NOW) == Decimal("0.00210000")


def test_cached_tokens_without_a_price_of_their_own_cost_as_fresh_ones() -> None:
    make_price("own", "1")
    assert cost("openai", "own", Usage(2000, 1000, 300), NOW) == Decimal("0.00200000")


def test_stated_price_of_zero_is_zero() -> None:
    make_price("llama*", "0")
    assert cost("openai", "llama-3.3-70b", USED, NOW) == Decimal(0)


def test_exact_name_comes_before_the_longest_prefix() -> None:
    make_price("ft:*", "1")
    make_price("ft:gpt-4.1*", "2")
    make_price("ft:gpt-4.1-mini:x", "3", days_ago=9)
    million = Usage(1_000_000, 0, 0)
    assert cost("openai", "ft:other", million, NOW) == 1
    assert cost("openai", "ft:gpt-4.1-mini:y", million, NOW) == 2
    assert cost("openai", "ft:gpt-4.1-mini:x", million, NOW) == 3


def test_price_in_force_at_the_time_of_the_call_counts() -> None:
    make_price("own", "1", days_ago=30)
    make_price("own", "2", days_ago=10)
    make_price("own", "9", days_ago=-10)
    million = Usage(1_000_000, 0, 0)
    assert cost("openai", "own", million, NOW) == 2
    assert cost("openai", "own", million, NOW - timedelta(days=20)) == 1
    assert cost("openai", "own", million, NOW - timedelta(days=40)) is None


def test_star_in_a_model_name_is_only_a_prefix_at_the_end() -> None:
    make_price("own", "1")
    assert cost("openai", "own-2", USED, NOW) is None


def test_fractions_below_the_ledgers_smallest_unit_are_rounded_half_up() -> None:
    make_price("own", "0.005")
    assert cost("openai", "own", Usage(1, 0, 0), NOW) == Decimal("0.00000001")


@pytest.mark.parametrize("model", ["gpt-4o-mini", "ours"])
def test_more_cached_than_sent_is_not_believed_and_costs_the_full_price(model: str) -> None:
    make_price("ours", "1", cached="0.1")
    told = Usage(2000, 2001, 300, cache_write_tokens=5)
    assert (told.cached_input_tokens, told.cache_write_tokens) == (0, 0)
    assert cost("openai", model, told, NOW) == cost("openai", model, USED, NOW)
    assert Usage(2000, 2000, 300).cached_input_tokens == 2000


def test_a_cached_price_of_nothing_is_nothing_and_one_below_it_is_refused() -> None:
    make_price("ours", "1", cached="0")
    assert cost("openai", "ours", Usage(2000, 2000, 0), NOW) == Decimal(0)
    assert [each.labels["cached"] for each in price_list.stated_prices()] == ["$0.00"]
    for wrong in ({"cached_input_per_million": -1}, {"training_per_million": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            ModelPrice.objects.create(provider="openai", model="m", input_per_million=1, valid_from=NOW, **wrong)


def test_a_sum_with_an_unpriced_call_says_what_the_others_cost() -> None:
    for price in ("0.25", "0.5", None):
        make_usage("1" * 32, price)
    spent = UsageRecord.objects.of_trace("1" * 32).spent()
    assert (spent.calls, spent.cost, spent.priced, spent.unpriced) == (3, None, Decimal("0.75"), 1)
