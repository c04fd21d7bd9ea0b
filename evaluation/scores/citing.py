"""How well an answer cites: markers that lead somewhere, sentences that their passages hold up, none too many. Pure.

Recall is the share of sentences that the passages they cite hold up together; precision the share of citations that
hold up their sentence alone, or without which it would fall (ALCE: Gao et al. 2023, section 4). Holding up is
grounding's share of words. What a marker stands for is told by bot.claims.statements.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from bot.claims import grounding, statements
from bot.claims.grounding import Ground
from bot.claims.statements import Statement

LEAST_TERMS = 3  # a shorter sentence is a courtesy or a heading, and no fact

_MARKER = re.compile(r"\[(\d{1,2})\](?!\()")


@dataclass(frozen=True)
class CitationQuality:
    """Shares from 0 to 1; None where there is nothing to count. Markers that led nowhere are not in the text."""

    validity: float | None
    precision: float | None
    recall: float | None


def quality(
    answer: str, passages: Sequence[str], *, invalid: int = 0, courtesies: Iterable[str] = ()
) -> CitationQuality:
    """How well `answer` cites `passages`, where the marker [n] is `passages[n - 1]`.

    `invalid` markers led nowhere and were taken out; `courtesies` are sentences that the voice asks for.
    """
    polite = {" ".join(grounding.terms(text)) for text in courtesies}
    found = [each for each in _claims(answer) if " ".join(grounding.terms(each.text)) not in polite]
    valid = sum(len(each.numbers) for each in found)
    marked = len(_MARKER.findall(answer))

    @cache
    def ground(numbers: tuple[int, ...]) -> Ground:
        return Ground([passages[number - 1] for number in numbers])

    @cache
    def holds(text: str, numbers: tuple[int, ...]) -> bool:
        there = tuple(number for number in numbers if 1 <= number <= len(passages))
        support = ground(there).support(text) if there else None
        return support is not None and support.is_supported

    supported = [each for each in found if holds(each.text, each.numbers)]
    needed = sum(_needed(each, holds) for each in supported)
    return CitationQuality(
        validity=marked / (marked + invalid) if marked + invalid else None,
        precision=needed / valid if valid else None,
        recall=len(supported) / len(found) if found else None,
    )


def _needed(claim: Statement, holds: Callable[[str, tuple[int, ...]], bool]) -> int:
    """How many citations of a supported claim are needed: they support it alone, or it falls without them."""
    return sum(
        holds(claim.text, (number,)) or not holds(claim.text, tuple(n for n in claim.numbers if n != number))
        for number in claim.numbers
    )


def _claims(answer: str) -> list[Statement]:
    """The sentences that say something, each with the passages that are cited for it."""
    return [
        unit
        for unit in statements.read(answer)
        if len(grounding.terms(unit.text)) >= LEAST_TERMS and not unit.text.endswith("?")
    ]
