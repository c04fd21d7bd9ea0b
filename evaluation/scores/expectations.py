"""What an answer must or must not say: texts, patterns, numbers, each perhaps in several wordings. Pure.

An expectation is a string, found in the answer however it is set (case, blanks, emphasis, typographers' signs); a
string "/pattern/flags", searched in the answer as it stands; {"number": 30, "tolerance": 0.5}, a number however it is
written; or a list of those, of which one is enough.
"""

import re
import unicodedata
import warnings
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

MOST_CHARACTERS = 500
_PATTERN = re.compile(r"/(?P<pattern>.+)/(?P<flags>[a-z]*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "u": re.UNICODE}
_SIGNS = str.maketrans("’‘“”„–—−\u2011", '\'\'"""----', "\u00ad\u200b")  # noqa: RUF001
_EMPHASIS = re.compile(r"\*\*|__|(?<!\w)[*_](?=\w)|(?<=\w)[*_](?!\w)|`")
_MARKER = re.compile(r"\s*\[\d{1,2}(?:\s*,\s*\d{1,2})*\](?!\()")
_LINK = re.compile(r"\[([^\]]*)\]\(([^)\s]*)[^)]*\)")
_NUMBER = re.compile(r"(?:(?<![\w.])[-+])?(?<![\d.,])\d+(?:[.,'’\u00a0\u202f]\d+| \d{3}(?!\d))*")  # noqa: RUF001
_GROUPS = re.compile(r"['’\u00a0\u202f ](?=\d{3})")  # noqa: RUF001
_ENGLISH = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?")
_CONTINENTAL = re.compile(r"[-+]?(?:\d{1,3}(?:\.\d{3})+|\d+)(?:,\d+)?")
# A group that repeats and holds a repetition itself takes for ever on a text that almost fits.
_RUNAWAY = re.compile(r"\((?:[^()\\]|\\.)*[+*}](?:[^()\\]|\\.)*\)(?:[+*]|\{\d+,\d*\})")

Expectation = str | dict[str, object] | list[object]


class ExpectationError(ValueError):
    """It cannot be looked for; the message says why."""


def check(written: object) -> None:
    """Raises ExpectationError unless `written` can be looked for."""
    if isinstance(written, str):
        _check_text(written)
    elif isinstance(written, dict):
        _number(written)
    elif isinstance(written, list) and written:
        for each in written:
            if isinstance(each, list):
                raise ExpectationError("the wordings of an expectation stand in one list")
            check(each)
    else:
        raise ExpectationError(f"{written!r} is no text, pattern, number or list of those")


def literal(value: str) -> str:
    """A text that would be read as a pattern, as a pattern for itself."""
    return f"/{re.escape(value)}/i" if len(value) > 1 and value.startswith("/") and "/" in value[1:] else value


def holds(answer: str, expectation: Expectation) -> bool:
    """Whether `answer` says it. Raises ExpectationError."""
    if isinstance(expectation, list):
        return any(holds(answer, each) for each in expectation)  # type: ignore[arg-type]  # checked as it was read
    if isinstance(expectation, dict):
        wanted, tolerance = _number(expectation)
        return any(abs(found - wanted) <= tolerance for found in numbers(answer))
    pattern = _pattern(expectation)
    if pattern is not None:
        return bool(pattern.search(answer) or pattern.search(_MARKER.sub("", answer)))
    return _says(plain(answer), plain(expectation))


def said(expectation: Expectation) -> str:
    """An expectation in words, for people."""
    if isinstance(expectation, list):
        return " or ".join(said(each) for each in expectation)  # type: ignore[arg-type]
    if isinstance(expectation, dict):
        wanted, tolerance = _number(expectation)
        return f"{wanted}" if not tolerance else f"{wanted} ± {tolerance}"
    return expectation


def plain(text: str) -> str:
    """`text` as it is compared: without markers, emphasis and typographers' signs, folded, single blanks."""
    bare = _LINK.sub(r"\1 \2", _MARKER.sub("", text))
    folded = unicodedata.normalize("NFKC", _EMPHASIS.sub("", bare).translate(_SIGNS)).casefold()
    return " ".join(folded.split())


def numbers(text: str) -> Iterator[Decimal]:
    """Every number that `text` may mean; "1.500" may be one and a half or one thousand five hundred."""
    for match in _NUMBER.finditer(_MARKER.sub("", text)):
        for written in {match.group(), *match.group().split(" ")}:
            yield from _readings(_GROUPS.sub("", written))


def _readings(written: str) -> Iterator[Decimal]:
    """With points and commas as they are set in English and on the continent."""
    if _ENGLISH.fullmatch(written):
        yield Decimal(written.replace(",", ""))
    if _CONTINENTAL.fullmatch(written):
        yield Decimal(written.replace(".", "").replace(",", "."))


def _decimal(written: str) -> Decimal | None:
    try:
        return Decimal(written)
    except InvalidOperation:
        return None


def _says(answer: str, wanted: str) -> bool:
    """Whether the text stands there, and no digit is cut off from a longer number: 7 is not in 17 or 7.5."""
    before = r"(?<!\d)(?<!\d[.,:])" if wanted[:1].isdigit() else ""
    after = r"(?!\d)(?![.,:]\d)" if wanted[-1:].isdigit() else ""
    return bool(re.search(f"{before}{re.escape(wanted)}{after}", answer))


def _check_text(written: str) -> None:
    if len(written) > MOST_CHARACTERS:
        raise ExpectationError(f"{written[:40]}… is longer than {MOST_CHARACTERS} characters")
    if _pattern(written) is None and not plain(written):
        raise ExpectationError(f"{written!r} holds nothing that could be looked for")


def _pattern(written: str) -> re.Pattern[str] | None:
    """The pattern of "/pattern/flags"; None for plain text, also for a path like /a/b. Raises ExpectationError."""
    match = _PATTERN.fullmatch(written)
    if match is None or not set(match["flags"]) <= set(_FLAGS):
        return None
    if _RUNAWAY.search(match["pattern"]):
        raise ExpectationError(f"{written} repeats what repeats already, and could take for ever")
    flags = re.NOFLAG
    for flag in match["flags"]:
        flags |= _FLAGS[flag]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return re.compile(match["pattern"], flags)
    except re.error as error:
        raise ExpectationError(f"{written} is no regular expression: {error}") from error


def _number(written: dict[str, object]) -> tuple[Decimal, Decimal]:
    unknown = set(written) - {"number", "tolerance"}
    if unknown or "number" not in written:
        raise ExpectationError(f"{written} has to have a number, and may have a tolerance; nothing else")
    found = [_decimal(str(written.get(name, 0))) for name in ("number", "tolerance")]
    if any(value is None or not value.is_finite() for value in found) or isinstance(written["number"], bool):
        raise ExpectationError(f"{written} holds no number")
    wanted, tolerance = found
    if wanted is None or tolerance is None or tolerance < 0:
        raise ExpectationError(f"{written} has a tolerance below nothing")
    return wanted, tolerance
