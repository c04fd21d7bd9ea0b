"""How much of a sentence other texts say, by its rare words; and whether, and of what, it says yes or no. Pure.

The share is weighted by rarity (inverse document frequency over the sentences of the other texts). On MT-RAG's human
labels such a score tells faithful answers about as well as a judge does; it knows nothing of paraphrase.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from bot.claims import vocabulary as words
from knowledge.passages import sentences

STEM = 4  # letters that two forms of a word share at least
ALIKE = 0.65  # of the longer one, that two forms share

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")  # noqa: RUF001  an apostrophe
_SAID = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_SIGNS = re.compile(r"[\u30a0-\u30ff\u3400-\u9fff]+")  # of Japanese what carries the sense: no endings and particles
_SMALL = (
    words.ALL_STOPWORDS
    | words.COURTESY
    | words.GENERAL
    | words.PERCENT
    | words.NUMERALS.keys()
    | words.CURRENCIES.keys()
)
_ELISION = re.compile(r"^(?:[ldjmtscn]|qu)['’](?=\w)", re.IGNORECASE)  # noqa: RUF001  an apostrophe


def content(text: str) -> list[str]:
    """The words that say something, folded; of Japanese and Chinese each two signs in a row."""
    found: list[str] = []
    for match in _WORD.finditer(text):
        if _CJK.search(match.group()):
            found += _pairs(match.group())
            continue
        word = _ELISION.sub("", match.group()).casefold()
        if len(word) > 1 and word not in _SMALL:
            found.append(word)
    return found


def _pairs(text: str) -> list[str]:
    for phrase in words.COURTESY:
        if not phrase.isascii() and phrase in text:
            text = text.replace(phrase, " ")
    runs = [match.group() for match in _SIGNS.finditer(text)]
    return [run[index : index + 2] for run in runs for index in range(max(1, len(run) - 1))]


def units(text: str) -> list[tuple[int, int]]:
    """[start, end) of the sentences, those of a line of a list or table too."""
    return sentences.split(text)


def language(text: str) -> str:
    """The one of four languages whose small words are most; English where none is."""
    said = Counter(match.group().casefold() for match in _WORD.finditer(text))
    counts = {name: sum(said[word] for word in listed if word in said) for name, listed in words.STOPWORDS.items()}
    return max(counts, key=lambda name: (counts[name], name == "english"))


@dataclass
class Vocabulary:
    """The words of the texts that may be relied on, found by their first letters."""

    _by_stem: dict[str, set[str]] = field(default_factory=dict)
    _sentences: Counter[str] = field(default_factory=Counter)
    _count: int = 0

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Vocabulary":
        found = cls()
        for text in texts:
            for start, end in units(text):
                found._add(text[start:end])
        return found

    def _add(self, sentence: str) -> None:
        self._count += 1
        for word in set(content(sentence)):
            self._sentences[word] += 1
            self._by_stem.setdefault(word[:STEM], set()).add(word)

    def holds(self, word: str) -> bool:
        return word in self._sentences or any(alike(word, each) for each in self._by_stem.get(word[:STEM], ()))

    def weight(self, word: str) -> float:
        count = self._sentences[word]
        return math.log(1 + (self._count - count + 0.5) / (count + 0.5))

    def missing(self, sentence: str) -> tuple[float, list[str]]:
        """The weighted share of a sentence's words that are not there, 0 to 1, and those words."""
        said = list(dict.fromkeys(content(sentence)))
        absent = [word for word in said if not self.holds(word)]
        whole = sum(self.weight(word) for word in said)
        return (sum(self.weight(word) for word in absent) / whole if whole else 0.0), absent


def alike(first: str, second: str) -> bool:
    """Whether two words are likely forms of one: they begin the same for most of the longer one."""
    if first == second:
        return True
    shared = next((index for index, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), None)
    shared = min(len(first), len(second)) if shared is None else shared
    return shared >= STEM and shared >= ALIKE * max(len(first), len(second))


def overlap(first: str, second: str) -> float:
    """Shared content words over those of the shorter one, 0 to 1."""
    said, other = set(content(first)), set(content(second))
    shared = sum(any(alike(word, each) for each in other) for word in said)
    return shared / max(1, min(len(said), len(other)))


def closest(sentence: str, others: Sequence[str]) -> tuple[str, float]:
    """The one of `others` that says most of a sentence, and how much of it; an empty text where there is none."""
    return max(((each, overlap(sentence, each)) for each in others), key=lambda each: each[1], default=("", 0.0))


def denies(sentence: str) -> bool:
    """Whether a sentence says no: an odd number of negations, where French "ne … pas" is one."""
    said = [match.group().casefold() for match in _WORD.finditer(sentence)]
    if _CJK.search(sentence):
        return sum(sentence.count(each) for each in words.NEGATORS_OF_JAPANESE) % 2 == 1
    count = sum(word in words.NEGATORS or word.endswith(words.NEGATING_SUFFIXES) for word in said)
    elided = sum(word.startswith(("n'", "n’")) for word in said)  # noqa: RUF001  an apostrophe
    if language(sentence) == "french":
        count = (count + elided + 1) // 2 if ("ne" in said or elided) else count
    return count % 2 == 1


def is_elsewhere(sentence: str, other: str, asked: Collection[str] = ()) -> bool:
    """Whether one speaks of a time, a case or a thing that the other does not speak of, so that "no" to the one is no
    contradiction to the other: "within 30 days" and "after 30 days", "on the Free plan" and "on Enterprise only".

    A thing counts where a sentence alone has a number, or a word of `asked`, the content words of the question.
    """
    if _scope(sentence) != _scope(other):
        return True
    there = content(other)
    figures = {word for word in _SAID.findall(sentence) if word[0].isdigit()} - set(_SAID.findall(other))
    return bool(figures) or any(
        word in asked and not any(alike(word, each) for each in there) for word in content(sentence)
    )


def _scope(sentence: str) -> frozenset[tuple[int, str]]:
    """What limits a sentence, each with what it stands before; a limit for all of it with nothing."""
    said = [match.group().casefold() for match in _SAID.finditer(sentence)]
    limits = {(0, "") for word in said if word in words.LIMITS}
    return frozenset(limits) | {
        (words.SCOPES[word], _behind(said[place + 1 :])) for place, word in enumerate(said) if word in words.SCOPES
    }


def _behind(said: Sequence[str]) -> str:
    """The beginning of the first word that says something."""
    idle = words.ALL_STOPWORDS | words.NEGATORS
    return next((word[:STEM] for word in said if word not in idle), "")
