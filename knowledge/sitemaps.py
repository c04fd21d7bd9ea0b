"""The pages that a site lists in its sitemap (sitemaps.org): XML or text, packed or not, and indexes of those."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from knowledge import fetching
from knowledge.addresses import normal
from knowledge.fetching import Page
from knowledge.originals import OriginalError
from knowledge.patterns import is_wanted
from knowledge.robots import Robots

MAX_BYTES = 50_000_000  # as the protocol says, unpacked
MAX_PAGES = 50_000
MAX_SITEMAPS = 500
MAX_DEPTH = 3


class SitemapError(OriginalError):
    """The sitemap cannot be read; the message says why."""


@dataclass
class _Reading:
    """One reading of a sitemap. Only pages on the host of the sitemap count: others cannot be spoken for."""

    host: str
    include: Sequence[str]
    exclude: Sequence[str]
    robots: Robots = field(default_factory=Robots)
    pages: dict[str, None] = field(default_factory=dict)
    sitemaps: int = 0


def pages(location: str, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[Page]:
    """The wanted pages of a sitemap, each once, as its robots.txt allows.

    Raises OriginalError when a part of the sitemap cannot be read, because what is missing would count as gone.
    """
    reading = _Reading(urlsplit(location).netloc.lower(), include, exclude)
    _read(location, reading, depth=1)
    return [Page(address) for address in reading.pages]


def _read(location: str, reading: _Reading, depth: int) -> None:
    reading.sitemaps += 1
    if depth > MAX_DEPTH or reading.sitemaps > MAX_SITEMAPS:
        raise SitemapError(f"The sitemap is nested deeper than {MAX_DEPTH} or has more than {MAX_SITEMAPS} parts.")
    data = _unpacked(fetching.get(location, most=MAX_BYTES).data)
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    root = _root(data, location) if start.startswith(b"<") else None
    if root is not None and _name(root) == "sitemapindex":
        for address in _locations(root, "sitemap"):
            _check_host(address, reading)
            _read(address, reading, depth + 1)
        return
    for address in _locations(root, "url") if root is not None else data.decode("utf-8-sig", "replace").split():
        _add(address, reading)


def _add(written: str, reading: _Reading) -> None:
    address = normal(written)
    if address is None or urlsplit(address).netloc.lower() != reading.host:
        return
    if not is_wanted(urlsplit(address).path, reading.include, reading.exclude) or not reading.robots.allows(address):
        return
    reading.pages[address] = None
    if len(reading.pages) > MAX_PAGES:
        raise SitemapError(f"The sitemap has more than {MAX_PAGES:,} pages; choose some with patterns.")


def _check_host(address: str, reading: _Reading) -> None:
    if urlsplit(address).netloc.lower() != reading.host:
        raise SitemapError(f"The sitemap leads to another host: {address}.")


def _unpacked(data: bytes) -> bytes:
    """What is packed with gzip, unpacked, counting while it grows."""
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        found = unpacker.decompress(data, MAX_BYTES + 1)
    except zlib.error as error:
        raise SitemapError("The sitemap is packed, and damaged.") from error
    if len(found) > MAX_BYTES:
        raise SitemapError(f"The sitemap is bigger than {MAX_BYTES // 1_000_000} MB when unpacked.")
    return found


def _root(data: bytes, location: str) -> Element:
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as error:
        raise SitemapError("The sitemap declares entities of its own, which are not read.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise SitemapError(f"{location} is no sitemap: its XML is damaged.") from error
    if _name(root) not in {"urlset", "sitemapindex"}:
        raise SitemapError(f"{location} is no sitemap: it is an XML document of another kind.")
    return root


def _locations(root: Element, kind: str) -> Iterator[str]:
    for entry in root:
        if _name(entry) == kind:
            for part in entry:
                if _name(part) == "loc" and part.text and part.text.strip():
                    yield part.text.strip()


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
