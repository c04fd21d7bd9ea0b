"""Whether the sentences of a model's answer say what its passages say: the verdict before an answer is shown. Pure.

A sentence is held against the passages that it cites and, told apart, against all that were given and all that was
said: what stands in another passage than the cited one is cited wrongly, and not unsupported. It errs on the side of
the sentence. What cannot be compared is unknown and no fault: another language, greetings, questions back, what says
that the documents do not say it, code, tables, headings.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from django.utils.functional import cached_property

from bot.claims import coverage, grounding, grounds, polarity, quantities, statements
from bot.claims.grounding import Ground
from bot.claims.grounds import Evidence
from bot.claims.polarity import Polar
from bot.claims.quantities import Claim
from bot.claims.statements import Statement
from bot.claims.vocabulary import MONTHS
from knowledge.passages import languages

LEAST_TERMS = 3  # a shorter sentence is a courtesy, or says too little to be judged by its words
SAME = 0.75  # of a sentence's words in one of a passage, from which on both speak of the same
FAR = 0.35  # cosine to the question below which passages that share no word with it do not answer it
FARTHEST = 0.15  # and below which what is quoted of them does not, where the answer shares none
STRANGE = 0.06  # below this share no passage speaks of it at all
STRANGE_TERMS = 8  # in a sentence of fewer other words may say the same
LONGEST = 2_000  # characters: what is longer is no sentence
ELSEWHERE = 0.3  # below this share the cited passages do not say it, where another one does


class Fault(StrEnum):
    """What is wrong with a sentence."""

    NUMBER = "number"
    DATE = "date"
    NAME = "name"
    ADDRESS = "address"
    REVERSED = "reversed"
    STRANGE = "strange"
    MISCITED = "miscited"


_KINDS = {
    "number": Fault.NUMBER, "price": Fault.NUMBER, "duration": Fault.NUMBER, "version": Fault.NUMBER,
    "date": Fault.DATE, "time": Fault.DATE, "weekday": Fault.DATE, "name": Fault.NAME, "link": Fault.ADDRESS,
}  # fmt: skip
# An item of a list that is set in one line, and no "1. März".
_COUNTED = re.compile(rf"(?:(?<=\s)|^)\d{{1,2}}[.)](?=\s|$)(?!\s(?:{'|'.join(MONTHS)})\b)", re.IGNORECASE)
_LABEL = re.compile(r"^[^.:!?]{2,60}:(?=\s|$)")  # "Code Expiry: the code has expired"
_WORDS = re.compile(r"[^\W\d_]{4,}")
_NOT_SAID = re.compile(
    r"\b(?:documents?|documentation|passages?|sources?|articles?|information|context|text|help cent(?:er|re)"
    r"|dokument\w*|unterlagen|quellen?|informationen|auszüg\w*|passagen|sources|informations|documentos?|pasajes?"
    r"|fuentes?|información)\b|文書|資料|情報",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Checked:
    """A sentence with what was found. `share` (0 to 1) is how much of it all that was given holds, None where that is
    unknown. `what` are the words that no passage has; `best` is the passage that holds most of it, 0 for none."""

    statement: Statement
    share: float | None = None
    fault: Fault | None = None
    what: str = ""
    best: int = 0

    @property
    def is_held(self) -> bool:
        return self.share is not None and self.share >= grounding.SUPPORTED and self.fault is None

    @property
    def is_untrue(self) -> bool:
        """Whether it is not to be shown: a strange sentence only where it claims to be a passage's."""
        if self.fault == Fault.STRANGE:
            return bool(self.statement.numbers)
        return self.fault not in (None, Fault.MISCITED)


def is_beside(answer: str, questions: Sequence[str], passages: Sequence[str], near: float, quoted: float) -> bool:
    """Whether an answer speaks of something else than what is asked, in any of the wordings of the question.

    `near` is the cosine to the question of the nearest sentence of the cited `passages`, `quoted` of those that the
    answer rests on. Of 350 right sentences of SQuAD it takes .3 % for one beside the question, of 350 sentences of
    another paragraph of the same article it finds 40 %. Where languages differ, or where it asks or says that the
    documents do not say it, that is not known, and False.
    """
    asked = {word for question in questions for word in coverage.content(question)}
    units = statements.read(answer)
    if not asked or any(unit.is_question or _says_nothing_known(unit) for unit in units):
        return False
    if _are_foreign(questions[0], passages) or grounding.speaks_another(answer, passages):
        return False
    is_far = near < FAR and not _shares(asked, [answer, *passages])
    says_something = bool(coverage.content(answer))  # "Yes [1]." rests on what it cites, and quotes none of it
    return is_far or (says_something and quoted < FARTHEST and not _shares(asked, [answer]))


def _says_nothing_known(unit: Statement) -> bool:
    return bool(_NOT_SAID.search(unit.text)) and coverage.denies(unit.text)


def _are_foreign(question: str, passages: Sequence[str]) -> bool:
    said, held = languages.code(question), languages.code("\n".join(passages))
    return bool(said and held) and said != held


def _shares(asked: set[str], texts: Sequence[str]) -> bool:
    there = {word for text in texts for word in coverage.content(text)}
    return any(coverage.alike(word, each) for word in asked for each in there)


def share_held(found: Sequence[Checked]) -> float:
    """From 0 to 1: how much of what is said is held up, by words; 0 where nothing could be compared."""
    sizes = {each: len(grounding.terms(each.statement.text)) for each in found if each.share is not None}
    return sum(size for each, size in sizes.items() if each.is_held) / max(1, sum(sizes.values()))


class Checking:
    """Passages and what was said, read once; `passages[n - 1]` is what the marker [n] stands for.

    `asked` are the wordings of the question, `told` what was said before: what they say counts as said.
    `courtesies` are sentences that the voice asks for. Once `goes_on` says no, what is left is unknown.
    """

    def __init__(
        self,
        passages: Sequence[str],
        asked: Sequence[str] = (),
        told: Sequence[str] = (),
        courtesies: Iterable[str] = (),
        goes_on: Callable[[], bool] = lambda: True,
    ) -> None:
        self._goes_on = goes_on
        self._passages = passages
        self._asked = frozenset(word for text in asked for word in coverage.content(text))
        self._told = (*told, *asked)
        self._polite = {" ".join(grounding.terms(text)) for each in courtesies for text in grounding.split(each)}
        self._grounds: dict[tuple[int, ...], Ground] = {}

    def sentences(self, answer: str) -> list[Checked]:
        """Each sentence of `answer`, in order."""
        units = statements.read(answer)
        if not any(text.strip() for text in self._passages) or grounding.speaks_another(answer, self._passages):
            return [Checked(unit) for unit in units]
        return [self._checked(unit) if self._goes_on() and self._is_claim(unit) else Checked(unit) for unit in units]

    def _is_claim(self, unit: Statement) -> bool:
        if len(unit.text) > LONGEST:
            return False
        said = grounding.terms(unit.text)
        if unit.is_code or unit.is_row or unit.is_heading or unit.is_question or unit.text.endswith(":"):
            return False
        if " ".join(said) in self._polite or not coverage.content(unit.text):
            return False
        return not _says_nothing_known(unit)

    def _checked(self, unit: Statement) -> Checked:
        everything = tuple(range(1, len(self._passages) + 1))
        support = self._ground(everything).support(unit.text)
        if support is None:
            return Checked(unit)
        best, most = self._best(unit.text)
        share = max(support.share if not support.is_faulty else support.share / grounding.FAULTY, most)
        fault, what = self._fault(unit, share, is_reversed=support.is_reversed)
        if fault is None and self._is_miscited(unit, best, most):
            fault = Fault.MISCITED
        return Checked(unit, share, fault, what, best)

    def _fault(self, unit: Statement, share: float, *, is_reversed: bool) -> tuple[Fault | None, str]:
        text = bare(unit.text)
        for claim, _ in grounds.unsupported(text, self._evidence, ""):
            kind = _KINDS.get(claim.kind)
            if kind and not _is_idle(claim, text) and not self._is_written(claim):
                return kind, claim.text
        near = [sentence for sentence, there in self._read if _shared(text, there) >= SAME]
        if other := next(self._contradicted(text, near), None):
            return _KINDS[other.kind], other.text
        if is_reversed or polarity.is_denied(text, self._affirmed, self._asked):
            return Fault.REVERSED, ""
        if share < STRANGE and len(grounding.terms(text)) >= STRANGE_TERMS:
            return Fault.STRANGE, ""
        return None, ""

    def _is_written(self, claim: Claim) -> bool:
        """Whether what looks like a date is a number at the end of a sentence: "17.4." """
        return claim.kind == "date" and claim.text.endswith(".") and claim.text[:-1] in self._evidence.text

    def _contradicted(self, text: str, near: Sequence[str]) -> Iterator[Claim]:
        """Numbers in whose place every sentence that says the same has another one."""
        there = [claim for sentence in near for claim in _claims(sentence)]
        for claim in quantities.claims(text):
            alike = [each for each in there if each.kind == claim.kind and each.unit == claim.unit]
            if alike and not _is_idle(claim, text) and not _is_said(claim, near, there):
                yield claim

    def _is_miscited(self, unit: Statement, best: int, most: float) -> bool:
        if not unit.own or best in unit.own or most < grounding.SUPPORTED:
            return False
        if len(grounding.terms(unit.text)) <= LEAST_TERMS:
            return False
        cited = self._ground(tuple(number for number in unit.own if number <= len(self._passages))).support(unit.text)
        lacks_figures = cited is not None and bool(cited.missing) and not self._lacks(unit.text, best)
        return lacks_figures or self._share(unit.text, unit.own) < ELSEWHERE

    def _lacks(self, text: str, number: int) -> bool:
        """Whether a passage has not all the numbers and names of a sentence."""
        support = self._ground((number,)).support(text)
        return support is None or bool(support.missing)

    def _best(self, text: str) -> tuple[int, float]:
        shares = [(self._share(text, (number,)), -number) for number in range(1, len(self._passages) + 1)]
        most, number = max(shares, default=(0.0, 0))
        return (-number, most) if most else (0, 0.0)

    def _share(self, text: str, numbers: tuple[int, ...]) -> float:
        there = tuple(number for number in numbers if 1 <= number <= len(self._passages))
        support = self._ground(there).support(text) if there else None
        return support.share if support else 0.0

    def _ground(self, numbers: tuple[int, ...]) -> Ground:
        if numbers not in self._grounds:
            told = self._told if len(numbers) == len(self._passages) else ()
            self._grounds[numbers] = Ground([self._passages[number - 1] for number in numbers], told)
        return self._grounds[numbers]

    @cached_property
    def _evidence(self) -> Evidence:
        return Evidence.of(self._passages, self._told)

    @cached_property
    def _affirmed(self) -> list[Polar]:
        said = (each for text in self._passages for each in grounding.split(text))
        return [Polar(each) for each in said if not each.endswith(("?", "？"))]  # noqa: RUF001

    @cached_property
    def _read(self) -> list[tuple[str, frozenset[str]]]:
        """The sentences of all that was given and said, each with its terms."""
        said = (each for text in (*self._passages, *self._told) for each in grounding.split(text))
        return [(each, frozenset(grounding.terms(each))) for each in said]


@lru_cache(maxsize=2_000)
def _claims(sentence: str) -> tuple[Claim, ...]:
    return tuple(quantities.claims(sentence))


def bare(text: str) -> str:
    """As long a text without what is no claim: the numbers of a list in one line, and a label."""
    text = _COUNTED.sub(lambda found: " " * len(found.group()), text)
    return _LABEL.sub(lambda found: " " * (len(found.group()) - 1) + ".", text)


def _is_idle(claim: Claim, text: str) -> bool:
    """Whether it is said without a claim: "two plans", "Polycystic Ovarian Syndrome (PCOS)", a heading's capitals."""
    if claim.kind == "number" and not claim.unit.startswith("%"):
        return not any(sign.isdigit() for sign in claim.text) or len(claim.text) == 1
    if claim.kind != "name":
        return False
    if claim.text == text.strip(" .!"):
        return True
    if text[: claim.start].endswith("(") and text[claim.end :].startswith(")"):
        return True
    others = [word for word in _WORDS.findall(text)[1:] if word not in claim.text]
    return bool(sum(word[0].isupper() for word in others) > len(others) / 2)


def _is_said(claim: Claim, near: Sequence[str], there: Sequence[Claim]) -> bool:
    """Whether one of them says it, be it in another form; what looks like a date may be a number that ends them."""
    written = re.compile(rf"(?<![\d.,]){re.escape(claim.text.rstrip('.'))}(?!\d|[.,]\d)")
    return (
        any(_agree(claim, each) for each in there)
        or any(written.search(sentence) for sentence in near)
        or (claim.kind == "time" and any(claim.values & quantities.hours(sentence) for sentence in near))
    )


def _agree(claim: Claim, other: Claim) -> bool:
    """Whether both may mean the same; of dates, the one may say less than the other."""
    if claim.kind != "date" or other.kind != "date":
        return bool(claim.values & other.values)
    return grounds.is_date(claim, other) or grounds.is_date(other, claim)


def _shared(text: str, there: frozenset[str]) -> float:
    said = set(grounding.terms(text))
    said -= {term for term in said if term.isdigit()}
    if len(said) < LEAST_TERMS or len(there) > 3 * len(said):
        return 0.0
    return len(said & there) / len(said)
