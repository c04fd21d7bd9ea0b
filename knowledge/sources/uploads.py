"""What people hand in, files and articles: kept under PARLEY_HOME, shown as waiting at once, indexed by a job.

The row is the state: until it says what became of the file, the file is read again. An archive or an export becomes
documents of its own, and its row says how many and what was left out.
"""

import os
import tempfile
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import get_valid_filename

from knowledge import parsers
from knowledge.index import document_rows, fingerprints, indexing
from knowledge.models import Collection, Document, DocumentState
from knowledge.originals import folders
from knowledge.originals.base import File, readable
from knowledge.originals.folders import Found

LOST_AFTER = timedelta(minutes=5)  # a file that waits longer may have been lost with its worker
LONGEST_NAME = 200
MOST_BYTES = parsers.MAX_FILE_BYTES  # of one file; a parser reads no more


class UploadError(ValueError):
    """The file cannot be taken; the message says why."""


def folder() -> Path:
    return settings.PARLEY_HOME / "uploads"


def keep(name: str, chunks: Iterable[bytes], collection: Collection) -> Document:
    """Write a file down and have a row that says it waits; a file of the same name takes the place of the one before.

    Raises UploadError for an empty file, one that is too large, and a name nothing can be called by.
    """
    called = readable(Path(name.replace("\\", "/")).name).strip()
    return _kept(File(_place(called, collection), called), chunks, collection)


def keep_article(name: str, text: str, collection: Collection) -> Document:
    """As `keep`, for what a person wrote here: beside the files, so that none takes the place of the other."""
    place = _folder_of(collection) / "articles" / name
    return _kept(File(place, f"articles/{name}"), [text.encode()], collection)


def _kept(file: File, chunks: Iterable[bytes], collection: Collection) -> Document:
    file.place.parent.mkdir(parents=True, exist_ok=True)
    draft = _written(file.called, chunks, file.place.parent)
    draft.replace(file.place)
    document = document_rows.of(file, collection)
    document_rows.wait(document, file.path)
    return document


def _folder_of(collection: Collection) -> Path:
    return folder() / str(collection.pk)


def _place(called: str, collection: Collection) -> Path:
    try:
        name = get_valid_filename(called)
    except ValueError as error:
        raise UploadError("The file has no name that it could be called by.") from error
    stem, suffix = Path(name).stem, Path(name).suffix[:20]
    return _folder_of(collection) / f"{stem[: LONGEST_NAME - len(suffix)]}{suffix}"


def _written(called: str, chunks: Iterable[bytes], beside: Path) -> Path:
    size = 0
    with tempfile.NamedTemporaryFile(dir=beside, prefix=".new-", delete=False) as draft:
        for chunk in chunks:
            size += len(chunk)
            if size > MOST_BYTES:
                break
            draft.write(chunk)
    if 0 < size <= MOST_BYTES:
        return Path(draft.name)
    Path(draft.name).unlink()
    if size:
        raise UploadError(f"{called} is larger than {MOST_BYTES // 1_000_000} MB.")
    raise UploadError(f"{called} is empty.")


def index(pk: int) -> None:
    """Make the file of a waiting row a document that is found, or what it holds documents."""
    document = Document.objects.select_related("collection").filter(pk=pk).first()
    if document is None:
        return
    file = File(Path(document.origin), document.path)
    found = folders.opened(file)
    is_open = folders.holds_many(file) and all(each.origin != file.origin for each in found.originals)
    if is_open:
        _index_inside(document, found)
    else:
        list(indexing.add(found.originals, document.collection))


def _index_inside(held: Document, found: Found) -> None:
    """Documents of what a file holds; those of a file of its name before that are in it no more go."""
    seen: set[int] = set()
    failed = 0
    for outcome in indexing.add(found.originals, held.collection):
        if not document_rows.write(held):  # which also tells that somebody is at it
            document_rows.inside(held).delete()
            return
        seen |= {outcome.document.pk} if outcome.document else set()
        failed += outcome.state == "failed"
    if not found.missed:
        document_rows.inside(held).exclude(pk__in=seen).delete()
    left_out = folders.summary(found.skipped)
    if not found.originals:
        document_rows.fail(held, held.path, f"It holds nothing that can be read. {left_out}".strip())
    else:
        document_rows.hold(held, f"{_counted(len(found.originals), failed)} {left_out}".strip())


def _counted(documents: int, failed: int) -> str:
    said = f"It holds {documents:,} document{'s' * (documents != 1)}"
    return f"{said}; {failed:,} of them could not be read." if failed else f"{said}."


def lost() -> list[int]:
    """Rows that have waited so long that their job must be gone."""
    waiting = _ours().filter(state=DocumentState.PENDING, updated_at__lt=timezone.now() - LOST_AFTER)
    return [pk for pk, origin in waiting.values_list("pk", "origin") if origin == _file_of(origin)]


def outdated() -> list[int]:
    """Rows of files that were read by other code than today's, which may read more of them."""
    read = _ours().filter(state=DocumentState.INDEXED).exclude(live_version__fingerprint__endswith=fingerprints.READ_BY)
    files = {_file_of(origin) for origin in read.values_list("origin", flat=True)}
    return list(_ours().filter(origin__in=files).values_list("pk", flat=True))


def read_again(pk: int) -> None:
    """Read the file of a row once more; of one that was opened only what is still there, as people take things out."""
    document = Document.objects.select_related("collection").filter(pk=pk).first()
    if document is None:
        return
    there = {document.origin, *document_rows.inside(document).values_list("origin", flat=True)}
    found = folders.opened(File(Path(document.origin), document.path))
    list(indexing.add([each for each in found.originals if each.origin in there], document.collection))


def _ours() -> QuerySet[Document]:
    return Document.objects.filter(origin__startswith=f"{folder()}{os.sep}")


def _file_of(origin: str) -> str:
    """The file that was handed in, of what came out of it too."""
    here = str(folder())
    return here + origin.removeprefix(here).partition("!/")[0]


def discard(document: Document) -> None:
    """Take a document out of every search, and its file and what came out of that away if it was handed in here."""
    place = Path(document.origin)
    is_ours = place.is_relative_to(folder())
    with transaction.atomic():
        if is_ours:
            document_rows.inside(document).delete()
        document.delete()
    if is_ours:
        place.unlink(missing_ok=True)
