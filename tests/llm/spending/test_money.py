"""Sums of money in words."""

from decimal import Decimal

import pytest

from llm.spending import money


@pytest.mark.parametrize(
    ("cost", "words"),
    [
        (None, "unpriced"),
        ("0", "Free"),
        ("0.00000000", "Free"),
        ("0.00004", "$0.000040"),
        ("0.00042113", "$0.00042"),
        ("0.0099", "$0.0099"),
        ("0.01", "$0.01"),
        ("0.025", "$0.025"),
        ("0.0996", "$0.10"),
        ("0.125", "$0.13"),
        ("1.2", "$1.20"),
        ("1234.5", "$1,234.50"),
        ("-0.5", "-$0.50"),
    ],
)
def test_what_one_thing_cost(cost: str | None, words: str) -> None:
    assert money.label(None if cost is None else Decimal(cost)) == words


def test_a_sum_says_how_much_of_it_has_no_price() -> None:
    assert money.sum_label(Decimal(0)) == "$0"
    assert money.sum_label(Decimal(0), unpriced=3) == "unpriced"
    assert money.sum_label(Decimal("1.5"), unpriced=1200) == "$1.50 and 1,200 unpriced"


@pytest.mark.parametrize(
    ("price", "words"),
    [
        ("0.025", "$0.025"),
        ("0.1", "$0.10"),
        ("2.5", "$2.50"),
        ("15", "$15.00"),
        ("0.0001", "$0.0001"),
        ("1E+2", "$100.00"),
    ],
)
def test_a_price_keeps_every_digit(price: str, words: str) -> None:
    assert money.price_label(Decimal(price)) == words


@pytest.mark.parametrize(
    ("written", "kept"),
    [("1", "1.0000"), (" 0.00005 ", "0.0001"), ("2.5e1", "25.0000"), ("99999999.9999", "99999999.9999")],
)
def test_what_may_be_spent(written: str, kept: str) -> None:
    assert str(money.parsed(written)) == kept


@pytest.mark.parametrize(
    "written",
    ["", "much", "1,5", "0", "-1", "-1e30", "0.00004", "1e8", "99999999.99999", "1e400", "nan", "snan", "inf", "-inf"],
)
def test_what_nobody_may_spend(written: str) -> None:
    with pytest.raises(ValueError, match="is no amount of USD"):
        money.parsed(written)
