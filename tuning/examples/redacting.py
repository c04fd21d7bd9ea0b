"""Taking out what names a person or opens a door, before a text is kept for training. Pure.

What is found is replaced by its kind in brackets, so that a reviewer sees where something was. Numbers count as cards
and IBANs when their check digits fit (ISO/IEC 7812-1 Luhn; ISO 13616, mod 97).
"""

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tuning.examples import naming


@dataclass(frozen=True)
class Redacted:
    """`counts`: how many of each kind were taken out."""

    text: str
    counts: dict[str, int]


def redact(text: str, names: Iterable[str] = ()) -> Redacted:
    """`text` without secrets, addresses, numbers of people, ids of platforms, and the `names` of those who spoke."""
    counts: Counter[str] = Counter()
    for kind, pattern, is_real in _KINDS:
        text = pattern.sub(_replacer(kind, is_real, counts), text)
    text = _without_names(text, names, counts)
    return Redacted(text, dict(counts))


def _replacer(kind: str, is_real: Callable[[str], bool], counts: Counter[str]) -> Callable[[re.Match[str]], str]:
    def replace(match: re.Match[str]) -> str:
        if not is_real(match.group()):
            return match.group()
        counts[kind] += 1
        return f"[{kind}]"

    return replace


def _without_names(text: str, names: Iterable[str], counts: Counter[str]) -> str:
    pieces = []
    rest = 0
    for start, end in naming.spans(text, names):
        counts["name"] += 1
        pieces += [text[rest:start], "[name]"]
        rest = end
    return "".join([*pieces, text[rest:]])


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


_KINDS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
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
