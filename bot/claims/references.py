"""Links, addresses, code and names in a text: what has to be written just so. Pure."""

import re
import string
from collections.abc import Iterator

from bot.claims import vocabulary as words
from bot.claims.quantities import Claim

_LINK = re.compile(
    r"(?:https?://|www\.)[^\s<>\"'`|\\^{}]+[^\s<>\"'`|\\^{}.,;:!?)\]*_。、」]|(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+",
    re.IGNORECASE,
)
_SITE = re.compile(
    r"(?<![\w@./-])(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|ai|app|co|de|fr|es|eu|uk|jp)(?:/[\w./%-]*[\w/])?(?![\w.]*\w)",
    re.I,
)
_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[^\n]*\n(.*?)^ {0,3}\1", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_IDENTIFIER = re.compile(
    r"(?<![\w/.-])(?:--?[a-z][\w-]+|/[\w.-]+(?:/[\w.{}-]+)+/?|\w{1,80}_\w{1,80}|[\w-]{1,120}\.(?:json|ya?ml|csv|pdf|exe|py|sh|txt|xml|zip|conf|ini"
    r"|toml|html|docx|xlsx|env|log|md|pem|key)|[A-Z]{2,}-\d+)(?![\w/])"
)
_QUOTED = re.compile(r"[\"“„«「『]\s?([^\"“”„«»「」『』\n]{2,60}?)\s?[\"”“»」』]")
_LATIN = r"[^\W\d_\u3040-\u30ff\u3400-\u9fff]"  # of no script without capitals
_WORD = re.compile(rf"{_LATIN}(?:{_LATIN}|\d|_)*(?:['’&.-](?:{_LATIN}|\d)+)*")  # noqa: RUF001  an apostrophe
_OPENING = f"{string.whitespace}\u00a0\u2009\u202f\u3000\"'“”„«(*_["  # what stands before the first word of a sentence
_ENDED = re.compile(r"[.!?:;…。！？•|>+-]$|\d[.)]$")  # noqa: RUF001  those marks are meant
LOOKED_BACK = 60  # characters
_TITLES = frozenset({"mr", "mrs", "ms", "dr", "herr", "frau", "herrn", "monsieur", "madame", "señor", "señora"})


def code(text: str) -> Iterator[Claim]:
    """Blocks of code line by line, code in a line, and what is written like it."""
    for match in _FENCE.finditer(text):
        for line in re.finditer(r"[^\n]+", match[2]):
            if line.group().strip():
                start = match.start(2) + line.start()
                yield _claim(start, start + len(line.group()), "code", text)
    for match in _CODE.finditer(text):
        if match[2].strip():
            yield _claim(match.start(2), match.end(2), "code", text)
    for match in _IDENTIFIER.finditer(text):
        yield _claim(match.start(), match.end(), "code", text)


def links(text: str) -> Iterator[Claim]:
    for pattern in (_LINK, _SITE):
        for match in pattern.finditer(text):
            yield Claim(match.start(), match.end(), "link", match.group(), frozenset({plain_link(match.group())}))


def plain_link(written: str) -> str:
    """An address without what may be written or not."""
    address, hash_sign, rest = written.partition("#")
    plain = re.sub(r"^(?:https?://)?(?:www\.)?", "", address.strip(), flags=re.IGNORECASE).rstrip("/")
    host, slash, path = plain.partition("/")
    return f"{host.casefold()}{slash}{path}{hash_sign}{rest}"


def squeezed(text: str) -> str:
    """Code as it is compared: without white space and the case of letters."""
    return re.sub(r"\s+", "", text).casefold()


def names(text: str, *, is_german: bool) -> Iterator[Claim]:
    """What is in quotation marks, and words that are written like names; in German only what no noun looks like."""
    for match in _QUOTED.finditer(text):
        yield _claim(match.start(1), match.end(1), "quote", text)
    before: re.Match[str] | None = None
    open_claim: Claim | None = None
    for match in _WORD.finditer(text):
        if _is_name(text, match, before, is_german=is_german):
            is_more = open_claim is not None and text[open_claim.end : match.start()] == " "
            start = open_claim.start if is_more and open_claim else match.start()
            if open_claim is not None and not is_more:
                yield open_claim
            open_claim = _claim(start, match.end(), "name", text)
        before = match
    if open_claim is not None:
        yield open_claim


def _is_name(text: str, match: re.Match[str], before: re.Match[str] | None, *, is_german: bool) -> bool:
    word = match.group()
    folded = word.casefold()
    if folded in words.ALL_STOPWORDS or folded in words.COURTESY or len(word) < 2:
        return False
    if _is_written_like_one(word):
        return True
    if not word[0].isupper():
        return False
    if is_german:
        return before is not None and before.group().casefold().rstrip(".") in _TITLES
    return not _begins(text, match.start())


def _begins(text: str, start: int) -> bool:
    """Whether a sentence, a line or an item begins there."""
    before = text[max(0, start - LOOKED_BACK) : start]
    ended = before.rstrip(_OPENING)
    opening = before[len(ended) :]
    is_first = start <= LOOKED_BACK and not ended.strip("#")
    return is_first or "\n" in opening or "*" in opening or bool(_ENDED.search(ended))


def _is_written_like_one(word: str) -> bool:
    """ "OAuth2", "GitHub", "SAML": capitals inside, or digits among letters."""
    has_inner_capital = any(sign.isupper() for sign in word[1:]) and not word.isupper()
    is_acronym = word.isupper() and 2 <= len(word) <= 6 and word.isascii()
    return has_inner_capital or is_acronym or any(sign.isdigit() for sign in word)


def _claim(start: int, end: int, kind: str, text: str) -> Claim:
    written = text[start:end]
    return Claim(start, end, kind, written, frozenset({squeezed(written)}))
