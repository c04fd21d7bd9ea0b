"""What names a person or opens a door, by its form: keys, addresses, accounts, numbers that people dial. Pure.

Numbers count as cards and IBANs when their check digits fit (ISO/IEC 7812-1 Luhn; ISO 13616, mod 97). Most numbers are
no telephone's: one is where it has a country's prefix, is grouped like one, or is called one.
"""

import ipaddress
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Identifier:
    """[start, end) of a text. `value` is the same however it is written, `kind` is what people call it."""

    start: int
    end: int
    kind: str
    value: str


@dataclass(frozen=True)
class Kind:
    """`label` names placeholders; `is_real` looks at a match of `pattern`, `plain` makes one value of its spellings."""

    name: str
    label: str
    pattern: re.Pattern[str]
    is_real: Callable[[re.Match[str]], bool]
    plain: Callable[[str], str]


def find(text: str, kind: Kind) -> Iterator[Identifier]:
    for match in kind.pattern.finditer(text):
        if kind.is_real(match):
            yield Identifier(match.start(), match.end(), kind.name, kind.plain(match.group()))


def _any(_: re.Match[str]) -> bool:
    return True


def _is_card(match: re.Match[str]) -> bool:
    digits = [int(digit) for digit in match.group() if digit.isdigit()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1 or _ORDERS.search(_before(match)):
        return False
    doubled = [digit if index % 2 == 0 else digit * 2 - 9 * (digit > 4) for index, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_iban(match: re.Match[str]) -> bool:
    plain = _squeezed(match.group())
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1


def _is_ip(match: re.Match[str]) -> bool:
    """An address of somebody: not every machine's own, nor a version of four numbers."""
    try:
        address = ipaddress.ip_address(match.group())
    except ValueError:
        return False
    return not (address.is_loopback or address.is_unspecified or _VERSIONS.search(_before(match)))


def _is_id(match: re.Match[str]) -> bool:
    return not (match.group().isdecimal() and _ORDERS.search(_before(match)))


def _is_phone(match: re.Match[str]) -> bool:
    """8 to 15 digits (E.164), no date, and nothing that says it is some other number."""
    written, before = match.group(), _before(match)
    digits = _digits(written)
    if not 8 <= len(digits) <= 15 or _DATES.search(written) or _AMOUNTS.match(match.string, match.end()):
        return False
    if _PHONES.search(before):
        return True
    if _ORDERS.search(before) or _MONEY.search(before):
        return False
    return any(pattern.fullmatch(written.strip()) for pattern in _FORMS)


def _before(match: re.Match[str]) -> str:
    """The words before it, of its line."""
    return match.string[max(0, match.start() - 28) : match.start()].rpartition("\n")[2]


def _digits(written: str) -> str:
    return re.sub(r"\D", "", written)


def _dialled(written: str) -> str:
    """A number without its prefixes for other countries, the zero of one's own, and what is dialled after it."""
    return re.sub(r"\D", "", re.sub(r"\(0\)|(?i:ext|x|durchwahl).*$", "", written)).lstrip("0")[-9:]


def _squeezed(written: str) -> str:
    return re.sub(r"[\s-]", "", written).upper()


def _address(written: str) -> str:
    return ipaddress.ip_address(written).compressed


def _mailed(written: str) -> str:
    plain = re.sub(r"\s?[\[({]at[\])}]\s?", "@", written.casefold())
    return re.sub(r"\s?[\[({](?:dot|punkt)[\])}]\s?", ".", plain)


def _same(written: str) -> str:
    return written


_PHONES = re.compile(
    r"(?i:\b(?:call|dial|ring|phone|tel|tele(?:phone|fon|fono|fone)|téléphone|teléfono|mobile?|mobil|handy"
    r"|cell|fax|whatsapp|sms|text me"
    r"|reach(?:ed)? (?:me|us|him|her)?|rufnummer|nummer ist|erreichbar|ruf\w*|appel\w*|llám\w*"
    r"|contact number|portable)\b[^\d\n]{0,16})$"
    r"|(?:☎|📞|電話)[^\d\n]{0,8}$"
)
_ORDERS = re.compile(
    r"(?i:(?:#|\b(?:order|invoice|ticket|ref(?:erence)?|case|id|sku|article|item|part|serial|batch|tracking|booking"
    r"|contract|account|build|customer|policy|isbn|ean|upc|imei|po|vat|claim|licen[cs]e|parcel|shipment|bestell\w*"
    r"|auftrag\w*|rechnung\w*|kunden\w*|artikel\w*|vorgang\w*|commande|facture|pedido|factura|version|snowflake"
    r"|timestamp|epoch|row|port|zip|plz|hash|commit|rev|revision|iso|din|rfc|no|nr|n°|order_id|order id)"
    r"(?:s|nummer|number)?\b)[\s.:#=(\"']*(?:(?:is|no|nr|number|id|ist|numéro)\b[\s.:#=]*)?(?:[A-Z]{1,5}-?)?)$"
)
_MONEY = re.compile(r"(?:[$€£¥]|\b(?:USD|EUR|GBP|CHF|JPY))\s?$")
_VERSIONS = re.compile(r"(?i:\b(?:version|release|build|v|upgrade to|firmware|driver)\s?:?\s?)$")
_AMOUNTS = re.compile(
    r"\s?(?i:[$€£¥%]|(?:USD|EUR|GBP|CHF|JPY|euros?|dollars?|rows?|records|users?|requests?|bytes|[kmgt]i?b|ms|seconds?"
    r"|tokens?|characters|items|px|dpi|people|documents|files|events|messages|lines)\b)"
)
_DATES = re.compile(
    r"(?<!\d)(?:19|20)\d\d[-./ ]\d\d?[-./ ]\d\d?(?!\d)|(?<!\d)\d\d?[-./ ]\d\d?[-./ ](?:19|20)\d\d(?!\d)"
    r"|^(?:19|20)\d\d\s?[-–/]\s?(?:19|20)\d\d$|^\d{1,2}[:.]\d\d\s?[-–]"  # noqa: RUF001  a dash
)
_FORMS = tuple(
    map(
        re.compile,
        (
            r"(?:\+|00)\s?\d{1,3}[\s()./-]*(?:\d[\s()./-]*){6,13}",  # with a country's prefix
            r"\(?0\d{1,4}\)?[\s/-]+\d{2,}(?:[\s-]\d{2,}){0,4}",  # with the zero of one's own country, in groups
            r"0[1-9]\d{8,10}|0[1-9](?:[ .-]\d\d){4}",  # the same in one piece, or as the French write it
            r"\(\d{2,5}\)[\s-]?\d{3,5}[\s-]?\d{3,5}",  # an area in brackets
            r"(?:1[-. ])?\(?[2-9]\d\d\)?[-. ]\d{3}[-. ]\d{4}",  # North America
            r"[6-9]\d{4}[ -]\d{5}|1[3-9]\d[ -]\d{4}[ -]\d{4}|[1-9]\d[ ]\d{4}[ -]\d{4}",  # India, China, Brazil
            r"[2-9]\d(?: \d\d){3}|[679]\d \d{3} \d\d \d\d|[6-9]\d\d \d\d \d\d \d\d",  # Denmark, Spain
        ),
    )
)

# How long an account is in each country: SWIFT, IBAN Registry, release 99.
_LENGTHS = {
    15: "NO", 16: "BE", 18: "DK FI FO GL NL SD", 19: "MK SI", 20: "AT BA EE KZ LT LU MN XK", 21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA", 23: "AE GI IL IQ OM SO TL", 24: "AD CZ DZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST", 26: "IS TR", 27: "BI DJ FR GR IT MC MR SM", 28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA", 30: "JO KW MU", 31: "MT SC", 33: "RU",
}  # fmt: skip
_IBAN = "|".join(
    rf"(?:{'|'.join(countries.split())})\d\d(?:[\s-]?[A-Z0-9]){{{length - 4}}}"
    for length, countries in _LENGTHS.items()
)

_EMAIL = re.compile(
    r"(?<![\w.!#$%&'*+/=?^`{|}~-])"  # once for each run of signs: a word of 100,000 letters is gone through once
    r"[\w.!#$%&'*+/=?^`{|}~-]*[\w+~-](?:@|\s?[\[({]at[\])}]\s?)[\w-]+(?:(?:\.|\s?[\[({](?:dot|punkt)[\])}]\s?)[\w-]+)+",
    re.IGNORECASE,
)

KINDS: tuple[Kind, ...] = (
    Kind(
        "key",
        "KEY",
        re.compile(
            r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
            r"|\b(?:sk|pk|rk)[-_](?:live_|test_|proj-|ant-|or-|svcacct-)?[A-Za-z0-9_-]{16,}|\bwhsec_[A-Za-z0-9]{20,}"
            r"|\bxox[abeoprs]-[A-Za-z0-9-]{10,}|\bxapp-[A-Za-z0-9-]{10,}|\bgh[pousr]_[A-Za-z0-9]{20,}"
            r"|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bAIza[\w-]{30,}|\bya29\.[\w-]{20,}"
            r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]+|\b[MNO][\w-]{23,27}\.[\w-]{6}\.[\w-]{27,}"
            r"|\bSG\.[\w-]{16,}\.[\w-]{16,}|\bhf_[A-Za-z0-9]{20,}|\bnpm_[A-Za-z0-9]{20,}|\bpypi-[\w-]{20,}"
            r"|\b(?:SK|AC)[0-9a-f]{32}\b|\bdo[opr]_v1_[0-9a-f]{32,}|\bshp(?:at|ca|pa|ss)_[0-9a-fA-F]{20,}"
            r"|\bkey-[0-9a-z]{32}\b"
            r"|\b(?:ntn|secret)_[A-Za-z0-9]{30,}|\blin_api_[A-Za-z0-9]{20,}|\b\d{8,10}:AA[\w-]{30,}|\bgsk_[A-Za-z0-9]{20,}"
            r"|hooks\.slack\.com/services/[\w/]{20,}|discord(?:app)?\.com/api/webhooks/\d+/[\w-]{20,}"
            r"|(?i:\b(?:bearer|basic)\s+)[\w.~+/-]{16,}=*|://[^\s/:@]+:[^\s/@]{3,}(?=@)"
            r"|(?i:\b(?:password|passwort|passwd|pwd|mot de passe|contraseña|secret|token|api[ _-]?key|access[ _-]?key)"
            r"(?:\s+(?:is|ist|lautet))?\s*[:=]\s*[\"']?)(?!\[)[^\s\"'<>\[\]]{6,}"
            r"|(?i:aws_secret_access_key\W{1,4})[A-Za-z0-9/+=]{40}",
            re.DOTALL,
        ),
        _any,
        _same,
    ),
    Kind("e-mail", "EMAIL", _EMAIL, _any, _mailed),
    Kind("iban", "IBAN", re.compile(rf"\b(?:{_IBAN})\b", re.IGNORECASE), _is_iban, _squeezed),
    Kind("card", "CARD", re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w]|\.\d)"), _is_card, _digits),
    Kind(
        "platform id",
        "ID",
        re.compile(
            r"<[@#!&]{1,2}[\w|.-]+>|<(?:subteam)\^\w+[^>]*>|\b[UWCDGTB]0[A-Z0-9]{7,12}\b|(?<!\w)\d{17,20}(?!\w)"
        ),
        _is_id,
        lambda written: re.sub(r"^<[@#!&]*|\|.*|>$", "", written),
    ),
    Kind(
        "ip",
        "IP",
        re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7})(?![\w:]|\.\d)"),
        _is_ip,
        _address,
    ),
    Kind(
        "phone",
        "PHONE",
        re.compile(
            r"(?<![\w.,\-/=])(?:\+|00)?\s?(?:\((?=\d{1,5}\)))?\d[\d\s()/.-]{5,20}\d(?:\s?(?:ext\.?|x|Durchwahl)\s?\d{1,5})?(?![\w-]|\.\d)"
        ),
        _is_phone,
        _dialled,
    ),
)
