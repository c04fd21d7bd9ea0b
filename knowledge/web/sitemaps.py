"""The pages that a site lists in its sitemap (sitemaps.org): XML or text, packed or not, and indexes of those.

Whether a page has changed is asked of the page (ETag, Last-Modified), and never told by the sitemap's lastmod: that is
often the time when the sitemap was made, and sometimes never changes.
"""

import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml import DefusedXmlException
from defusedxml import sax as checked_sax
from typing_extensions import override

from knowledge.originals.base import NO_VALIDATORS, Content, LeftOutError, OriginalError, Validators, readable
from knowledge.web import fetching, page_links
from knowledge.web.addresses import Scope, host_of, normal
from knowledge.web.fetching import Fetched, Page
from knowledge.web.visiting import Visitor

MAX_BYTES = 50_000_000  # as the protocol says, unpacked
MAX_PAGES = 50_000
MAX_SITEMAPS = 500
MAX_DEPTH = 3
MAX_ADDRESS = 4_000  # characters as written
MAX_ELEMENTS = 20 * MAX_PAGES


class SitemapError(OriginalError):
    """The sitemap cannot be read; the message says why."""


@dataclass
class Sitemap:
    """One reading of a sitemap. It speaks for its own host, and for others where a pattern names them.

    `owners` says which listed address stands for the address a page calls its own, as it was the last time.
    """

    scope: Scope
    visitor: Visitor = field(default_factory=Visitor)
    addresses: dict[str, None] = field(default_factory=dict)
    sitemaps: int = 0
    owners: dict[str, str] = field(default_factory=dict)
    copies: set[str] = field(default_factory=set)

    def pages(self) -> Iterator["ListedPage"]:
        """The pages, one after another. Raises ServerError when the server fails again and again."""
        for address in self.addresses:
            self.visitor.check()
            yield ListedPage(address, self)

    def check(self, address: str, reply: Fetched) -> None:
        """Raise LeftOutError for a page that asks to be left out, or says that it is a copy of another listed one."""
        if reply.is_html and page_links.read(reply).is_kept_out:
            raise LeftOutError("The page asks not to be found by searching.")
        own = normal(fetching.own_address(reply)) or address
        is_listed = own != address and own in self.addresses and own not in self.copies
        owner = own if is_listed else self.owners.setdefault(own, address)
        if owner != address:
            self.copies.add(address)
            raise LeftOutError(f"The page says that it is a copy of {own}.")


@dataclass(frozen=True)
class ListedPage(Page):
    """A page of a sitemap, fetched when it is read, at the pace of its host."""

    sitemap: Sitemap

    def read(self, known: Validators = NO_VALIDATORS) -> Content:
        reply = self.sitemap.visitor.get(self.url, known)
        self.sitemap.check(self.url, reply)
        return fetching.content(reply)


def read(
    location: str, include: Sequence[str] = (), exclude: Sequence[str] = (), *, owners: Mapping[str, str] | None = None
) -> Sitemap:
    """The wanted pages of a sitemap, each once, as the robots.txt of their hosts allow.

    `owners` are the documents made of it before: the address each calls its own, and the one it is listed by. Raises
    OriginalError when a part of the sitemap cannot be read, because what is missing would count as gone.
    """
    sitemap = Sitemap(Scope(host_of(location), include, exclude))
    _read(location, sitemap, depth=1)
    sitemap.owners = {own: listed for own, listed in (owners or {}).items() if listed in sitemap.addresses}
    return sitemap


def _read(location: str, sitemap: Sitemap, depth: int) -> None:
    sitemap.sitemaps += 1
    if depth > MAX_DEPTH or sitemap.sitemaps > MAX_SITEMAPS:
        raise SitemapError(f"The sitemap is nested deeper than {MAX_DEPTH} or has more than {MAX_SITEMAPS} parts.")
    data = _unpacked(fetching.get(location, most=MAX_BYTES).data)
    if data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        entries = _entries(data, location)
    else:
        entries = _Entries()
        entries.pages = data.decode("utf-8-sig", "replace").split()
    for page in entries.pages:
        _add(page, sitemap)
    for written in entries.sitemaps:
        nested = normal(written)
        if nested is None or not sitemap.scope.knows_host_of(nested):
            raise SitemapError(f"The sitemap leads to another host: {readable(written[:200])}.")
        _read(nested, sitemap, depth + 1)


def _add(written: str, sitemap: Sitemap) -> None:
    address = normal(written) if len(written) <= MAX_ADDRESS else None
    if address is None or not sitemap.scope.holds(address) or not sitemap.visitor.robots.allows(address):
        return
    sitemap.addresses[address] = None
    if len(sitemap.addresses) > MAX_PAGES:
        raise SitemapError(f"The sitemap has more than {MAX_PAGES:,} pages; choose some with patterns.")


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


class _Entries(ContentHandler):
    """What an XML file lists, taken down while it is read, so that no file needs more memory than its addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.pages: list[str] = []
        self.sitemaps: list[str] = []
        self._path: list[str] = []
        self._depth = self._count = 0
        self._written: list[str] = []
        self._length = 0

    @override
    def startElement(self, name: str, _attributes: AttributesImpl) -> None:
        name = name.rpartition(":")[2]
        if not self._depth and name not in {"urlset", "sitemapindex"}:
            raise SitemapError("it is an XML document of another kind")
        self._depth += 1
        self._count += 1
        if self._count > MAX_ELEMENTS:
            raise SitemapError(f"it has more than {MAX_ELEMENTS:,} elements")
        if self._depth <= MAX_DEPTH:
            self._path = [*self._path[: self._depth - 1], name]
            self._written, self._length = [], 0

    @override
    def characters(self, content: str) -> None:
        if self._is_address() and self._length <= MAX_ADDRESS:
            self._written.append(content)
            self._length += len(content)

    @override
    def endElement(self, _name: str) -> None:
        written = "".join(self._written).strip() if self._is_address() else ""
        if written and self._length <= MAX_ADDRESS:
            (self.pages if self._path[0] == "urlset" else self.sitemaps).append(written)
        self._depth -= 1

    def _is_address(self) -> bool:
        return self._depth == MAX_DEPTH and self._path in (["urlset", "url", "loc"], ["sitemapindex", "sitemap", "loc"])


def _entries(data: bytes, location: str) -> _Entries:
    entries, parser = _Entries(), checked_sax.make_parser()
    parser.setContentHandler(entries)
    parser.forbid_dtd = True
    try:
        parser.feed(data)  # in one piece: before expat 2.6 a long tag was read anew with every piece
        parser.close()
    except DefusedXmlException as error:
        raise SitemapError("The sitemap declares entities of its own, which are not read.") from error
    except SitemapError as error:
        raise SitemapError(f"{location} is no sitemap: {error}.") from error
    except (SAXException, ValueError, LookupError) as error:
        raise SitemapError(f"{location} is no sitemap: its XML is damaged.") from error
    return entries
