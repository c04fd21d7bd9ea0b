"""Taking out what names a person or opens a door, before a text is kept for training. Pure.

What is found is replaced by its kind in brackets, so that a reviewer sees where something was. Numbers count as cards
and IBANs when their check digits fit (ISO/IEC 7812-1 Luhn; ISO 13616, mod 97).
"""

import ipaddress
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

SHORTEST_NAME = 3


@dataclass(frozen=True)
class Redacted:
    """`counts`: how many of each kind were taken out."""

    text: str
    counts: dict[str, int]


def redact(text: str, names: Iterable[str] = ()) -> Redacted:
    """`text` without secrets, addresses, numbers of people, ids of platforms, and the `names` of those who spoke."""
    counts: Counter[str] = Counter()
    text = unicodedata.normalize("NFC", text)
    for kind, pattern, is_real in (*_KINDS, ("name", _names(names), _any)):
        if pattern is not None:
            text = pattern.sub(_replacer(kind, is_real, counts), text)
    return Redacted(text, dict(counts))


def _replacer(kind: str, is_real: Callable[[str], bool], counts: Counter[str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        if not is_real(match.group()):
            return match.group()
        counts[kind] += 1
        return f"[{kind}]"

    return replace


# Names that are words, too. They count as names where they are written as one and do not begin a sentence, or where
# they are called: "Ask Will about it", "Hi Will", "@will", and not "It will do", nor "Will it do?".
_LISTED = """
    april art august autumn baker bell best bill black bond bright brook brown chance charity chase church clay
    cliff cook cross daisy dale dawn day dean drew earl ernst example faith field fisher ford forest fox frank frost
    gene glen good grace grant gray green grey guy hall hand harmony heath heaven hill holly hope hunter iris ivy
    jack jasmin jay jean jewel joy june just king kit klein lane lang law lily little long love mann mark marker
    mason max may mercy miles miller moon neu page paige park parker pat patience pearl penny price prince ray reed
    rich river rob robin rock rose ross rusty sage sandy scott short sky sommer sonny star stark sterling stone
    storm strong sue summer sunny taylor tucker usher victor violet wade walker ward weber weiss west white will
    winter wolf wood young
"""
_WORDS = frozenset(_LISTED.split())


def _names(names: Iterable[str]) -> re.Pattern[str] | None:
    """Whole names and their longer parts: "Ann-Marie Müller" is also "Ann-Marie", "Ann", "Muller" and "Mueller"."""
    whole = {spelling for name in names for spelling in _spellings(name) if len(spelling) >= SHORTEST_NAME}
    if not whole:
        return None
    parts = {part for name in whole for part in re.split(r"[\s\-\u2010.]+", name) if len(part) >= SHORTEST_NAME}
    parts |= {part for name in whole for part in name.split() if len(part) >= SHORTEST_NAME}
    words = {part for part in parts if part.casefold() in _WORDS and part not in whole}
    plain = _any_of(whole | (parts - words))
    patterns = [rf"(?<!\w)@?(?i:{plain})(?!\w)"]
    if words:
        capital = _any_of({part[:1].upper() + part[1:] for part in words})
        patterns.append(rf"(?<=[\w,;] )(?:{capital})(?!\w)")
        patterns.append(rf"(?<!\w)@(?i:{_any_of(words)})(?!\w)")
    return re.compile("|".join(patterns))


def _spellings(name: str) -> Iterable[str]:
    """A name as it is written, without its accents, and with two letters for a German umlaut."""
    name = unicodedata.normalize("NFC", name.strip())
    yield name
    yield "".join(each for each in unicodedata.normalize("NFD", name) if not unicodedata.combining(each))
    yield name.translate(_UMLAUTS)


_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def _any_of(texts: Iterable[str]) -> str:
    return "|".join(re.escape(text) for text in sorted(texts, key=lambda each: (-len(each), each)))


_DATE = re.compile(r"(?:19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?|\d\d?[-./ ]\d\d?[-./ ](?:19|20)\d\d")


def _any(_: str) -> bool:
    return True


def _is_card(written: str) -> bool:
    digits = [int(digit) for digit in written if digit.isdigit()]
    if not 13 <= len(digits) <= 19:
        return False
    doubled = [digit if index % 2 == 0 else digit * 2 - 9 * (digit > 4) for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_iban(written: str) -> bool:
    plain = re.sub(r"\s", "", written).upper()
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _is_ip(written: str) -> bool:
    try:
        ipaddress.ip_address(written)
    except ValueError:
        return False
    return True


def _is_phone(written: str) -> bool:
    """A number people dial: 8 to 15 digits (E.164), and no date or time."""
    digits = re.sub(r"\D", "", written)
    return 8 <= len(digits) <= 15 and not _DATE.fullmatch(written.strip())


_KINDS: tuple[tuple[str, re.Pattern[str] | None, Callable[[str], bool]], ...] = (
    (
        "key",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
            r"|\b(?:sk|pk|rk)[-_](?:live_|test_|proj-|ant-)?[A-Za-z0-9_-]{16,}"
            r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
            r"|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{30,}"
            r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"
            r"|(?i:\bbearer\s+)[\w.~+/-]{16,}=*|(?i:\b(?:password|passwort|secret|api[_-]?key)\s*[:=]\s*)\S{6,}",
            re.DOTALL,
        ),
        _any,
    ),
    ("e-mail", re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+"), _any),
    ("iban", re.compile(r"\b[A-Za-z]{2}\d{2}(?:\s?[A-Za-z0-9]{2,4}){3,8}\b"), _is_iban),
    ("card", re.compile(r"(?<![\d.])\d(?:[ -]?\d){12,18}(?![\d.]\d)"), _is_card),
    (
        "platform id",
        re.compile(
            r"<[@#!&]{1,2}[\w|.-]+>|<(?:subteam)\^\w+[^>]*>|\b[UWCDGTB]0[A-Z0-9]{7,12}\b|(?<!\d)\d{17,20}(?!\d)"
        ),
        _any,
    ),
    (
        "ip",
        re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:]|\.\d)"),
        _is_ip,
    ),
    ("phone", re.compile(r"(?<![\w.,-])(?:\+|00)?\(?\d[\d\s()/.-]{6,20}\d(?![\w-])"), _is_phone),
)
