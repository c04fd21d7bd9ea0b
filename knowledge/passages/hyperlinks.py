"""Links in the Markdown of blocks and passages: how they are written, and the text without them. Pure.

Blocks have them as [words](<address>), with the address as the document writes it; passages as [words](address), with
one that a reader can open. What is searched is the text without addresses.
"""

import re
from collections.abc import Sequence
from urllib.parse import urlsplit

Span = tuple[int, int]

MAX_ADDRESS = 2_000  # characters
_WORDS = r"\[(?P<words>[^\[\]\n]+)\]"
RAW = re.compile(rf"{_WORDS}\(<(?P<address>[^<>\s]{{1,{MAX_ADDRESS}}})>\)")
_LINK = re.compile(rf"{_WORDS}\((?:<[^<>\s]{{1,{MAX_ADDRESS}}}>|https?://[^()<>\s]{{1,{MAX_ADDRESS}}})\)")
_ADDRESS = re.compile(rf"https?://[^()<>\[\]\s|\"`]{{1,{MAX_ADDRESS}}}")
_NO_WORDS = str.maketrans({"[": "(", "]": ")", "\n": " "})
_QUOTED = str.maketrans({" ": "%20", "(": "%28", ")": "%29", "<": "%3C", ">": "%3E", "|": "%7C"})


def written(words: str, address: str) -> str:
    """A link of a block; the words alone where it leads to nothing outside of its own document."""
    words = " ".join(words.translate(_NO_WORDS).split())
    address = quoted(address)
    if not words or not _leads_out(address):
        return words
    return words if words == address else f"[{words}](<{address}>)"


def quoted(address: str) -> str:
    """An address without the characters that could end it in Markdown or in a cell of a table."""
    return address.strip().translate(_QUOTED)


def _leads_out(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    is_short = len(address) <= MAX_ADDRESS and not any(map(str.isspace, address))
    return is_short and parts.scheme in {"", "http", "https"} and bool(parts.netloc or parts.path or parts.query)


def plain(text: str) -> str:
    """The text with the words of its links alone."""
    return _LINK.sub(lambda link: link["words"], text)


def plain_with(text: str, spans: Sequence[Span]) -> tuple[str, list[Span]]:
    """As `plain`, and where `spans` are in it."""
    cuts = [cut for link in _LINK.finditer(text) for cut in ((link.start(), link.start() + 1), _tail(link))]
    if not cuts:
        return text, list(spans)

    def moved(place: int) -> int:
        return place - sum(min(place, end) - start for start, end in cuts if start < place)

    return plain(text), [(moved(start), moved(end)) for start, end in spans]


def _tail(link: re.Match[str]) -> Span:
    return link.end("words"), link.end()


def masked(text: str) -> str:
    """`text` with each link as one word of the same length, which begins and ends as the words do."""
    return _LINK.sub(lambda link: f"{link['words'][0]}{'x' * (len(link[0]) - 2)}{link['words'][-1]}", text)


def addresses(text: str) -> list[str]:
    """The addresses that a passage gives, of links and as they stand there, in order and each once."""
    return list(dict.fromkeys(found.rstrip(".,;:!?'*_") for found in _ADDRESS.findall(text)))
