"""A text as what has to stay of it when it is said in other words. Pure.

Every word, sign, marker, link and piece of code is a token, in its order; so is a whole list item, row of a table,
heading and block of code. What a voice may add by itself is left out, in both texts of a comparison.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from bot.models import Voice
from bot.voices.courtesy import ONE_WORD_ANSWERS, is_courtesy, straight
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
    r"|(?P<word>[^\W_](?:\w|[-.,:/\\@'+&=#%~]+(?=[^\W_]))*)"
    r"|(?P<stop>(?<!^)(?<![\s/\\=<>@#$&|~^-])[.!…;:]+(?=[\s\"'“”»›)\]]|\Z)|(?<=[^\W\d_]\s|\]\s)[!;:](?=\s+[^\W\d]|\s*\Z)|[。！；：]+)"  # noqa: RUF001
    r"|(?P<pause>(?<=\S),(?=[\s\"'“”»›)]|\Z)|[、，]|(?<=[^\W\d_]{2}\s)[-–—](?=\s+[^\W\d_]{2})|(?<=[^\W\d_])—(?=[^\W\d_]))"  # noqa: RUF001
    r"|(?P<free>(?<!\d)[\"“”„«»‹›‘]|(?<!\w)'|(?<!\d)'(?!\w))"  # noqa: RUF001
    r"|(?P<sign>\S)",
    re.DOTALL,
)
STOP, PAUSE = ". ", ", "  # no sign that stands in a text is as long
# A pair around words, but no star of a pattern, a footnote or a product.
EMPHASIS = re.compile(r"(?<![\w*.])(\*{1,3})(?=[\w\"'“„«(\[$€£¥`])([^*]+?)(?<=[\w.!?:,;)\"'”“»\]%…`])\1(?![\w*]|\.\w)")
_KEPT_AS_WRITTEN = re.compile(r"(?<!`)(`+)(?!`).+?(?<!`)\1(?!`)|https?://\S+", re.DOTALL)
# With one of these a pause decides what is denied.
DENIAL = re.compile(
    r"no|not|never|none|nobody|nothing|neither|nor|without|unless|except|only|cannot|nein|nie|niemals|nicht|nichts|nur|ohne"
    r"|kein\w*|weder|noch|außer|sondern|non|ne|n'\w+|pas|jamais|rien|aucune?|sans|sauf|ni|nunca|nada|sin|ningun\w*|solo",
    re.IGNORECASE,
)
RELATIVE = re.compile(r"who|whom|whose|which|that|where|qui|que|dont|où|quien\w*", re.IGNORECASE)
LEADING_MARKERS = re.compile(rf"(?:\s*{MARKER})+\s*")
LEAD = re.compile(r"(?P<lead>[^,:;!.–—]{1,80}?)(?:[,:;!.–—]|\s-\s)+\s*(?=\S)")  # noqa: RUF001
WHOLE = re.compile(r"(?:[-*+]|\d{1,9}[.)]|#{1,6})\s|[|>]|`{3}|~{3}")
PRESCRIBED = re.compile(r"[\"“„«]([^\"“”„«»\n]{2,60})[\"”“»]")
UNWISHED = re.compile(
    r"\b(?:never|not|no|avoid\w*|don't|instead|rather than|nie|nicht|kein\w*|statt|jamais|pas|nunca|evit\w*)\b",
    re.IGNORECASE,
)
CONTRACTIONS = (
    (re.compile(r"^(can)not$", re.IGNORECASE), r"\1 not"),
    (re.compile(r"^(w)on't$", re.IGNORECASE), r"\1ill not"),
    (re.compile(r"^(sha)n't$", re.IGNORECASE), r"\1ll not"),
    (re.compile(r"^(can)'t$", re.IGNORECASE), r"\1 not"),
    (re.compile(r"^(\w+)n't$", re.IGNORECASE), r"\1 not"),
    (re.compile(r"^(you|we|they)'re$", re.IGNORECASE), r"\1 are"),
    (re.compile(r"^(i)'m$", re.IGNORECASE), r"\1 am"),
    (re.compile(r"^(i|you|we|they)'ve$", re.IGNORECASE), r"\1 have"),
    (re.compile(r"^(i|you|he|she|it|we|they|that|there)'ll$", re.IGNORECASE), r"\1 will"),
    (re.compile(r"^(it|that|there|here|what|where)'s$", re.IGNORECASE), r"\1 is"),
)


def tokens(text: str, voice: Voice | None = None) -> list[str]:
    """The tokens of `text`, without what `voice` may add to it."""
    prescribed = _prescribed(voice) if voice else frozenset()
    found: list[str] = []
    for unit in _units(_plain(text, voice)):
        found += [STOP, *said] if (said := _of(unit, prescribed)) else []
    return _stopped(found)


def _stopped(found: Iterable[str]) -> list[str]:
    """The tokens with each stop once and before its markers, and none where all begins and ends."""
    kept: list[str] = []
    for token in found:
        place = len(kept)
        while token == STOP and place and _is_marker(kept[place - 1]):
            place -= 1
        if token != STOP or (place and kept[place - 1] != STOP):
            kept.insert(place, token)
    last = next((at for at in range(len(kept) - 1, -1, -1) if not _is_marker(kept[at])), 0)
    return [token for at, token in enumerate(kept) if at != last or token != STOP]


def _is_marker(token: str) -> bool:
    return bool(re.fullmatch(MARKER, token))


def words(text: str) -> tuple[str, ...]:
    """What is said by a phrase, whatever its capitals and punctuation."""
    return tuple(token.casefold() for token in _found(text) if token not in (STOP, PAUSE))


def _plain(text: str, voice: Voice | None) -> str:
    text = straight(unicodedata.normalize("NFC", text))
    if voice is None or not voice.has_emoji:
        return text
    return ORNAMENT.sub(" ", re.sub(rf"\s*(?:{ORNAMENT.pattern})+(?=[.!?…,;:])", "", text))


def _prescribed(voice: Voice) -> frozenset[tuple[str, ...]]:
    """The phrases that a voice itself gives: how it opens and closes, and what stands in quotes in its guide."""
    given = [voice.opening, voice.closing, *_wished(voice.style_guide)]
    phrases = {words(_plain(phrase, voice)) for phrase in given}
    return frozenset(phrase for phrase in phrases if len(phrase) > 1 or not ONE_WORD_ANSWERS.issuperset(phrase))


def _wished(guide: str) -> Iterator[str]:
    """What stands in quotes, but where a guide says what not to say."""
    for match in PRESCRIBED.finditer(guide):
        before = re.split(r"[.!?;\n]", PRESCRIBED.sub(" ", guide[: match.start()]))[-1]
        if not UNWISHED.search(before):
            yield match[1]


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
    if not any(map(_is_marker, found)) and _is_courtesy(unit, prescribed):
        return []
    lead = LEAD.match(unit)
    if lead and _is_courtesy(lead["lead"], prescribed):
        found = list(_found(unit[lead.end() :]))
    if found and found[0][1:] == found[0][1:].lower():
        found[0] = found[0].lower()  # a capital, where a sentence begins
    return found


def _found(text: str) -> list[str]:
    """The tokens of a sentence as they come, its pauses only where they tell something."""
    found: list[str] = []
    for match in TOKEN.finditer(_unemphasised(text)):
        if match.lastgroup == "word":
            found += _expanded(match.group())
        elif match.lastgroup in ("stop", "pause"):
            found.append(STOP if match.lastgroup == "stop" else PAUSE)
        elif match.lastgroup != "free":
            found.append(match.group())
    is_denying = any(map(DENIAL.fullmatch, found))
    paused = zip(["", *found], found, [*found[1:], ""], strict=False)
    return [
        STOP if token == PAUSE and place == 1 and before.casefold() in ONE_WORD_ANSWERS else token
        for place, (before, token, after) in enumerate(paused)
        if token != PAUSE or is_denying or _tells(before, after)
    ]


def _tells(before: str, after: str) -> bool:
    """Whether a pause between two tokens makes a difference: in a row of numbers, without spaces, to who is meant."""
    is_row = before[-1:].isdigit() and after[:1].isdigit()
    is_unspaced = "\u3040" <= before[-1:] <= "\u9fff"
    return is_row or is_unspaced or bool(RELATIVE.fullmatch(after)) or before.casefold() in ONE_WORD_ANSWERS


def _unemphasised(text: str) -> str:
    masked = _KEPT_AS_WRITTEN.sub(lambda match: "`" * len(match.group()), text)
    marks = {
        place
        for match in EMPHASIS.finditer(masked)
        for place in (*range(match.start(), match.end(1)), *range(match.end(2), match.end()))
    }
    return "".join(sign for place, sign in enumerate(text) if place not in marks)


def _expanded(word: str) -> list[str]:
    for short, long in CONTRACTIONS:
        if short.match(word):
            return short.sub(long, word).split()
    return [word]


def _is_courtesy(text: str, prescribed: frozenset[tuple[str, ...]]) -> bool:
    said = words(text)
    return bool(said) and (said in prescribed or is_courtesy(said))
