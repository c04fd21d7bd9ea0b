"""How far two people agree beyond chance. Pure."""

from collections import Counter
from collections.abc import Hashable, Sequence


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's kappa (1960) of what two said of the same things, 1 being always alike.

    None where nobody can tell, because both said one and the same of everything, or there is nothing. Raises ValueError
    where they did not speak of as many.
    """
    ones, others = Counter(first), Counter(second)
    agreed = sum(one == other for one, other in zip(first, second, strict=True))
    count = len(first)
    by_chance = sum(ones[each] * others[each] for each in ones)  # of count * count
    if by_chance == count * count:
        return None
    return (agreed * count - by_chance) / (count * count - by_chance)
