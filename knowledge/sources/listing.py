"""Where documents keep coming from: what a source is called, when it is read, and what it holds now."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from croniter import croniter

from knowledge.models import Document, Source, SourceKind
from knowledge.originals import folders
from knowledge.originals.base import Original, OriginalError
from knowledge.originals.patterns import is_wanted
from knowledge.originals.repositories import clones
from knowledge.web import crawling, sitemaps
from knowledge.web.fetching import Page


@dataclass(frozen=True)
class Listing:
    """What a source holds now. `total` is 0 where that is known only at the end.

    `missed`, filled while one goes through the originals, are places that could not be looked at: what was there before
    may be there still.
    """

    originals: Iterable[Original]
    total: int = 0
    missed: list[str] = field(default_factory=list)


def next_time(schedule: str, after: datetime) -> datetime | None:
    """When a schedule next says so, in UTC; None for sources that are synced by hand only."""
    if not schedule:
        return None
    found: datetime = croniter(schedule, after).get_next(datetime)
    return found


def listing(source: Source) -> Listing:
    """What the source holds now. Raises OriginalError when it cannot be read as a whole, also while iterating."""
    return _LISTINGS[SourceKind(source.kind)](source)


def _folder(source: Source) -> Listing:
    if not Path(source.location).is_dir():
        raise OriginalError(f"The folder {source.location} is not there.")
    found = folders.files(source.location)
    wanted = [file for file in found.originals if is_wanted(file.path, source.include, source.exclude)]
    return Listing(wanted, len(wanted), found.missed)


def _pages(source: Source) -> Listing:
    addresses = list(dict.fromkeys(source.location.splitlines()))
    return Listing([Page(address) for address in addresses], len(addresses))


def _sitemap(source: Source) -> Listing:
    owners = dict(Document.objects.filter(source=source).exclude(url="").values_list("url", "origin"))
    found = sitemaps.read(source.location, source.include, source.exclude, owners=owners)
    return Listing(found.pages(), len(found.addresses))


def _site(source: Source) -> Listing:
    known = set(Document.objects.filter(source=source).values_list("origin", flat=True))
    crawl = crawling.Crawl(source.location, source.include, source.exclude, known)
    return Listing(crawl.pages(), missed=crawl.missed)


def _git(source: Source) -> Listing:
    found = clones.files(source.location, source.include, source.exclude)
    return Listing(found, len(found))


_LISTINGS: dict[SourceKind, Callable[[Source], Listing]] = {
    SourceKind.FOLDER: _folder,
    SourceKind.PAGES: _pages,
    SourceKind.SITEMAP: _sitemap,
    SourceKind.SITE: _site,
    SourceKind.GIT: _git,
}
