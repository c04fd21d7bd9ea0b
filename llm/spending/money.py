"""Sums of money in words; nobody else writes any, or reads what may be spent. USD. Pure."""

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

CENTS = Decimal("0.01")
SMALLEST, MOST = Decimal("0.0001"), Decimal(100_000_000)  # of what may be spent; less than MOST
SMALL = Decimal("0.1")  # below it two digits that matter say more than cents


def label(cost: Decimal | None) -> str:
    """What one thing cost: "Free", "$1.20", "$0.00042", or "unpriced" where no price is known."""
    if cost is None:
        return "unpriced"
    return amount(cost) if cost else "Free"


def sum_label(cost: Decimal, *, unpriced: int = 0) -> str:
    """A sum over many calls, of which so many have no price: "$0" where there were none or all were free."""
    if not unpriced:
        return amount(cost)
    return f"{amount(cost)} and {unpriced:,} unpriced" if cost else "unpriced"


def amount(cost: Decimal) -> str:
    """ "$0", "$1,234.50", "-$2.00"; what is below ten cents with its first two digits that matter."""
    if cost == 0:
        return "$0"
    size = abs(cost)
    smallest = CENTS if size >= SMALL else Decimal(1).scaleb(size.adjusted() - 1)
    rounded = size.quantize(min(smallest, CENTS), ROUND_HALF_UP)
    if size >= CENTS:
        rounded = rounded.quantize(CENTS) if rounded == rounded.quantize(CENTS) else rounded
    return f"{'-' if cost < 0 else ''}${rounded:,f}"


def price_label(price: Decimal | None) -> str:
    """A price with every digit it has, and at least two behind the point: "$0.025", "$2.50"."""
    if price is None:
        return "unpriced"
    exact = price.normalize()
    _, _, exponent = exact.as_tuple()
    return f"${exact.quantize(CENTS) if isinstance(exponent, int) and exponent > -2 else exact:,f}"


def parsed(written: str) -> Decimal:
    """What may be spent, as a person wrote it, in whole SMALLEST. Raises ValueError for what is no such sum."""
    try:
        found = Decimal(written.strip())
    except InvalidOperation as error:
        raise ValueError(f"{written[:40]!r} is no amount of USD.") from error
    is_near = found.is_finite() and 0 < found < MOST
    kept = found.quantize(SMALLEST, ROUND_HALF_UP) if is_near else Decimal(0)
    if not 0 < kept < MOST:
        raise ValueError(f"{written[:40]!r} is no amount of USD from {SMALLEST} to less than {MOST:,}.")
    return kept
