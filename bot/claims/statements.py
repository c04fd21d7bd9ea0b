"""The sentences of an answer as claims: where each stands, and what it cites. Pure.

A marker stands for what is in front of it back to the marker or the line break before, and that of a line which
introduces a list, a table or code for all of that.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bot.claims import citations, coverage, grounding
from bot.claims.vocabulary import MONTHS, POINTERS
from knowledge.passages import sentences

_LEADING = re.compile(rf"(?:{citations.MARKER.pattern}(?!\()[ \t]*)+")
_BETWEEN = re.compile(
    rf"(?P<stop>[.!?…。！？][\"'”’)*_]*)(?P<markers>(?:{citations.MARKER.pattern}(?!\())+)(?=\s|$)"  # noqa: RUF001
)
_INTRODUCED = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)]|\||`{3}|~{3})")
_ENTRY = re.compile(rf"\s*(?:[-*+•]\s+|\d{{1,3}}[.)]\s+)?{citations.MARKER.pattern}")  # of a list of sources
_LETTERS = re.compile(r"[^\W\d_]+")
_FIGURE = re.compile(r"\d")
_DAY = re.compile(r"(?<!\d)\d{1,2}\.$")
_FENCE = re.compile(r"\s{0,3}(?:`{3}|~{3})")
_HEADING = re.compile(r"\s{0,3}#{1,6}\s")
_BOLD = re.compile(r"\s*(?:\*\*|__)[^*_]+(?:\*\*|__):?\s*$")


@dataclass(frozen=True)
class Statement:
    """[start, end) of an answer with the markers behind it; `text` is it without them, emphasis and a list's marks.

    `own` are the numbers of its own markers, `numbers` those that it is read with.
    """

    start: int
    end: int
    text: str
    own: tuple[int, ...]
    numbers: tuple[int, ...]
    block: int
    written: str

    @property
    def is_introduced(self) -> bool:
        return bool(_INTRODUCED.match(self.written))

    @property
    def is_code(self) -> bool:
        return bool(_FENCE.match(self.written))

    @property
    def is_row(self) -> bool:
        return self.written.lstrip().startswith("|")

    @property
    def is_heading(self) -> bool:
        """A bold line that cites or ends with a full stop is a sentence."""
        is_sentence = self.own or self.text.rstrip("*_").endswith((".", "!", "。"))
        return bool(_HEADING.match(self.written) or (_BOLD.match(self.written) and not is_sentence))

    @property
    def is_question(self) -> bool:
        return self.text.endswith(("?", "？"))  # noqa: RUF001

    @property
    def says_something(self) -> bool:
        """More than where something stands: "Sources: [1], [2]", "- [1] Billing", "You can read more on this [1]."."""
        if self.is_code or self.is_row:
            return True
        said = {word.casefold() for word in _LETTERS.findall(self.text)}
        if self.is_heading or (_ENTRY.match(self.written) and not self.text.endswith((".", "!", "?", "。"))):
            return False
        if said & POINTERS:
            return not set(coverage.content(self.text)) <= POINTERS or _FIGURE.search(self.text) is not None
        return any(map(str.isalnum, self.text))


def read(answer: str) -> list[Statement]:
    """Every sentence, row, item, heading and block of code of `answer`, in order."""
    return list(_inherited(list(_units(answer))))


def _units(answer: str) -> Iterator[Statement]:
    block = end = 0
    for start, stop in _spans(answer):
        block += "\n" in answer[end:start]
        end = stop
        written = answer[start:stop]
        own = () if _FENCE.match(written) else tuple(citations.numbers(written))
        yield Statement(start, stop, " ".join(grounding.split(written)), own, own, block, written)


def _spans(answer: str) -> list[tuple[int, int]]:
    """The sentences, each with the markers behind its full stop.

    A marker may stand between two without a blank: "It is so.[1] That is not." Blanks stand in for it.
    """
    found: list[tuple[int, int]] = []
    for start, end in _split(answer):
        leading = _LEADING.match(answer, start, end)
        is_behind = leading and found and "\n" not in answer[found[-1][1] : start]
        begin = start
        if leading and is_behind:
            begin = leading.end()
            found[-1] = (found[-1][0], start + len(answer[start:begin].rstrip()))
        if found and _is_date(answer[found[-1][0] : found[-1][1]], answer[begin:end]):
            begin, _ = found.pop()
        if begin < end:
            found.append((begin, end))
    return found


def _split(answer: str) -> Iterator[tuple[int, int]]:
    plain = citations.INLINE.sub(lambda found: _masked(found) if found["code"] else found.group(), answer)
    spaced = _BETWEEN.sub(lambda found: f"{found['stop']}{' ' * len(found['markers'])}", plain)
    spans = sentences.split(spaced)
    for place, (start, end) in enumerate(spans):
        following = spans[place + 1][0] if place + 1 < len(spans) else len(answer)
        behind = _LEADING.match(answer, end, following)
        yield start, behind.start() + len(behind.group().rstrip()) if behind else end


def _masked(code: re.Match[str]) -> str:
    return f"`{'x' * (len(code.group()) - 2)}`"


def _is_date(before: str, behind: str) -> bool:
    """Whether a full stop between them is that of a day, as in "am 1. März"."""
    word = re.match(r"[^\W\d_]+", behind)
    return bool(_DAY.search(before) and word and word.group().casefold() in MONTHS)


def _inherited(units: list[Statement]) -> Iterator[Statement]:
    """Each unit with its own citations, else those behind it in its paragraph, else those of what introduces it."""
    introduced: tuple[int, ...] = ()
    for index, unit in enumerate(units):
        behind = next((other.own for other in units[index:] if other.block == unit.block and other.own), ())
        numbers = unit.own or behind or (introduced if unit.is_introduced else ())
        if not unit.is_introduced:
            introduced = numbers
        yield replace(unit, numbers=numbers)
