"""The pages of a site, found by following its links from one page on, nearest first.

Every page is fetched once and whole: what it links to must be known even when it has not changed, and a page that says
the same costs nothing beyond that. Nothing outside the host of the first page is asked for.
"""

import html
import re
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from knowledge import fetching, parsers
from knowledge.addresses import normal
from knowledge.fetching import FetchError, Reply
from knowledge.originals import NO_VALIDATORS, Content, GoneError, OriginalError, Validators
from knowledge.patterns import is_wanted
from knowledge.robots import Robots

MAX_PAGES = 2_000
MAX_DEPTH = 20
MAX_SECONDS = 3 * 3600.0

# "<" ends a tag that was never closed, so that no page takes long to look through.
_LINK = re.compile(rb"<a\b[^<>]*?\bhref\s*=\s*(?:\"([^\"<>]*)\"|'([^'<>]*)'|([^\s\"'<>]+))", re.IGNORECASE)
_BASE = re.compile(rb"<base\b[^<>]*?\bhref\s*=\s*[\"']?([^\"'<>\s]+)", re.IGNORECASE)
_ROBOTS = re.compile(
    rb"<meta\b(?=[^<>]*\bname\s*=\s*[\"']?robots\b)[^<>]*?\bcontent\s*=\s*[\"']?([^\"'<>]*)", re.IGNORECASE
)
# What servers call pages that programs of theirs make.
_PAGE_ENDINGS = {".php", ".asp", ".aspx", ".jsp", ".action"}


@dataclass(frozen=True)
class CrawledPage:
    """A page as the crawl found it: fetched, or with the reason why not."""

    url: str
    found: Reply | OriginalError

    @property
    def origin(self) -> str:
        return self.url

    @property
    def path(self) -> str:
        return self.url

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002  it has been fetched
        if isinstance(self.found, OriginalError):
            raise self.found
        return fetching.content(self.found)


@dataclass
class Crawl:
    """One crawl from the page `start`. Without `include`, it goes to pages below the folder of that page only.

    `missed` are the addresses that failed for now: what they lead to has not been seen, and may well be there.
    """

    start: str
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    missed: list[str] = field(default_factory=list)
    robots: Robots = field(default_factory=Robots)
    seen: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)

    def pages(self) -> Iterator[CrawledPage]:
        """The pages as they are found. Raises OriginalError when the first cannot be had, or the site has no end."""
        began = time.monotonic()
        self.start = normal(self.start) or self.start
        if not self.robots.allows(self.start):
            raise FetchError("The robots.txt of the site does not allow this page to be read.")
        self.seen.add(self.start)
        waiting = deque([(self.start, 0)])
        while waiting:
            address, depth = waiting.popleft()
            page = self._fetched(address)
            if isinstance(page.found, Reply) and depth < MAX_DEPTH:
                waiting += [(link, depth + 1) for link in self._links(page.found)]
            if self._is_new(page):
                yield page
            self._stop_at_limits(began)
            time.sleep(self.robots.delay(self.start) if waiting else 0)

    def _stop_at_limits(self, began: float) -> None:
        if len(self.given) > MAX_PAGES:
            raise FetchError(f"The site has more than {MAX_PAGES:,} pages; choose some with patterns.")
        if time.monotonic() - began > MAX_SECONDS:
            raise FetchError(f"Reading the site takes longer than {MAX_SECONDS / 3600:g} hours; choose some pages.")

    def _fetched(self, address: str) -> CrawledPage:
        try:
            reply = fetching.get(address)
        except FetchError as error:
            if address == self.start:
                raise
            if not isinstance(error, GoneError):
                self.missed.append(address)
            return CrawledPage(address, error)
        return CrawledPage(self._home(reply), reply)

    def _home(self, reply: Reply) -> str:
        """The address that a page is known by; others that lead to it are not asked for any more."""
        own = normal(fetching.own_address(reply)) or reply.url
        self.seen |= {own, normal(reply.url) or reply.url}
        return own

    def _is_new(self, page: CrawledPage) -> bool:
        """Whether this is a document, and not one that was given before under another address."""
        if page.url in self.given or not self._is_ours(page.url):
            return False
        if isinstance(page.found, GoneError) or (isinstance(page.found, Reply) and "noindex" in _wishes(page.found)):
            return False
        self.given.add(page.url)
        return True

    def _links(self, reply: Reply) -> Iterator[str]:
        """Where a page leads to that has not been looked at."""
        if not reply.is_html or "nofollow" in _wishes(reply):
            return
        base = _BASE.search(reply.data)
        seen_from = normal(_text(base[1]), reply.url) if base else reply.url
        for found in _LINK.finditer(reply.data):
            link = normal(_text(found[1] or found[2] or found[3] or b""), seen_from or reply.url)
            if link and link not in self.seen and self._is_ours(link) and self.robots.allows(link):
                self.seen.add(link)
                yield link

    def _is_ours(self, address: str) -> bool:
        here, first = urlsplit(address), urlsplit(self.start)
        if here.netloc.lower() != first.netloc.lower() or not _may_be_read(here.path):
            return False
        if self.include:
            return is_wanted(here.path, self.include, self.exclude)
        below = first.path[: first.path.rfind("/") + 1]
        return here.path.startswith(below) and is_wanted(here.path, (), self.exclude)


def _may_be_read(path: str) -> bool:
    """Whether the ending of an address is none, or that of a page or a document: not that of a picture or a program."""
    ending = parsers.extension(path)
    return ending in parsers.KINDS or ending in _PAGE_ENDINGS or not ending[1:].isalpha()


def _wishes(reply: Reply) -> str:
    """What a page asks of robots, in its head or in the reply's."""
    head = reply.data[: fetching.HEAD_BYTES] if reply.is_html else b""
    stated = b",".join(found[1] for found in _ROBOTS.finditer(head))
    return f"{reply.headers.get('x-robots-tag', '')},{_text(stated)}".lower()


def _text(markup: bytes) -> str:
    return html.unescape(markup.decode("utf-8", errors="replace")).strip()
