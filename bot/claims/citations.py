"""Citation markers in an answer: which are valid, how they are numbered, what each one quotes. Pure.

A model cites passage n of its prompt as [n]. Readers see the passages numbered in the order they are first cited, and
no marker that points to nothing. Brackets inside code are code.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from knowledge.passages import hyperlinks
from llm import brackets

MARKER = re.compile(r"\[\s*(\d{1,2}(?:\s*,\s*\d{1,2})*)\s*\]")  # [404] is no marker: nobody gets that many passages
OPEN_MARKER = re.compile(r"(?:\\?\[[\d\s,]{0,40}\\?|\\)\Z")
# A marker, or what is left as it is: inline code, whose closing run of backticks is as long as the opening one.
INLINE = re.compile(rf"(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))|{MARKER.pattern}")
# The same, and a document's own brackets, which a model copies as it reads them.
READ = re.compile(rf"{INLINE.pattern}|{brackets.ESCAPED.pattern}")
FENCE = re.compile(r"\s{0,3}(```|~~~)")
SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
WORD = re.compile(r"\w+")


class Renumbered:
    """Text with its markers checked and renumbered as it streams by.

    Iterating yields text; afterwards `cited` holds the prompt's passage numbers in the order readers see them, so that
    the marker [k] of the text means passage `cited[k - 1]`. `invalid` counts those that led nowhere. Brackets of the
    documents' own stay as text: escaped ones, and others that lead nowhere where `own` has their numbers.
    """

    def __init__(self, deltas: Iterable[str], passage_count: int, own: Collection[int] = ()) -> None:
        self._own = own
        self.cited: list[int] = []
        self.invalid = 0
        self._deltas = deltas
        self._passage_count = passage_count
        self._fence = ""
        self._begins_line = True

    def __iter__(self) -> Iterator[str]:
        held = ""
        for delta in self._deltas:
            *lines, rest = (held + delta).split("\n")
            text = "".join(self._line(f"{line}\n") for line in lines)
            settled = self._settled(rest)
            text += self._piece(rest[:settled])
            held = rest[settled:]
            if text:
                yield text
        if text := self._line(held):
            yield text

    def _line(self, text: str) -> str:
        """A line, or the rest of one, to its end."""
        fence = FENCE.match(text) if self._begins_line else None
        if fence and self._fence in ("", fence.group(1)):
            self._fence = "" if self._fence else fence.group(1)
            return text
        text = self._piece(text)
        self._begins_line = True
        return text

    def _piece(self, text: str) -> str:
        """A part of a line that cuts neither a marker nor inline code in two."""
        if text:
            self._begins_line = False
        return text if self._fence else READ.sub(self._replace, text)

    def _settled(self, text: str) -> int:
        """How much of `text`, the line so far, can be judged without what follows."""
        if self._begins_line and (not text.strip() or text.lstrip()[0] in "`~"):
            return 0
        if self._fence:
            return len(text)
        end = 0
        for match in INLINE.finditer(text):
            if match.end() == len(text) and match["code"]:
                return match.start()  # the run of backticks that closes it may go on
            end = match.end()
        backtick = text.find("`", end)
        if backtick >= 0:
            return backtick
        open_marker = OPEN_MARKER.search(text)
        return open_marker.start() if open_marker else len(text)

    def _replace(self, match: re.Match[str]) -> str:
        if match["code"]:
            return match.group()
        if match["own"]:
            return brackets.as_text(match["own"])
        numbers = [int(number) for number in match.group(3).split(",")]
        valid = [number for number in numbers if 1 <= number <= self._passage_count]
        if not valid and all(number in self._own for number in numbers):
            return brackets.as_text(match.group(3))
        self.invalid += len(numbers) - len(valid)
        for number in valid:
            if number not in self.cited:
                self.cited.append(number)
        return "".join(f"[{self.cited.index(number) + 1}]" for number in dict.fromkeys(valid))


class _Mapped(Renumbered):
    """Markers under other numbers; one that has no other keeps its own."""

    def __init__(self, text: str, numbers: Mapping[int, int]) -> None:
        super().__init__([text], 0)
        self._lines = text.split("\n")
        self._numbers = numbers

    def __iter__(self) -> Iterator[str]:
        """All at once: nothing is still to come."""
        *lines, rest = self._lines
        yield from (self._line(f"{line}\n") for line in lines)
        yield self._line(rest)

    def _replace(self, match: re.Match[str]) -> str:
        if match["code"] or match["own"]:
            return match.group()
        found = list(dict.fromkeys(int(number) for number in match.group(3).split(",")))
        self.cited += [number for number in found if number not in self.cited]
        return "".join(f"[{self._numbers.get(number, number)}]" for number in found)


def renumber(text: str, numbers: Mapping[int, int]) -> str:
    """`text` with the marker [numbers[n]] in place of [n]."""
    return "".join(_Mapped(text, numbers))


def numbers(text: str) -> list[int]:
    """What `text` cites, in the order of the first markers, whether or not there is such a passage."""
    mapped = _Mapped(text, {})
    for _ in mapped:
        pass
    return mapped.cited


def quote(answer: str, number: int, sentences: list[str]) -> str:
    """The sentence of a passage that best supports what `answer` says before its markers [number].

    `sentences` are those of the passage; the one that shares most words with a sentence of the cited text wins, the
    first on a tie.
    """
    said = [set(_words(text)) for text in _cited_sentences(answer, number)]
    return max(
        sentences,
        key=lambda sentence: max(
            (_overlap(words, set(_words(hyperlinks.plain(sentence)))) for words in said), default=0.0
        ),
        default="",
    )


def _cited_sentences(answer: str, number: int) -> list[str]:
    """The sentences in front of each marker [number], back to the marker or the line break before them."""
    sentences: list[str] = []
    for marker in re.finditer(rf"\[{number}\]", answer):
        before = re.sub(rf"(?:\s*{MARKER.pattern})+\Z", "", answer[: marker.start()])
        sentences += SENTENCE_END.split(re.split(rf"{MARKER.pattern}|\n", before)[-1])
    return sentences


def _overlap(said: set[str], sentence: set[str]) -> float:
    """Shared words over the geometric mean of both sizes, so that neither a short nor a long sentence is favoured."""
    if not said or not sentence:
        return 0.0
    return float(len(said & sentence) / (len(said) * len(sentence)) ** 0.5)


def _words(text: str) -> list[str]:
    return WORD.findall(text.lower())
