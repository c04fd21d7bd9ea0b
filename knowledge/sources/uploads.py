"""Files that people hand in by a page: kept under PARLEY_HOME, shown as waiting at once, indexed by a job."""

import os
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from django.utils.text import get_valid_filename

from knowledge import parsers
from knowledge.index import indexing
from knowledge.models import Collection, Document, DocumentState
from knowledge.originals.base import File, readable

LOST_AFTER = timedelta(minutes=5)  # a file that waits longer may have been lost with its worker
LONGEST_NAME = 200


class UploadError(ValueError):
    """The file cannot be taken; the message says why."""


def folder() -> Path:
    return settings.PARLEY_HOME / "uploads"


def keep(name: str, chunks: Iterable[bytes], collection: Collection) -> Document:
    """Write a file down and have a row that says it waits; a file of the same name takes the place of the one before.

    Raises UploadError for an empty file, one that is too large, and a name nothing can be called by.
    """
    called = readable(Path(name.replace("\\", "/")).name).strip()
    place = _place(called, collection)
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = _written(called, chunks, place.parent)
    draft.replace(place)
    document, _ = Document.objects.update_or_create(
        collection=collection,
        origin=str(place),
        defaults={"path": called, "state": DocumentState.PENDING, "reason": ""},
    )
    return document


def _place(called: str, collection: Collection) -> Path:
    try:
        name = get_valid_filename(called)
    except ValueError as error:
        raise UploadError("The file has no name that it could be called by.") from error
    stem, suffix = Path(name).stem, Path(name).suffix[:20]
    return folder() / str(collection.pk) / f"{stem[: LONGEST_NAME - len(suffix)]}{suffix}"


def _written(called: str, chunks: Iterable[bytes], beside: Path) -> Path:
    size = 0
    with tempfile.NamedTemporaryFile(dir=beside, prefix=".new-", delete=False) as draft:
        for chunk in chunks:
            size += len(chunk)
            if size > parsers.MAX_FILE_BYTES:
                break
            draft.write(chunk)
    if 0 < size <= parsers.MAX_FILE_BYTES:
        return Path(draft.name)
    Path(draft.name).unlink()
    if size:
        raise UploadError(f"{called} is larger than {parsers.MAX_FILE_BYTES // 1_000_000} MB.")
    raise UploadError(f"{called} is empty.")


def index(pk: int) -> None:
    """Make the file of a waiting row a document that is found."""
    document = Document.objects.select_related("collection").filter(pk=pk).first()
    if document is not None:
        list(indexing.add([File(Path(document.origin), document.path)], document.collection))


def lost() -> list[int]:
    """Rows that have waited so long that their job must be gone."""
    waiting = Document.objects.filter(state=DocumentState.PENDING, origin__startswith=f"{folder()}{os.sep}")
    return list(waiting.filter(updated_at__lt=timezone.now() - LOST_AFTER).values_list("pk", flat=True))


def discard(document: Document) -> None:
    """Take a document out of every search, and its file away if it was handed in here."""
    place = Path(document.origin)
    document.delete()
    if place.is_relative_to(folder()):
        place.unlink(missing_ok=True)
