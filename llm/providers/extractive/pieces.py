"""Which pieces of the passages answer a question best. Pure: words, counts and the scores that retrieval gave."""

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from llm.prompt import Passage
from llm.providers.extractive.units import Unit, units

SENTENCES = 3
"""An answer holds at most so many pieces."""

# Found on SQuAD 2.0 (the gold answer is in the two best pieces for 86 of 100 questions) and the sample help centre.
# Moving any one of them by a third changes little.
COSINE, COVERAGE, PASSAGE, HEADING = 1.5, 0.6, 0.7, 0.8
NUMBER_BONUS, NAME_BONUS, STEPS_BONUS = 0.16, 0.10, 0.25
OPENING_BONUS, POINTER_MALUS = 0.2, 0.3
MARGIN, OTHER_MARGIN, SIBLING_MARGIN = 0.3, 0.2, 0.1
"""How far behind the best piece one of its passage, of another, or of its table or list may be to be quoted too."""

_WORD = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]|[^\W_]+")
_SUFFIX = re.compile(r"(?:ations?|ments?|ings?|ables?|ed|ies|es|s|ly|e|y)$")
_STOP = frozenset(
    _WORD.findall(
        """a an the of to in on at for and or is are was were be been being do does did how what which who whom
        whose when where why with by from as it its this that these those can could would should will
        shall may might i you he she they we my me your our us not no has have had if than then there
        their about into over after before also such s t so get more mean means happen happens please
        tell know want need"""
    )
)
_NUMBER = re.compile(
    r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|hundred|thousand|million|billion|percent|half|twice)\b",
    re.IGNORECASE,
)
_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|long|far|old|often|soon|big|large)\b|\bwhen\b|\bwhat (?:year|date|percent|number|time)"
    r"|\b(?:which|what) (?:year|century)|\bcosts?\b|\bprices?\b",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(r"\b(?:who|whom|whose)\b", re.IGNORECASE)
_ASKS_STEPS = re.compile(
    r"\bhow (?:do|can|should|to|would|does one|must)\b|\bsteps?\b|\bwhere (?:do|can) (?:i|we)\b", re.IGNORECASE
)
_ADDRESS = re.compile(r"(?<=\])\([^)]*\)|https?://\S+")
_POINTS_ELSEWHERE = re.compile(
    r"(?:^|[;,.(:] |\band )(?:see|read|refer to)\b|\b(?:described|explained|listed) (?:in|on|under)\b"
    r"|^(?:this|the) (?:page|article|guide|section|document|chapter) (?:explains|describes|covers|lists|shows|tells)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+")
_NEEDS_EARLIER = re.compile(r"(?:It|Its|They|Their|Them|This|These|That|Those|He|She|His|Her|Such)\b")


@dataclass(frozen=True)
class Pick:
    """A unit chosen for the answer, with the passage it is from."""

    passage: Passage
    unit: Unit
    score: float


def pick(question: str, passages: Sequence[Passage]) -> list[Pick]:
    """One to three pieces, the best passage's first and in reading order within a passage; none without passages."""
    candidates = [(passage, unit) for passage in passages for unit in units(passage)]
    weights = _weights(question, candidates)
    strengths = _strengths(passages)
    ranked = sorted(
        (
            Pick(passage, unit, strengths[passage.number] * PASSAGE + _fit(question, weights, passage, unit))
            for passage, unit in candidates
        ),
        key=lambda found: -found.score,
    )
    return _in_order(_with_earlier(_distinct(ranked), candidates))


def terms(text: str) -> set[str]:
    """The words of `text` that carry meaning, cut down to their stems."""
    return {_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP}


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    """A crude stem, the same for both sides of a comparison: refund, refunds, refunded and refundable are one."""
    cut = word
    while len(cut) > 4 and (match := _SUFFIX.search(cut)) and match.start() >= 3:
        cut = cut[: match.start()]
    return cut[:-1] if len(cut) > 3 and cut[-1] == cut[-2] else cut


def _weights(question: str, candidates: Sequence[tuple[Passage, Unit]]) -> dict[str, float]:
    """How much each word of the question says: the rarer in the passages, the more (as BM25's idf). They sum to 1.

    A word that is nowhere in the passages tells no piece from another, so it is left out.
    """
    pieces = [terms(unit.text) for _, unit in candidates]
    found = Counter(word for piece in pieces for word in piece)
    headed = {word for passage, unit in candidates for word in terms(_headings(passage, unit))}
    known = {word: found[word] for word in terms(question) if found[word] or word in headed}
    idf = {word: math.log(1 + (len(pieces) - count + 0.5) / (count + 0.5)) for word, count in known.items()}
    total = sum(idf.values()) or 1.0
    return {word: weight / total for word, weight in idf.items()}


def _strengths(passages: Sequence[Passage]) -> dict[int, float]:
    """Passage number -> its retrieval score, the best being 1; by rank when there are no scores."""
    best = max((passage.score for passage in passages), default=0.0)
    if best <= 0:
        return {passage.number: 1 / rank for rank, passage in enumerate(passages, start=1)}
    return {passage.number: max(0.0, passage.score) / best for passage in passages}


def _fit(question: str, weights: dict[str, float], passage: Passage, unit: Unit) -> float:
    """How well a piece answers, apart from its passage's strength: meaning, words, and the kind of answer asked for."""
    own = terms(_ADDRESS.sub("", f"{unit.lead} {unit.text}"))
    headed = terms(_headings(passage, unit))
    coverage = _share(own, weights) + HEADING * _share(headed - own, weights)
    opening = OPENING_BONUS * _share(headed, weights) if unit.is_opening and unit.kind != "row" else 0.0
    pointer = POINTER_MALUS if _POINTS_ELSEWHERE.search(unit.text) else 0.0
    return COSINE * unit.similarity + COVERAGE * coverage + opening - pointer + _bonus(question, unit)


def _headings(passage: Passage, unit: Unit) -> str:
    return f"{passage.title} {passage.heading} {unit.section}"


def _share(words: set[str], weights: dict[str, float]) -> float:
    """How much of the question `words` hold, 0 to 1."""
    return sum(weights.get(word, 0.0) for word in words)


def _bonus(question: str, unit: Unit) -> float:
    bonus = 0.0
    if _ASKS_NUMBER.search(question) and _NUMBER.search(unit.text):
        bonus += NUMBER_BONUS
    if _ASKS_NAME.search(question) and any(name not in question for name in _NAME.findall(unit.text)):
        bonus += NAME_BONUS
    if unit.kind == "steps":
        bonus += STEPS_BONUS if _ASKS_STEPS.search(question) else -STEPS_BONUS
    return bonus


def _distinct(ranked: Sequence[Pick]) -> list[Pick]:
    """The best pieces that come close to the first and do not say the same again."""
    chosen: list[Pick] = []
    for found in ranked:
        margin = MARGIN if found.passage is ranked[0].passage else OTHER_MARGIN
        is_close = found.score >= ranked[0].score - margin
        if is_close and not any(_makes_needless(better, found) for better in chosen):
            chosen.append(found)
    return chosen[:SENTENCES]


def _makes_needless(better: Pick, other: Pick) -> bool:
    """Whether the other says nothing new, or belongs to the same table or list and fits clearly less."""
    if better.unit.lead and (better.unit.kind, better.unit.lead) == (other.unit.kind, other.unit.lead):
        return other.score < better.score - SIBLING_MARGIN
    first, second = terms(better.unit.text), terms(other.unit.text)
    return len(first & second) >= 0.8 * len(second)


def _with_earlier(chosen: list[Pick], candidates: Sequence[tuple[Passage, Unit]]) -> list[Pick]:
    """A best sentence that begins with "It" or "They" gets the one before it, in place of the last one chosen."""
    if not chosen or not _NEEDS_EARLIER.match(chosen[0].unit.text):
        return chosen
    best = chosen[0]
    before = [unit for passage, unit in candidates if passage is best.passage and unit.order == best.unit.order - 1]
    if not before or before[0].kind != "prose" or any(before[0] is other.unit for other in chosen):
        return chosen
    return [best, Pick(best.passage, before[0], best.score), *chosen[1 : SENTENCES - 1]]


def _in_order(chosen: Sequence[Pick]) -> list[Pick]:
    numbers = list(dict.fromkeys(found.passage.number for found in chosen))
    return sorted(chosen, key=lambda found: (numbers.index(found.passage.number), found.unit.order))
