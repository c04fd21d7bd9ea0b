"""Whether a sentence was turned into its opposite. Pure."""

import re
from collections.abc import Sequence

from bot.claims import coverage
from bot.claims import vocabulary as words

SAME_SUBJECT = 0.6  # of the words of the shorter sentence, from which on two speak of one thing
_BETWEEN = re.compile(r"[;:—]\s|,\s(?:but|aber|mais|pero|while|whereas)\s|[。]")
# "No, …" answers, "don't worry" comforts: neither denies what follows.
_IDLE = re.compile(
    r"^\s*(?:no|nein|non|nope|yes)\s*[,:.!]|\b(?:do not|don['’]t|no need to|never) (?:worry|hesitate)"  # noqa: RUF001
    r"|\bno (?:problem|worries)\b"
    r"|\bnot only\b|\bkeine (?:Sorge|Angst)|zögern Sie nicht|\bkein Problem"
    r"|n['’]hésitez pas|\bne vous inquiétez pas"  # noqa: RUF001
    r"|\bno (?:dude|dudes|te preocupes|se preocupe)\b",
    re.IGNORECASE,
)
_LETTERS = re.compile(r"[^\W\d_]+")


def is_turned(sentence: str, earlier: Sequence[str], passages: Sequence[str]) -> bool:
    """Whether a part of a sentence denies what one of `earlier` affirms, or the other way round, and the passage that
    is nearest to it does not."""
    before, there = _clauses(*earlier), _clauses(*passages)
    return any(_is_turned(clause, before, there) for clause in _clauses(sentence))


def _clauses(*sentences: str) -> list[str]:
    """Parts that are true or not by themselves, without what is no denial of theirs."""
    return [part for each in sentences for part in _BETWEEN.split(_IDLE.sub(" ", each)) if coverage.content(part)]


def _is_turned(clause: str, earlier: Sequence[str], passages: Sequence[str]) -> bool:
    before, share = coverage.closest(clause, earlier)
    if share < SAME_SUBJECT or not _differ(clause, before):
        return False
    shares = [(coverage.overlap(clause, each), each) for each in passages]
    best = max((share for share, _ in shares), default=0.0)
    return best < SAME_SUBJECT or all(_differ(clause, each) for share, each in shares if share == best)


def _differ(sentence: str, other: str) -> bool:
    """Whether one says yes and the other no, by a negation or by a word of the opposite sense."""
    said, there = (frozenset(each.group().casefold() for each in _LETTERS.finditer(text)) for text in (sentence, other))
    is_opposite = any(
        one in said - there and opposite in there - said
        for pair in words.OPPOSITES
        for one, opposite in (pair, pair[::-1])
    )
    return is_opposite != (coverage.denies(sentence) != coverage.denies(other))
