"""How much of a sentence stands in passages, by the words they share. Pure, and no more than lexical.

The share of a sentence's words that the passages hold, rare words counting for more (idf): against the grades of people
on MT-RAG as good as a model that judges (AUC .87). It knows no synonyms and no other language; what is far below is
worth a look, what is above is not thereby true.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from bot.claims import citations, statements

STEM = 6  # letters: long enough to tell words apart, short enough for their endings not to count
_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_LINK = re.compile(r"https?://[^\s<>()\[\]\"']+|www\.[^\s<>()\[\]\"']+")
_COUNTED = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)  # the numbers of a list say nothing


class Words:
    """How rare words are among `passages`, each counted once however often it is given."""

    def __init__(self, passages: Iterable[str]) -> None:
        distinct = set(passages)
        self._count = len(distinct)
        self._found: Counter[str] = Counter()
        for passage in distinct:
            self._found.update(stems(passage))

    def share(self, sentence: str, passages: Sequence[str]) -> float:
        """From 0 to 1: how much of `sentence` is in one or another of `passages`. 1 where it has no words."""
        wanted = stems(sentence)
        held = frozenset().union(*(stems(passage) for passage in passages)) if passages else frozenset()
        whole = sum(self._weight(stem) for stem in wanted)
        return sum(self._weight(stem) for stem in wanted & held) / whole if whole else 1.0

    def _weight(self, stem: str) -> float:
        return math.log(1 + (self._count + 1) / (self._found[stem] + 0.5))


@lru_cache(maxsize=50_000)
def stems(text: str) -> frozenset[str]:
    """The beginnings of the words of `text`, without the shortest; of writing without spaces, every two signs."""
    words = _WORD.findall(text.casefold())
    if not _CJK.search(text):
        return frozenset(word[:STEM] for word in words if len(word) > 2 or word.isdigit())
    return frozenset(piece for word in words for piece in _pieces(word))


def _pieces(word: str) -> list[str]:
    if _CJK.search(word):
        return [word[start : start + 2] for start in range(max(1, len(word) - 1))]
    return [word[:STEM]] if len(word) > 2 or word.isdigit() else []


def cited_sentences(answer: str) -> list[tuple[str, list[int]]]:
    """The sentences of `answer` that cite, without their markers, each with the numbers that it cites."""
    return [(unit.text, list(unit.own)) for unit in statements.read(answer) if unit.own]


def facts(text: str) -> set[str]:
    """The numbers and links of `text`, as they are written, without markers and the numbers of a list."""
    plain = _COUNTED.sub("", citations.MARKER.sub("", text))
    links = {link.rstrip(".,;:!?").removeprefix("https://").removeprefix("http://") for link in _LINK.findall(plain)}
    return links | set(_NUMBER.findall(_LINK.sub("", plain)))


def untold(text: str, known: str) -> list[str]:
    """The facts of `text` that `known` does not hold, sorted; a part of a number or of an address holds none."""
    numbers = set(_NUMBER.findall(known))
    return sorted(fact for fact in facts(text) if fact not in numbers and not _holds(known, fact))


def _holds(known: str, link: str) -> bool:
    is_link = _NUMBER.fullmatch(link) is None
    return is_link and bool(re.search(rf"(?<![\w.-]){re.escape(link)}(?!\w|[-./?#&=%]+\w)", known))
