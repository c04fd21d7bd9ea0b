"""Rich text as its plain text and its links: headings of this format are no more than large letters."""

import re

from striprtf.striprtf import rtf_to_text

from knowledge.parsers.base import Parsed, ParseError
from knowledge.parsers.text import markdown_of
from knowledge.passages import hyperlinks

# A field that is a link, as far as the words that are shown for it.
_FIELD = re.compile(
    r'HYPERLINK\s+"(?P<address>[^"{}\\]{1,2000})"(?P<result>[^"]{0,200}?\{\s{0,9}\\fldrslt\b)', re.IGNORECASE
)
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
MAX_FIELD = 2_000  # characters of a link
_MARKS = re.compile("[\x02-\x04]")
_LINK = re.compile("\x02(?P<number>\\d{1,7})\x03(?P<words>[^\x02-\x04]*)\x04")

MAX_BYTES = 20_000_000  # what is read in this process within its time


def parse(data: bytes) -> Parsed:
    if len(data) > MAX_BYTES:
        raise ParseError(f"The file is bigger than {MAX_BYTES // 1_000_000} MB.")
    try:
        marked, addresses = _marked(_MARKS.sub("", data.decode("latin-1")))
        text: str = rtf_to_text(marked, errors="replace")  # type: ignore[no-untyped-call]
    except (ValueError, IndexError, LookupError) as error:
        raise ParseError("The RTF document is damaged.") from error
    return Parsed("", _linked(markdown_of(text), addresses))


def _marked(source: str) -> tuple[str, list[str]]:
    """The source with marks around the words of each link, between which stands its number; and the addresses."""
    pieces: list[str] = []
    addresses: list[str] = []
    end = 0
    for field in _FIELD.finditer(source):
        closing = _closing(source, field.end())
        if field.start() < end or closing < 0:
            continue
        pieces += [source[end : field.start()], field["result"], f" \\'02{len(addresses)}\\'03"]
        pieces += [source[field.end() : closing], "\\'04"]
        addresses.append(field["address"])
        end = closing
    return "".join([*pieces, source[end:]]), addresses


def _closing(source: str, start: int) -> int:
    """Where the group ends that is open at `start`; -1 where its end is far away."""
    depth = 1
    for brace in _BRACE.finditer(source, start, start + MAX_FIELD):
        depth += {"{": 1, "}": -1}.get(brace[0], 0)
        if not depth:
            return brace.start()
    return -1


def _linked(markdown: str, addresses: list[str]) -> str:
    def link(found: re.Match[str]) -> str:
        return hyperlinks.written(found["words"].replace("\\\n", " "), addresses[int(found["number"])])

    return _MARKS.sub("", _LINK.sub(link, markdown))
