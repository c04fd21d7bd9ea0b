"""Documents out, and which documents a name means."""

from django.db import transaction
from django.db.models import Q, QuerySet

from knowledge.index import document_rows
from knowledge.models import Document, DocumentState
from knowledge.originals.base import origin_of, readable


class AmbiguousNameError(LookupError):
    """A name belongs to several documents; the message lists them."""


@transaction.atomic
def remove(name: str) -> list[Document]:
    """Delete the documents called `name`; see `named`. Their passages are gone from retrieval when this returns.

    Returns the documents as they were; none if none match. Raises AmbiguousNameError.
    """
    documents = named(name, Document.objects.select_for_update(of=("self",)))
    Document.objects.filter(pk__in=[document.pk for document in documents]).delete()
    return documents


def named(name: str, among: QuerySet[Document] | None = None) -> list[Document]:
    """The documents called `name`: by address or place on the disk, that of a folder too, else by their path.

    Raises AmbiguousNameError when a path belongs to several files.
    """
    if not name.strip():
        return []
    origin = origin_of(name)
    name = readable(name)
    placed = Q(origin=name) | Q(origin=origin)
    for inside in (f"{origin.rstrip('/')}/", f"{origin}!/"):  # of a folder, of an archive
        placed |= Q(origin__startswith=inside)
    found = Document.objects.all() if among is None else among
    found = found.select_related("collection").order_by("id")
    documents = list(found.filter(placed)) or _called(name, found)
    origins = sorted({document.origin for document in documents if document.path == name})
    if len(origins) > 1 and not any(document.origin.startswith(origin) for document in documents):
        raise AmbiguousNameError(f"Several files are called {name!r}; name one of: {', '.join(origins)}.")
    return documents


def _called(path: str, found: QuerySet[Document]) -> list[Document]:
    """Those of that path; of a file that was opened, what it held too."""
    documents = list(found.filter(path=path))
    opened = [document for document in documents if document.state == DocumentState.OPENED]
    return documents + [each for document in opened for each in found & document_rows.inside(document)]
