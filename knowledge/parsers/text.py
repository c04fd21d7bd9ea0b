"""Plain text in whatever encoding it was saved."""

import codecs
import re

from charset_normalizer import from_bytes

from knowledge.parsers.base import Parsed, ParseError, escape

# The longer mark first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_SAMPLE = 200_000
# Without zero bytes it is not one of the first, and nobody saves help articles in the others.
_WIDE = ["utf_16", "utf_16_be", "utf_16_le", "utf_32", "utf_32_be", "utf_32_le", "utf_7"]
_NEVER = ["cp037", "cp500", "cp1026", "cp1140", "cp273", "cp424", "cp875", "cp1006", "cp1125", "cp720", "cp864", "hz"]
_ITEM = re.compile(r"^\s*(?:[-*•\u2013]|\d{1,3}[.)])\s+")
_BULLET = re.compile(r"^\s*[-*•\u2013]\s+")


def parse(data: bytes) -> Parsed:
    text, warning = decode(data)
    return Parsed("", markdown_of(text), warning)


def markdown_of(text: str) -> str:
    """Plain text as Markdown that reads the same: paragraphs, lists, and lines where they end on purpose."""
    paragraphs = re.split(r"\n(?:[ \t]*\n)+", text.strip("\n"))
    return "\n\n".join(_paragraph(paragraph.split("\n")) for paragraph in paragraphs)


def decode(data: bytes) -> tuple[str, str]:
    """`data` as text with \\n line ends, and a warning where its encoding is a guess; raises ParseError for no text.

    The encoding is that of its byte order mark, or UTF-8, or the likeliest one.
    """
    encoding = next((name for mark, name in MARKS if data.startswith(mark)), "") or likeliest_encoding(data)
    text = data.decode(encoding, errors="replace")
    if len(_CONTROL.findall(text)) > len(text) // 200:
        raise ParseError("The file is binary, not text.")
    is_known = encoding == "utf-8" or encoding in dict(MARKS).values()
    warning = "" if is_known else f"The file does not say how its text is encoded; it was read as {encoding}."
    return _CONTROL.sub("", text).replace("\r\n", "\n").replace("\r", "\n"), warning


def likeliest_encoding(data: bytes) -> str:
    """Of text without a byte order mark, a guess but for utf-8 and utf-16. Raises ParseError for no text."""
    sample = data[:_SAMPLE]
    if sample.count(0) > len(sample) // 5:
        return _wide_encoding(sample)
    if _is_utf8(data):
        return "utf-8"
    if len(_CONTROL.findall(sample.decode("latin-1"))) > len(sample) // 200:
        raise ParseError("The file is binary, not text.")
    guesses = list(from_bytes(sample, cp_exclusion=_WIDE + _NEVER))
    if not guesses:
        raise ParseError("The file is binary, or text in an encoding that could not be told.")
    best = guesses[0]
    equals = {guess.encoding for guess in guesses if (guess.chaos, guess.coherence) == (best.chaos, best.coherence)}
    return "cp1252" if "cp1252" in equals else best.encoding


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _wide_encoding(sample: bytes) -> str:
    """UTF-16 without a mark has its zero bytes in every second place; zero bytes elsewhere are no text."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) // 5 or min(even, odd) > len(sample) // 50:
        raise ParseError("The file is binary, not text.")
    return "utf-16-be" if even > odd else "utf-16-le"


def _paragraph(lines: list[str]) -> str:
    """Lines that were wrapped to a width become one; lists keep their items and other lines their ends."""
    if any(_ITEM.match(line) for line in lines):
        return "\n".join(_list_line(line) for line in lines)
    longest = max(map(len, lines))
    is_wrapped = longest > 50 and all(len(line) > longest * 0.6 for line in lines[:-1])
    escaped = [escape(line.strip()) for line in lines]
    return "\n".join(escaped) if is_wrapped else "\\\n".join(escaped)


def _list_line(line: str) -> str:
    marker = _ITEM.match(line)
    if not marker:
        return escape(line.strip())
    rest = escape(line[marker.end() :])
    return f"- {rest}" if _BULLET.match(line) else f"{marker[0].strip()} {rest}"
