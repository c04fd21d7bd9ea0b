"""How well an answer cites: markers that lead somewhere, sentences that their passages hold up, none too many. Pure.

Recall is the share of sentences that the passages they cite hold up together; precision the share of citations that
hold up their sentence alone, or without which it would fall (ALCE: Gao et al. 2023, section 4). Holding up is
grounding's share of words. A marker stands for what is in front of it back to the marker or the line break before, and
that of a line which introduces a list, a table or code for all of that.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache

from bot.claims import grounding
from bot.claims.grounding import Ground
from knowledge.passages import sentences

LEAST_TERMS = 3  # a shorter sentence is a courtesy or a heading, and no fact

_MARKER = re.compile(r"\[(\d{1,2})\](?!\()")
_BEHIND = re.compile(r"([.!?。！？]+)((?:\s*\[\d{1,2}\](?!\())+)")  # noqa: RUF001  a marker behind the full stop
_INTRODUCED = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)]|\||`{3}|~{3})")


@dataclass(frozen=True)
class CitationQuality:
    """Shares from 0 to 1; None where there is nothing to count. Markers that led nowhere are not in the text."""

    validity: float | None
    precision: float | None
    recall: float | None


@dataclass(frozen=True)
class _Cited:
    text: str
    numbers: tuple[int, ...]
    block: int
    is_introduced: bool


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


def _needed(claim: _Cited, holds: Callable[[str, tuple[int, ...]], bool]) -> int:
    """How many citations of a supported claim are needed: they support it alone, or it falls without them."""
    return sum(
        holds(claim.text, (number,)) or not holds(claim.text, tuple(n for n in claim.numbers if n != number))
        for number in claim.numbers
    )


def _claims(answer: str) -> list[_Cited]:
    """The sentences that say something, each with the passages that are cited for it."""
    units = _inherited(list(_units(answer)))
    return [unit for unit in units if len(grounding.terms(unit.text)) >= LEAST_TERMS and not unit.text.endswith("?")]


def _units(answer: str) -> Iterator[_Cited]:
    text = _BEHIND.sub(r"\2\1", answer)
    block = end = 0
    for start, stop in sentences.split(text):
        block += "\n" in text[end:start]
        end = stop
        raw = text[start:stop]
        numbers = tuple(dict.fromkeys(map(int, _MARKER.findall(raw))))
        yield _Cited(" ".join(grounding.split(raw)), numbers, block, bool(_INTRODUCED.match(raw)))


def _inherited(units: list[_Cited]) -> list[_Cited]:
    """Each unit with its own citations, else those behind it in its paragraph, else those of what introduces it."""
    found: list[_Cited] = []
    introduced: tuple[int, ...] = ()
    for index, unit in enumerate(units):
        behind = next((other.numbers for other in units[index:] if other.block == unit.block and other.numbers), ())
        numbers = unit.numbers or behind or (introduced if unit.is_introduced else ())
        if not unit.is_introduced:
            introduced = numbers
        found.append(replace(unit, numbers=numbers))
    return found
