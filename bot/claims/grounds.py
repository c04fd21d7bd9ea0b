"""What passages and a conversation say, and which claims of an answer they do not support. Pure."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.claims import coverage, quantities, references
from bot.claims import vocabulary as words
from bot.claims.coverage import Vocabulary
from bot.claims.quantities import Claim

REASONS = {
    "number": "No passage has this number.",
    "duration": "No passage has this time.",
    "price": "No passage has this price.",
    "date": "No passage has this date.",
    "weekday": "No passage names this day.",
    "time": "No passage has this time of day.",
    "version": "No passage has this version.",
    "link": "No passage has this address.",
    "code": "No passage has this written so.",
    "name": "No passage and nobody in the conversation names this.",
    "quote": "No passage has these words.",
    "limit": "This sets a limit that no passage sets.",
}
_MARKER = re.compile(r"\[\d{1,2}\](?!\()|^\s*\d{1,3}[.)](?=\s)|\b(?:NOT_IN_DOCS)\b", re.MULTILINE)
_PLACEHOLDER = re.compile(r"\[[A-Z]+_\d+\]|\[(?:e-mail|phone|name|iban|card|ip|key|platform id|erased)\]")
_LETTERS = re.compile(r"[^\W\d_]+")


def masked(text: str, phrases: Sequence[str] = ()) -> str:
    """As long a text without what is no claim: markers, numbers of lists, placeholders, the voice's phrases."""
    for pattern in (
        _MARKER,
        _PLACEHOLDER,
        *(re.compile(re.escape(each), re.IGNORECASE) for each in phrases if each.strip()),
    ):
        text = pattern.sub(lambda match: " " * len(match.group()), text)
    return text


@dataclass(frozen=True)
class Evidence:
    """Texts that an answer may rest on, read once. `sentences` are those of the passages alone."""

    text: str
    code: str
    claims: dict[str, list[Claim]]
    words: Vocabulary
    limits: frozenset[int]
    sentences: list[str]
    links: frozenset[str]

    @classmethod
    def of(cls, passages: Sequence[str], said: Sequence[str]) -> "Evidence":
        texts = [masked(each) for each in said] + list(passages)
        text = "\n\n".join(texts)
        claims: dict[str, list[Claim]] = {}
        for each in quantities.claims(text):
            claims.setdefault(each.kind, []).append(each)
        claims.setdefault("duration", []).append(Claim(0, 0, "duration", "", quantities.ones(text)))
        claims.setdefault("weekday", []).append(Claim(0, 0, "weekday", "", frozenset(quantities.weekday_ranges(text))))
        claims.setdefault("time", []).append(Claim(0, 0, "time", "", quantities.hours(text)))
        return cls(
            text=text,
            code=references.squeezed(text),
            claims=claims,
            words=Vocabulary.of(texts),
            limits=limits(text),
            sentences=[each[start:end] for each in passages for start, end in coverage.units(each)],
            links=frozenset(
                value for claim in references.links(text) for value in claim.values if isinstance(value, str)
            ),
        )

    def with_text(self, text: str) -> Vocabulary:
        """The words of these texts and of one more."""
        return Vocabulary.of([self.text, text])


def unsupported(answer: str, ground: Evidence, before: str) -> Iterator[tuple[Claim, str]]:
    """The claims that nothing supports, each with a sentence that says so; `before` is the answer as it was."""
    for claim in _claims(answer):
        if reason := _wanting(claim, answer, ground, before):
            yield claim, reason


def _claims(answer: str) -> Iterator[Claim]:
    """Every claim once: what is a part of another is not claimed by itself."""
    rest = answer
    is_german = coverage.language(answer) == "german"
    finders = (
        references.links,
        references.code,
        quantities.claims,
        lambda text: references.names(text, is_german=is_german),
        _limits,
    )
    for find in finders:
        for claim in list(find(rest)):
            if rest[claim.start : claim.end].strip():
                yield claim
        for claim in find(rest) if find is not _limits else ():
            if claim.kind != "quote":
                rest = rest[: claim.start] + " " * (claim.end - claim.start) + rest[claim.end :]


def limits(text: str) -> frozenset[int]:
    """Which limits a text sets: "daily", "free", "optional" ..."""
    said = {each.group().casefold() for each in _LETTERS.finditer(text)}
    japanese = {number for word, number in words.QUALIFIERS.items() if not word.isascii() and word in text}
    per = {words.QUALIFIERS[f"{unit}ly"] for unit in ("week", "month", "year", "hour") if _is_per(text, unit)}
    daily = {words.QUALIFIERS["daily"]} if _is_per(text, "day") or re.search(r"\b(?:24/7|jeden Tag)\b", text) else set()
    at = {words.QUALIFIERS[word] for word, pattern in _AT if re.search(pattern, text, re.IGNORECASE)}
    return frozenset({words.QUALIFIERS[each] for each in said & words.QUALIFIERS.keys()} | japanese | per | daily | at)


_AT = (
    ("minimum", r"\bat least\b|\bau moins\b|\bal menos\b|\bno fewer than\b|以上"),
    ("maximum", r"\bat most\b|\bup to\b|\bno more than\b|\bbis zu\b|\bjusqu|\bhasta\b|\blimit|以内|最大"),
    ("free", r"\bno (?:extra )?(?:cost|charge|fee)|\bohne (?:Kosten|Aufpreis)|\bsans frais\b|\bsin costo?e?\b"),
)


def _is_per(text: str, unit: str) -> bool:
    foreign = {
        "day": "Tag|jour|día",
        "week": "Woche|semaine|semana",
        "month": "Monat|mois|mes",
        "year": "Jahr|an|année|año",
    }
    each = "per|every|each|a|once a|pro|jede[nrs]?|par|chaque|por|cada|al"
    pattern = rf"\b(?:{each})\s+(?:{unit}|{foreign.get(unit, 'Stunde')})\b|/{unit}"
    return re.search(pattern, text, re.IGNORECASE) is not None


def _limits(text: str) -> Iterator[Claim]:
    for match in _LETTERS.finditer(text):
        number = words.QUALIFIERS.get(match.group().casefold())
        if number is not None:
            yield Claim(match.start(), match.end(), "limit", match.group(), frozenset({number}))


def _wanting(claim: Claim, answer: str, ground: Evidence, before: str) -> str:
    """Why a claim is not supported; empty where it is."""
    if claim.kind == "limit":
        is_there = bool(claim.values & (ground.limits | limits(before))) or _is_courtesy(claim, answer)
    elif claim.kind == "link":
        is_there = bool(claim.values & ground.links) or any(str(value) in ground.code for value in claim.values)
    elif claim.kind in ("code", "quote"):
        is_there = any(str(value) in ground.code for value in claim.values)
    elif claim.kind == "name":
        is_there = _is_named(claim.text, ground)
    elif claim.kind in ("number", "price"):
        return _about_number(claim, ground)
    elif claim.kind == "version":
        is_there = any(re.search(rf"(?<![\d.]){re.escape(str(value))}(?!\.?\d)", ground.text) for value in claim.values)
    elif claim.kind == "date":
        is_there = any(is_date(claim, each) for each in ground.claims.get("date", ()))
    else:
        meant = {value for value in claim.values if claim.kind != "duration" or isinstance(value, tuple)}
        is_there = any(meant & each.values for each in ground.claims.get(claim.kind, ()))
    return "" if is_there else REASONS[claim.kind]


def _is_courtesy(claim: Claim, answer: str) -> bool:
    """A sentence of politeness sets no limit: "We are always happy to help"."""
    for start, end in coverage.units(answer):
        if start <= claim.start < end:
            return len(set(coverage.content(answer[start:end])) - {claim.text.casefold()}) == 0
    return False


def _is_named(name: str, ground: Evidence) -> bool:
    if " " in name:
        return all(_is_named(part, ground) for part in name.split())
    if name.endswith("s") and name[:-1].isupper() and name.isalpha():  # "PDFs"
        return _is_named(name[:-1], ground)
    plain = name.casefold().removesuffix("'s").removesuffix("’s").rstrip(".")  # noqa: RUF001  an apostrophe
    if references.squeezed(plain) in ground.code or ground.words.holds(plain):
        return True
    if plain in words.WEEKDAYS or plain in words.MONTHS:
        return True
    if "-" in plain:
        return all(_is_named(part, ground) or not part[0].isupper() for part in name.split("-") if part)
    return 2 <= len(plain) <= 5 and _is_acronym(plain, ground.text)


def _is_acronym(letters: str, text: str) -> bool:
    """Whether words in a row begin with these letters: SSO is a single sign-on."""
    return letters in _initials(text)


@lru_cache(maxsize=4)
def _initials(text: str) -> str:
    return "".join(each.group()[0].casefold() for each in _LETTERS.finditer(text))


def _about_number(claim: Claim, ground: Evidence) -> str:
    there = [each for kind in ("number", "price", "duration") for each in ground.claims.get(kind, ())]
    if claim.kind == "price":
        same = [
            each for each in ground.claims.get("price", ()) if each.values & claim.values and each.unit == claim.unit
        ]
        bare = any(each.values & claim.values and not each.unit for each in ground.claims.get("number", ()))
        has_currency = any(
            sign in ground.text.casefold() for sign, code in words.CURRENCIES.items() if code == claim.unit
        )
        return "" if same or (bare and has_currency) else REASONS["price"]
    same = [each for each in there if each.values & claim.values]
    if not same and not any(_is_written(value, ground.text) for value in claim.values):
        return REASONS["number"]
    if any(isinstance(value, tuple) for each in same for value in each.values & claim.values):
        return ""
    if not claim.unit or not same or any(not each.unit or _is_unit(each.unit, claim.unit) for each in same):
        return ""
    others = [each for each in there if each.unit and _is_unit(each.unit, claim.unit)]
    return "The passages have this number of something else." if others else ""


def _is_written(value: object, text: str) -> bool:
    """Whether a number stands there as it is written, inside of something longer."""
    if isinstance(value, tuple):  # a telephone number
        return str(value[1]) in re.sub(r"[\s()/.-]", "", text)
    return re.search(rf"(?<!\d){re.escape(str(value))}(?!\d)", text) is not None


def _is_unit(first: str, second: str) -> bool:
    return (
        first == second or coverage.alike(first, second) or (len(first) > 2 and first.rstrip("s") == second.rstrip("s"))
    )


def is_date(claim: Claim, other: Claim) -> bool:
    """What is said of the one is said of the other too; a year that is not there was added."""
    return any(_fits(mine, theirs) for mine in claim.values for theirs in other.values)


def _fits(mine: object, theirs: object) -> bool:
    assert isinstance(mine, tuple) and isinstance(theirs, tuple)  # noqa: S101, PT018  what dates are made of
    return all(not said or said == there for said, there in zip(mine, theirs, strict=True))
