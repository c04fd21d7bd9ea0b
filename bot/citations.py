"""Citation markers in an answer: which are valid, how they are numbered, what each one quotes. Pure.

A model cites passage n of its prompt as [n]. Readers see the passages numbered in the order they are first cited, and
no marker that points to nothing. Brackets inside code are code.
"""

import re
from collections.abc import Iterable, Iterator

MARKER = re.compile(r"\[\s*(\d{1,3}(?:\s*,\s*\d{1,3})*)\s*\]")
OPEN_MARKER = re.compile(r"\[[\d\s,]{0,40}\Z")
BACKTICKS = re.compile(r"`+")
WORD = re.compile(r"\w+")


class Renumbered:
    """Text with its markers checked and renumbered as it streams by.

    Iterating yields text; afterwards `cited` holds the prompt's passage numbers in the order readers see them, so that
    the marker [k] of the text means passage `cited[k - 1]`.
    """

    def __init__(self, deltas: Iterable[str], passage_count: int) -> None:
        self.cited: list[int] = []
        self._deltas = deltas
        self._passage_count = passage_count
        self._code_mark = ""

    def __iter__(self) -> Iterator[str]:
        held = ""
        for delta in self._deltas:
            held += delta
            settled = _settled(held)
            if text := self._renumber(held[:settled]):
                yield text
            held = held[settled:]
        if text := self._renumber(held):
            yield text

    def _renumber(self, text: str) -> str:
        """Rewrite the markers outside code in `text`, which ends neither in a marker nor in backticks cut in two."""
        parts: list[str] = []
        start = 0
        for ticks in BACKTICKS.finditer(text):
            parts.extend((self._outside(text[start : ticks.start()]), ticks.group()))
            start = ticks.end()
            if not self._code_mark:
                self._code_mark = ticks.group()
            elif self._code_mark == ticks.group():
                self._code_mark = ""
        parts.append(self._outside(text[start:]))
        return "".join(parts)

    def _outside(self, text: str) -> str:
        return text if self._code_mark else MARKER.sub(self._replace, text)

    def _replace(self, marker: re.Match[str]) -> str:
        numbers = [int(number) for number in marker.group(1).split(",")]
        valid = [number for number in numbers if 1 <= number <= self._passage_count]
        for number in valid:
            if number not in self.cited:
                self.cited.append(number)
        return "".join(f"[{self.cited.index(number) + 1}]" for number in dict.fromkeys(valid))


def _settled(text: str) -> int:
    """How much of `text` can be judged without what follows: all but an unfinished marker or run of backticks."""
    if marker := OPEN_MARKER.search(text):
        return marker.start()
    return len(text.rstrip("`"))


def quote(answer: str, number: int, sentences: list[str]) -> str:
    """The sentence of a passage that best supports what `answer` says before its markers [number].

    `sentences` are those of the passage; the one sharing most of the words of the cited text wins, the first on a tie.
    """
    said = set(_words(_cited_text(answer, number)))
    return max(sentences, key=lambda sentence: _overlap(said, set(_words(sentence))), default="")


def _cited_text(answer: str, number: int) -> str:
    """The text in front of each marker [number], back to the end of the sentence before it."""
    parts = []
    for marker in re.finditer(rf"\[{number}\]", answer):
        before = MARKER.sub(" ", answer[: marker.start()]).rstrip(" .!?")
        parts.append(re.split(r"(?<=[.!?])\s|\n", before)[-1])
    return " ".join(parts)


def _overlap(said: set[str], sentence: set[str]) -> float:
    """Shared words over the geometric mean of both sizes, so that neither a short nor a long sentence is favoured."""
    if not said or not sentence:
        return 0.0
    return float(len(said & sentence) / (len(said) * len(sentence)) ** 0.5)


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())
