"""Where documents keep coming from: what a source is called, when it is read, and what it holds now."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from croniter import croniter
from django.utils import timezone

from knowledge import crawling, folders, originals, repositories, sitemaps
from knowledge.fetching import Page, check
from knowledge.indexing import collection_for
from knowledge.models import Document, Source, SourceKind, Visibility
from knowledge.originals import Original, OriginalError
from knowledge.patterns import is_wanted

NIGHTLY = "0 3 * * *"


class SourceInputError(ValueError):
    """The source cannot be set up as it was described; the message says why."""


@dataclass(frozen=True)
class Listing:
    """What a source holds now. `total` is 0 where that is known only at the end.

    `missed`, filled while one goes through the originals, are places that could not be looked at: what was there before
    may be there still.
    """

    originals: Iterable[Original]
    total: int = 0
    missed: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Wanted:
    """A source that a person describes."""

    location: str
    kind: SourceKind
    include: Sequence[str] = field(default_factory=list)
    exclude: Sequence[str] = field(default_factory=list)
    schedule: str = NIGHTLY


def add(wanted: Wanted, collection_name: str = "", visibility: Visibility | None = None) -> Source:
    """A new source; its first sync is due at once. Raises SourceInputError and CollectionError."""
    location = _location(wanted)
    if wanted.schedule and not croniter.is_valid(wanted.schedule):
        raise SourceInputError(f"{wanted.schedule!r} is no schedule: five fields as in cron, such as {NIGHTLY!r}.")
    collection = collection_for(collection_name, visibility)
    source, is_new = Source.objects.get_or_create(
        collection=collection,
        kind=wanted.kind,
        location=location,
        defaults={
            "include": list(wanted.include),
            "exclude": list(wanted.exclude),
            "schedule": wanted.schedule,
            "next_sync_at": timezone.now() if wanted.schedule else None,
        },
    )
    if not is_new:
        raise SourceInputError(f"This is a source of the collection {collection} already: number {source.pk}.")
    return source


def _location(wanted: Wanted) -> str:
    location = wanted.location.strip()
    if not location:
        raise SourceInputError("A source is a folder or an address.")
    if wanted.kind == SourceKind.FOLDER:
        place = Path(originals.origin_of(location))
        if not place.is_dir():
            raise SourceInputError(f"There is no folder {originals.readable(location)}.")
        return str(place)
    if wanted.kind == SourceKind.GIT and not originals.is_address(location):
        repository, mark, branch = location.partition("#")
        return f"{originals.origin_of(repository)}{mark}{branch}"
    for line in location.splitlines():
        _check_address(line.strip())
    return "\n".join(line.strip() for line in location.splitlines() if line.strip())


def _check_address(address: str) -> None:
    try:
        check(address)
    except OriginalError as error:
        raise SourceInputError(f"{address}: {error}") from error


def kind_of(location: str) -> SourceKind:
    """What a location looks like: people may say otherwise."""
    first = location.strip().partition("#")[0]
    if first.endswith(".git"):
        return SourceKind.GIT
    if not originals.is_address(first):
        return SourceKind.FOLDER
    if first.endswith((".xml", ".xml.gz")):
        return SourceKind.SITEMAP
    return SourceKind.PAGES


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
    found = repositories.files(source.location, source.include, source.exclude)
    return Listing(found, len(found))


_LISTINGS: dict[SourceKind, Callable[[Source], Listing]] = {
    SourceKind.FOLDER: _folder,
    SourceKind.PAGES: _pages,
    SourceKind.SITEMAP: _sitemap,
    SourceKind.SITE: _site,
    SourceKind.GIT: _git,
}
