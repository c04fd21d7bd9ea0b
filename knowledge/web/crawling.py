"""The pages of a site, found by following its links from one page on, nearest first.

Every page is fetched once and whole: what it links to must be known even when it has not changed, and a page that says
the same costs nothing beyond that. Other hosts than that of the first page are asked where a pattern names them.
"""

import time
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from knowledge import parsers
from knowledge.originals.base import NO_VALIDATORS, Content, OriginalError, OriginalGoneError, Validators
from knowledge.web import fetching, page_links
from knowledge.web.addresses import Scope, folder_of, host_of, normal
from knowledge.web.fetching import Fetched, FetchError, Page
from knowledge.web.robots import is_about_the_page
from knowledge.web.visiting import Visitor

MAX_PAGES = 2_000
MAX_ASKED = 3 * MAX_PAGES  # addresses, whatever comes of them
MAX_DEPTH = 20
MAX_SECONDS = 3 * 3600.0
HELD_BYTES = 2_000_000  # of a page that waits to be read; a bigger one is fetched again

# What servers call pages that programs of theirs make.
_PAGE_ENDINGS = {".php", ".asp", ".aspx", ".jsp", ".action"}


@dataclass(frozen=True)
class CrawledPage(Page):
    """A page as the crawl found it: fetched, or with the reason why not."""

    found: Fetched | OriginalError

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002  it has been fetched
        if isinstance(self.found, OriginalError):
            raise self.found
        return fetching.content(self.found)


@dataclass
class Crawl:
    """One crawl from the page `start`. Without `include`, it goes to pages below the folder of that page only.

    `known` are the addresses of the documents it gave before. `missed` are addresses that failed for now: what they
    lead to has not been seen, and may well be there.
    """

    start: str
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    known: Collection[str] = ()
    missed: list[str] = field(default_factory=list)
    visitor: Visitor = field(default_factory=Visitor)
    seen: set[str] = field(default_factory=set)
    given: set[str] = field(default_factory=set)

    def pages(self) -> Iterator[Page]:
        """The pages as they are found.

        Raises OriginalError when the first cannot be had, the site has no end, or its server fails again and again.
        """
        self._stop_at = time.monotonic() + MAX_SECONDS
        self._asked = 0
        self.start = normal(self.start) or self.start
        if not self.visitor.robots.allows(self.start):
            raise FetchError("The robots.txt of the site does not allow this page to be read.")
        first = self.visitor.get(self.start)
        self.scope = self._scope(normal(first.url) or self.start)
        self.seen.add(self.start)
        waiting: deque[tuple[str, int]] = deque()
        yield from self._looked_at(first, 0, waiting)
        yield from self._followed(waiting)
        yield from self._followed(deque((address, MAX_DEPTH) for address in self._unreached()))

    def _scope(self, found_at: str) -> Scope:
        """The host is the one where the first page was found in the end."""
        is_same = host_of(found_at) == host_of(self.start)
        return Scope(host_of(found_at), self.include, self.exclude, folder_of(self.start if is_same else found_at))

    def _followed(self, waiting: deque[tuple[str, int]]) -> Iterator[Page]:
        while waiting:
            address, depth = waiting.popleft()
            self._stop_at_limits()
            if address in self.known and _has_no_links(address):
                yield from self._given(address, Page(address))  # it has no links, so it is sent only if it has changed
                continue
            try:
                reply = self.visitor.get(address)
            except FetchError as error:
                yield from self._failed(address, error)
            else:
                yield from self._looked_at(reply, depth, waiting)

    def _failed(self, address: str, error: FetchError) -> Iterator[Page]:
        self.visitor.check()
        if isinstance(error, OriginalGoneError):
            return
        if not is_about_the_page(error) or address in self.known:
            self.missed.append(address)
        yield from self._given(address, CrawledPage(address, error))

    def _unreached(self) -> list[str]:
        """The addresses of before that nothing led to, where that may not be what the site means.

        It may not when pages failed, as what those lead to is not known, or when it is more than half of what there
        was: then each is asked for itself, so that only those are gone which the server says are.
        """
        unreached = sorted(address for address in self.known if address not in self.seen and self._is_ours(address))
        if not self.missed and 2 * len(unreached) <= len(self.known):
            return []
        self.seen.update(unreached)
        self.missed.clear()
        return [address for address in unreached if self.visitor.robots.allows(address)]

    def _stop_at_limits(self) -> None:
        self._asked += 1
        if len(self.given) >= MAX_PAGES or self._asked > MAX_ASKED:
            raise FetchError(f"The site has more than {MAX_PAGES:,} pages; choose some with patterns.")
        if time.monotonic() > self._stop_at:
            raise FetchError(f"Reading the site takes longer than {MAX_SECONDS / 3600:g} hours; choose some pages.")

    def _home(self, reply: Fetched) -> str:
        """The address that a page is known by; others that lead to it are not asked for any more."""
        found_at = normal(reply.url) or reply.url
        own = normal(fetching.own_address(reply)) or found_at
        own = own if self._is_ours(own) else found_at
        self.seen |= {own, found_at}
        return own

    def _looked_at(self, reply: Fetched, depth: int, waiting: deque[tuple[str, int]]) -> Iterator[Page]:
        """The page, if it is a document; where it leads to and nobody has looked waits from now on."""
        found = page_links.read(reply)
        for link in found.addresses if depth < MAX_DEPTH else ():
            if link not in self.seen and self._is_ours(link) and self.visitor.robots.allows(link):
                self.seen.add(link)
                waiting.append((link, depth + 1))
        home = self._home(reply)
        if fetching.is_read(reply) and not found.is_kept_out:
            yield from self._given(home, CrawledPage(home, reply) if len(reply.data) <= HELD_BYTES else Page(home))

    def _given(self, address: str, page: Page) -> Iterator[Page]:
        """The page, if it is of the site and was not given before under another address."""
        if address not in self.given and self._is_ours(address):
            self.given.add(address)
            yield page

    def _is_ours(self, address: str) -> bool:
        return self.scope.holds(address) and _may_be_read(address)


def _has_no_links(address: str) -> bool:
    kind = parsers.KINDS.get(parsers.extension(address))
    return kind is not None and kind != "html"


def _may_be_read(address: str) -> bool:
    """Whether the ending of an address is none, or that of a page or a document: not that of a picture or a program."""
    ending = parsers.extension(address.partition("?")[0])
    return ending in parsers.KINDS or ending in _PAGE_ENDINGS or not ending[1:].isalpha()
