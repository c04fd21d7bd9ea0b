"""A text as what has to stay of it when it is said in other words. Pure.

Every word, sign, marker, link and piece of code is a token, in its order; so is a whole list item, row of a table,
heading and block of code. What a voice may add by itself is left out, in both texts of a comparison.
"""

import re
import unicodedata
from collections.abc import Iterator

from bot.models import Voice
from bot.voices.courtesy import ONE_WORD_ANSWERS, is_courtesy
from knowledge.passages import sentences

# Pictures that tell nothing. Others are part of what is said: ticks, crosses, hands that point, arrows, flags, clocks.
_PICTURES = "\u2600\u2615\u2693\u26f5\u2728\u2764\u2b50\U0001f308\U0001f31e-\U0001f320\U0001f331-\U0001f344"
_PICTURES += (
    "\U0001f345-\U0001f37f\U0001f380-\U0001f38a\U0001f400-\U0001f43f\U0001f44b\U0001f44f\U0001f490\U0001f493-\U0001f49f"
)
_PICTURES += "\U0001f4aa\U0001f5a4\U0001f600-\U0001f644\U0001f64c\U0001f64f\U0001f680\U0001f90d-\U0001f90f\U0001f917"
_PICTURES += "\U0001f91d\U0001f929\U0001f970\U0001f973\U0001f980-\U0001f9ae\U0001f9e1\U0001fa77"
ORNAMENT = re.compile(rf"[{_PICTURES}][\ufe0f\U0001f3fb-\U0001f3ff]?")

MARKER = r"\[\s*\d{1,2}(?:\s*,\s*\d{1,2})*\s*\]"
TOKEN = re.compile(
    rf"(?P<marker>{MARKER})"
    r"|(?P<code>(?<!`)(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))"
    r"|(?P<link>\]\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*\)|https?://[^\s<>\[\]()]*[^\s<>\[\]().,;:!?'\"*])"
    r"|(?P<word>[^\W_](?:\w|[-.,:/\\@'’+&=#%~]+(?=[^\W_]))*)"  # noqa: RUF001  an apostrophe, as typographers write it
    r"|(?P<emphasis>(?<![\w\s])\*{1,3}|\*{1,3}(?![\w\s])|(?<!\S)\*{1,3}(?=\w)|(?<=\w)\*{1,3}(?!\S))"
    r"|(?P<free>[,;:!…。、，！；：]+|\.+(?!\d)|[\"“”„«»‹›‘’]|'(?!\w)|(?<!\w)'|(?<=\s)[-–—]+(?=\s)|—)"  # noqa: RUF001
    r"|(?P<sign>\S)",
    re.DOTALL,
)
LEADING_MARKERS = re.compile(rf"(?:\s*{MARKER})+\s*")
LEAD = re.compile(r"(?P<lead>[^,:;!.–—]{1,80}?)(?:[,:;!.–—]|\s-\s)+\s*(?=\S)")  # noqa: RUF001
WHOLE = re.compile(r"(?:[-*+]|\d{1,9}[.)]|#{1,6})\s|[|>]|`{3}|~{3}")
PRESCRIBED = re.compile(r"[\"“„«]([^\"“”„«»\n]{2,60})[\"”“»]")
CONTRACTIONS = (
    (re.compile(r"^(can)not$", re.IGNORECASE), r"\1 not"),
    (re.compile(r"^(w)on['’]t$", re.IGNORECASE), r"\1ill not"),  # noqa: RUF001
    (re.compile(r"^(ca|sha)n['’]t$", re.IGNORECASE), r"\1__ not"),  # noqa: RUF001
    (re.compile(r"^(\w+)n['’]t$", re.IGNORECASE), r"\1 not"),  # noqa: RUF001
    (re.compile(r"^(you|we|they)['’]re$", re.IGNORECASE), r"\1 are"),  # noqa: RUF001
    (re.compile(r"^(i)['’]m$", re.IGNORECASE), r"\1 am"),  # noqa: RUF001
    (re.compile(r"^(i|you|we|they)['’]ve$", re.IGNORECASE), r"\1 have"),  # noqa: RUF001
    (re.compile(r"^(i|you|he|she|it|we|they|that|there)['’]ll$", re.IGNORECASE), r"\1 will"),  # noqa: RUF001
    (re.compile(r"^(it|that|there|here|what|where)['’]s$", re.IGNORECASE), r"\1 is"),  # noqa: RUF001
)


def tokens(text: str, voice: Voice | None = None) -> list[str]:
    """The tokens of `text`, without what `voice` may add to it."""
    prescribed = _prescribed(voice) if voice else frozenset()
    return [token for unit in _units(_plain(text, voice)) for token in _of(unit, prescribed)]


def words(text: str) -> tuple[str, ...]:
    """What is said by a phrase, whatever its capitals and punctuation."""
    return tuple(token.casefold() for token in _found(text))


def _plain(text: str, voice: Voice | None) -> str:
    text = unicodedata.normalize("NFC", text)
    return ORNAMENT.sub(" ", text) if voice and voice.has_emoji else text


def _prescribed(voice: Voice) -> frozenset[tuple[str, ...]]:
    """The phrases that a voice itself gives: how it opens and closes, and what stands in quotes in its guide."""
    given = [voice.opening, voice.closing, *PRESCRIBED.findall(voice.style_guide)]
    phrases = {words(_plain(phrase, voice)) for phrase in given if phrase not in voice.banned_phrases}
    return frozenset(phrase for phrase in phrases if len(phrase) > 1 or not ONE_WORD_ANSWERS.issuperset(phrase))


def _units(text: str) -> Iterator[str]:
    """Sentences, each with the markers behind it, and what is kept whole, with its indentation."""
    held, end = "", 0
    for start, stop in [*sentences.split(text), (len(text), len(text))]:
        between, unit = text[end:start].strip(), text[start:stop]
        if end and not WHOLE.match(unit) and (markers := LEADING_MARKERS.match(unit)):
            held, unit = f"{held} {markers[0]}", unit[markers.end() :]
        if unit or between:
            yield held
            held = unit
        if between:  # the rule of a table
            yield f"|{between}"
        if WHOLE.match(unit):
            line = text[text.rfind("\n", 0, start) + 1 : start]
            held = (line if line.isspace() else "") + unit
        end = stop
    yield held


def _of(unit: str, prescribed: frozenset[tuple[str, ...]]) -> list[str]:
    if WHOLE.match(unit.lstrip()):
        return [unit.rstrip()]
    found = list(_found(unit))
    if not any(re.fullmatch(MARKER, token) for token in found) and _is_courtesy(unit, prescribed):
        return []
    lead = LEAD.match(unit)
    if lead and _is_courtesy(lead["lead"], prescribed):
        found = list(_found(unit[lead.end() :]))
    if found and found[0][1:] == found[0][1:].lower():
        found[0] = found[0].lower()  # a capital, where a sentence begins
    return found


def _found(text: str) -> Iterator[str]:
    for match in TOKEN.finditer(text):
        if match.lastgroup in ("free", "emphasis"):
            continue
        if match.lastgroup == "word":
            yield from _expanded(match.group())
        else:
            yield match.group()


def _expanded(word: str) -> list[str]:
    for short, long in CONTRACTIONS:
        if short.match(word):
            return short.sub(long, word).replace("ca__", "can").replace("sha__", "shall").split()
    return [word]


def _is_courtesy(text: str, prescribed: frozenset[tuple[str, ...]]) -> bool:
    said = words(text)
    return bool(said) and (said in prescribed or is_courtesy(said))
