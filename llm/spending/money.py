"""What a sum of money is called on a page. Pure."""

from decimal import Decimal


def label(cost: Decimal | None) -> str:
    """USD for people: "Free", "$1.20", "$0.00042" (two digits that matter), or "unpriced" where no price is known."""
    if cost is None:
        return "unpriced"
    if cost == 0:
        return "Free"
    decimals = 2 if cost >= Decimal("0.01") else 1 - cost.adjusted()
    return f"${cost:,.{decimals}f}"


def sum_label(cost: Decimal) -> str:
    """A sum over many calls: "$0" where there were none or all were free."""
    return "$0" if cost == 0 else label(cost)
