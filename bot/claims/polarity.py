"""Whether a sentence was turned into its opposite. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import cached_property

from bot.claims import coverage, grounding
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
_TOKEN = re.compile(r"[^\W_]+(?:['’][^\W_]+)?|[.,;:!?()]")  # noqa: RUF001  an apostrophe
_NOT_ALONE = re.compile(r"\bnot (?:just|only)\b|\bnicht (?:nur|bloß)\b|\bpas seulement\b|\bno solo\b", re.IGNORECASE)
# Words by which a sentence says no without a "not", or says what holds under a condition only.
_HEDGED = re.compile(
    r"\b(?:if|unless|except|instead|fail\w*|avoid\w*|ensure|verify|make sure|check|confirm|rather|lack\w*|missing"
    r"|errors?|otherwise|whether|wenn|falls|sofern|statt|außer|prüf\w*|stellen Sie sicher|si|sauf|sinon"
    r"|vérifi\w*|excepto|salvo|asegúr\w*|compruebe)\b",
    re.IGNORECASE,
)
LEAST_SHARED = 0.6  # of a sentence's words in one of a passage, from which on what either denies is compared
LEAST_IN_COMMON = 0.5  # of the words of that sentence
LEAST_WORDS = 3


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
    if share < SAME_SUBJECT or not differ(clause, before):
        return False
    shares = [(coverage.overlap(clause, each), each) for each in passages]
    best = max((share for share, _ in shares), default=0.0)
    return best < SAME_SUBJECT or all(differ(clause, each) for share, each in shares if share == best)


def differ(sentence: str, other: str) -> bool:
    """Whether one says yes and the other no, by a negation or by a word of the opposite sense."""
    said, there = (frozenset(each.group().casefold() for each in _LETTERS.finditer(text)) for text in (sentence, other))
    is_opposite = any(
        one in said - there and opposite in there - said
        for pair in words.OPPOSITES
        for one, opposite in (pair, pair[::-1])
    )
    return is_opposite != (coverage.denies(sentence) != coverage.denies(other))


@dataclass(frozen=True)
class Polar:
    """A sentence with its words, each with whether it is denied: what stands right behind a "not" is."""

    text: str

    @cached_property
    def words(self) -> Mapping[str, bool]:
        found: dict[str, bool] = {}
        is_denied = False
        for token in _TOKEN.findall(self._bare.casefold().replace("can not", "cannot")):
            if grounding.is_negation(token):
                is_denied = True
            elif not token[0].isalnum():
                is_denied = False
            elif stems := grounding.terms(token):
                found[stems[0]] = found.get(stems[0], False) or is_denied
                is_denied = False
        return found

    @cached_property
    def denies(self) -> bool:
        return coverage.denies(self._bare)

    @property
    def _bare(self) -> str:
        return _NOT_ALONE.sub(" ", _IDLE.sub(" ", self.text))


def is_denied(sentence: str, others: Sequence[Polar], asked: Collection[str] = ()) -> bool:
    """Whether a sentence denies a word that all of `others` which say the same affirm, or the other way round.

    Where it may say no without a "not", speaks of a condition, or of another time, case or thing (what the question
    has of it is in `asked`), that is not known, and False.
    """
    said = Polar(sentence)
    if len(said.words) < LEAST_WORDS or _HEDGED.search(sentence):
        return False
    alike = [other for other in others if _in_common(said, other) >= LEAST_SHARED * len(said.words)]
    near = [
        other
        for other in alike
        if other.denies != said.denies
        and _in_common(said, other) >= LEAST_IN_COMMON * len(other.words)
        and not coverage.is_elsewhere(sentence, other.text, asked)
    ]
    return any(
        any(word in other.words for other in near)
        and all(other.words[word] != denied for other in alike if word in other.words)
        for word, denied in said.words.items()
    )


def _in_common(first: Polar, second: Polar) -> int:
    return len(first.words.keys() & second.words.keys())
