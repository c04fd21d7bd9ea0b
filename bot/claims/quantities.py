"""Numbers, prices, durations, times and dates in a text, as what they mean in whatever notation. Pure."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from bot.claims import vocabulary as words

_MONTH = "|".join(sorted(words.MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(sorted(words.WEEKDAYS, key=len, reverse=True))
_CURRENCY = "|".join(re.escape(each) for each in sorted(words.CURRENCIES, key=len, reverse=True))
_UNITS = words.PERCENT | words.CURRENCIES.keys() | words.THOUSANDS.keys()
_SPACES = "\u00a0\u202f\u2009"  # that stand between thousands
_CJK_UNITS = "日間|時間|週間|年間|か月|ヶ月|[日分秒円席人回件個名]"
_DIGITS = rf"\d{{1,3}}(?:[{_SPACES}' ]\d{{3}})+(?:[.,]\d+)?(?!\d)|\d+(?:[.,]\d+)*"

_NAMED_DATE = re.compile(
    rf"\b(?:(?P<d1>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?(?:\s+of|\s+de)?\s+(?P<m1>{_MONTH})\b\.?(?:,?\s+(?:de\s+)?(?P<y1>\d{{4}}))?"
    rf"|(?P<m2>{_MONTH})\b\.?\s+(?P<d2>\d{{1,2}})(?:st|nd|rd|th)?(?!\d)(?:,?\s+(?P<y2>\d{{4}}))?"
    rf"|(?P<m3>{_MONTH})\b\.?\s+(?:de\s+)?(?P<y3>\d{{4}}))",
    re.IGNORECASE,
)
_NUMBERED_DATE = re.compile(
    r"(?<![\d.])(?:(?P<y1>(?:19|20)\d\d)(?P<s1>[-./])(?P<m1>\d{1,2})(?P=s1)(?P<d1>\d{1,2})"
    r"|(?P<a>\d{1,2})(?P<s2>[-./])(?P<b>\d{1,2})(?P=s2)(?P<y2>(?:19|20)\d\d))(?!\d)"
    r"|(?P<y3>(?:19|20)\d\d)年(?:(?P<m3>\d{1,2})月(?:(?P<d3>\d{1,2})日)?)?|(?P<m4>\d{1,2})月(?P<d4>\d{1,2})日"
    r"|(?<![\d.])(?P<d5>\d{1,2})\.(?P<m5>\d{1,2})\.(?!\d)"
)
_TIME = re.compile(
    r"(?<![\d.:])(?P<h>[01]?\d|2[0-4])(?:(?P<s>[:.h])(?P<m>[0-5]\d))?\s?(?P<half>[ap]\.?m\b\.?|uhr\b|時(?!間))"
    r"|(?<![\d.:])(?P<h2>[01]?\d|2[0-4])[:h](?P<m2>[0-5]\d)(?!\d|:\d)",
    re.IGNORECASE,
)
_HALF = r"\s?(?:[ap]\.?m\b|uhr\b)"
_HOURS = re.compile(  # what stands there without the half of the day
    r"(?<![\w.:,$€£/-])([01]?\d|2[0-4])\s?h?\s?(?:-|–|to|bis|until|till|à|a|and|und|et|y)\s?"  # noqa: RUF001  a dash
    rf"(?:([01]?\d|2[0-4])(?![\d%$€£]|[.,:]\d|{_HALF})|(?=\d{{1,2}}(?::\d\d)?{_HALF}))"
    r"|(?<![\w.:,])([01]?\d|2[0-4])\s?h\b",
    re.IGNORECASE,
)
_VERSION = re.compile(
    r"(?<![\w.])v(?P<a>\d+(?:\.\d+)*)\b|(?<![\w.])(?P<b>\d+(?:\.\d+){2,9})(?![\w.]{0,20}\d)"
    r"|\b(?:version|release|ausgabe)\s+(?P<c>\d+(?:\.\d+)*)",
    re.IGNORECASE,
)
_PHONE = re.compile(r"(?<![\w+])\+\d[\d\s()/.-]{6,20}\d(?!\w)")
_NUMBER = re.compile(
    rf"(?:(?P<before>{_CURRENCY})\s?)?(?<![A-Za-zÀ-ÿ\d_.])(?P<digits>{_DIGITS})(?P<gap>[-\s{_SPACES}]?)"
    rf"(?:(?P<size>k|K|M|bn|Mio\.?|tausend|thousand|[Mm]illi(?:on(?:en|s)?|arden?)|mill(?:ón|ones)|mil)(?![^\W\d_])|(?P<signs>[万億亿千]))?"
    rf"[-\s{_SPACES}]?(?P<after>%|{_CJK_UNITS}|[^\W\d_]+|[$€£¥])?",
    re.IGNORECASE,
)
_NUMERAL = re.compile(
    rf"\b({'|'.join(sorted(words.NUMERALS, key=len, reverse=True))})\b[-\s]?([^\W\d_]+)?", re.IGNORECASE
)
_ONE = re.compile(rf"\b(?:{'|'.join(words.ONES)})\s(?:(?:business|working|calendar)\s)?([^\W\d_]+)", re.IGNORECASE)
_WEEKDAYS = re.compile(rf"(?<![A-Za-zÀ-ÿ])({_WEEKDAY})日?(?![A-Za-zÀ-ÿ])", re.IGNORECASE)
_RANGE = re.compile(r"\s*(?:-|–|to|through|bis|à|a|au|から|〜)\s*(?:le\s+|el\s+)?", re.IGNORECASE)  # noqa: RUF001  a dash


@dataclass(frozen=True)
class Claim:
    """Something said that a passage has to say too. `values` are what it may mean; `unit` goes with a number."""

    start: int
    end: int
    kind: str
    text: str
    values: frozenset[object]
    unit: str = ""


def claims(text: str) -> list[Claim]:
    """What `text` says in figures, in its order; nothing is counted twice."""
    found: list[Claim] = []
    rest = text.translate(_WIDE)
    for finder in (_dates, _phones, _versions, _times, _weekdays, _numbers, _numerals):
        for each in finder(rest):
            found.append(Claim(each.start, each.end, each.kind, text[each.start : each.end], each.values, each.unit))
            rest = rest[: each.start] + " " * (each.end - each.start) + rest[each.end :]
    return sorted(found, key=lambda each: each.start)


def ones(text: str) -> frozenset[object]:
    """The durations that "a day", "per month" say; they support, and are never claimed."""
    return frozenset(value for match in _ONE.finditer(text) for value in _durations(Decimal(1), match[1].casefold()))


def hours(text: str) -> frozenset[int]:
    """The minutes since midnight that "9-17", "9 to 5pm", "de 9 h" may mean; they support, and are never claimed.

    Where no half of the day is said, it may be either.
    """
    found = {int(hour) for match in _HOURS.finditer(text) for hour in match.groups() if hour}
    bare = {value for claim in _times(text) for value in claim.values if isinstance(value, int)}
    minutes = bare | {hour * 60 for hour in found}
    return frozenset(minutes | {(each + 720) % 1440 for each in minutes - _sure(text) if each < 13 * 60})


def _sure(text: str) -> set[int]:
    """The times that say which half of the day they mean."""
    halves = (match for match in _TIME.finditer(text) if match["half"])
    return {value for match in halves for value in _time(match)}


def weekday_ranges(text: str) -> frozenset[int]:
    """The days between those of "Monday to Friday"."""
    matches = list(_WEEKDAYS.finditer(text))
    days: set[int] = set()
    for first, last in pairwise(matches):
        if _RANGE.fullmatch(text[first.end() : last.start()]):
            start, end = _weekday(first), _weekday(last)
            days |= {(start + offset - 1) % 7 + 1 for offset in range((end - start) % 7 + 1)}
    return frozenset(days)


_WIDE = str.maketrans({0xFF10 + digit: str(digit) for digit in range(10)})


def _weekday(match: re.Match[str]) -> int:
    return words.WEEKDAYS[match[1].casefold()]


def _dates(text: str) -> Iterator[Claim]:
    """Values are (year, month, day), 0 where it is not said; 5/6/2024 is read both ways."""
    for match in _NAMED_DATE.finditer(text):
        month = words.MONTHS[next(filter(None, (match["m1"], match["m2"], match["m3"]))).casefold()]
        day, year = match["d1"] or match["d2"] or 0, match["y1"] or match["y2"] or match["y3"] or 0
        yield _claim(match, "date", {(int(year), month, int(day))})
    for match in _NUMBERED_DATE.finditer(text):
        if meant := _numbered(match):
            yield _claim(match, "date", meant)


def _numbered(match: re.Match[str]) -> set[tuple[int, int, int]]:
    found = {name: int(value) for name, value in match.groupdict().items() if value and value.isdecimal()}
    if "a" in found:
        both = {(found["y2"], found["b"], found["a"]), (found["y2"], found["a"], found["b"])}
        meant = both if match["s2"] == "/" else {(found["y2"], found["b"], found["a"])}
    else:
        number = next(each for each in "1345" if f"y{each}" in found or f"m{each}" in found)
        meant = {(found.get(f"y{number}", 0), found.get(f"m{number}", 0), found.get(f"d{number}", 0))}
    return {(year, month, day) for year, month, day in meant if month <= 12 and day <= 31}


def _phones(text: str) -> Iterator[Claim]:
    for match in _PHONE.finditer(text):
        yield _claim(match, "number", {("phone", re.sub(r"\D", "", match.group()))})


def _versions(text: str) -> Iterator[Claim]:
    for match in _VERSION.finditer(text):
        yield _claim(match, "version", {match["a"] or match["b"] or match["c"]})


def _times(text: str) -> Iterator[Claim]:
    """Minutes since midnight."""
    for match in _TIME.finditer(text):
        yield _claim(match, "time", _time(match))


def _time(match: re.Match[str]) -> set[int]:
    hour = int(match["h"] or match["h2"])
    half = (match["half"] or "").casefold()[:1]
    hour = hour % 12 + 12 * (half == "p") if half in ("a", "p") else hour
    return {hour * 60 + int(match["m"] or match["m2"] or 0)}


def _weekdays(text: str) -> Iterator[Claim]:
    for match in _WEEKDAYS.finditer(text):
        if match[1][0].isupper() or not match[1].isascii() or len(match[1]) > 4:
            yield _claim(match, "weekday", {_weekday(match)})


def _numbers(text: str) -> Iterator[Claim]:
    for match in _NUMBER.finditer(text):
        after = (match["after"] or "").casefold()
        size = words.MAGNITUDES.get((match["size"] or match["signs"] or "").casefold().rstrip("."), 1)
        amounts = {amount * size for amount in _amounts(match["digits"])}
        currency = words.CURRENCIES.get((match["before"] or "").casefold()) or words.CURRENCIES.get(after)
        means_unit = after in _UNITS or any(_durations(Decimal(1), after))
        end = match.end("after") if means_unit else max(match.end(part) for part in ("digits", "size", "signs"))
        yield _quantity(match.start(), end, amounts, after, currency)


def _numerals(text: str) -> Iterator[Claim]:
    for match in _NUMERAL.finditer(text):
        after = (match[2] or "").casefold()
        end = match.end(2) if any(_durations(Decimal(1), after)) else match.end(1)
        yield _quantity(match.start(), end, {Decimal(words.NUMERALS[match[1].casefold()])}, after, None)


def _quantity(start: int, end: int, amounts: set[Decimal], after: str, currency: str | None) -> Claim:
    if currency:
        return Claim(start, end, "price", "", frozenset(amounts), currency)
    if after in words.PERCENT:
        return Claim(start, end, "number", "", frozenset(amounts), "%")
    long: set[object] = {value for amount in amounts for value in _durations(amount, after)}
    if long:
        return Claim(start, end, "duration", "", frozenset(long | amounts), after)
    stored: set[object] = {value for amount in amounts for value in _stored(amount, after)}
    return Claim(start, end, "number", "", frozenset(stored | amounts), "" if after in words.ALL_STOPWORDS else after)


def _durations(amount: Decimal, unit: str) -> Iterator[object]:
    if unit in words.SECONDS:
        yield ("seconds", amount * words.SECONDS[unit])
    elif unit in words.MONTHS_LONG:
        yield ("months", amount * words.MONTHS_LONG[unit])


def _stored(amount: Decimal, unit: str) -> Iterator[object]:
    if unit in words.THOUSANDS:
        yield from (("bytes", amount * thousand ** words.THOUSANDS[unit]) for thousand in (1000, 1024))


def _amounts(written: str) -> set[Decimal]:
    """What a number may be: "1.000" is one, or a thousand."""
    plain = re.sub(rf"[{_SPACES}' ]", "", written)
    signs = [sign for sign in plain if sign in ".,"]
    if not signs:
        return {Decimal(plain)}
    last = max(plain.rfind("."), plain.rfind(","))
    as_decimal = Decimal(re.sub(r"[.,]", "", plain[:last]) + "." + plain[last + 1 :])
    as_whole = Decimal(re.sub(r"[.,]", "", plain))
    if len(set(signs)) > 1:
        return {as_decimal}
    if len(signs) > 1:
        return {as_whole}
    may_be_thousands = len(plain) - last - 1 == 3 and 0 < last <= 3 and plain[0] != "0"
    return {as_decimal, as_whole} if may_be_thousands else {as_decimal}


def _claim(match: re.Match[str], kind: str, values: Iterable[object]) -> Claim:
    return Claim(match.start(), match.end(), kind, "", frozenset(values))
