"""A new source: what a person describes, and what it is taken for."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from croniter import croniter
from django.utils import timezone

from knowledge.index.collections import collection_for
from knowledge.models import Source, SourceKind, Visibility
from knowledge.originals import base
from knowledge.originals.base import OriginalError
from knowledge.web.fetching import check

NIGHTLY = "0 3 * * *"


class SourceInputError(ValueError):
    """The source cannot be set up as it was described; the message says why."""


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
        place = Path(base.origin_of(location))
        if not place.is_dir():
            raise SourceInputError(f"There is no folder {base.readable(location)}.")
        return str(place)
    if wanted.kind == SourceKind.GIT and not base.is_address(location):
        repository, mark, branch = location.partition("#")
        return f"{base.origin_of(repository)}{mark}{branch}"
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
    if not base.is_address(first):
        return SourceKind.FOLDER
    if first.endswith((".xml", ".xml.gz")):
        return SourceKind.SITEMAP
    return SourceKind.PAGES
