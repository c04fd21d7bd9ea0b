"""The documents of the sample help centre in this install: told from those of its own, and taken away."""

from django.conf import settings
from django.db.models import QuerySet

from knowledge.models import Document, DocumentState
from knowledge.sources import uploads


def documents() -> QuerySet[Document]:
    """Those that are still here."""
    return Document.objects.filter(origin__startswith=str(settings.SAMPLE_DIR))


def has_others() -> bool:
    """Whether anything else is here, be it indexed or not."""
    return Document.objects.exclude(origin__startswith=str(settings.SAMPLE_DIR)).exists()


def has_other_indexed() -> bool:
    """Whether anything else answers questions."""
    indexed = Document.objects.filter(state=DocumentState.INDEXED)
    return indexed.exclude(origin__startswith=str(settings.SAMPLE_DIR)).exists()


def remove() -> int:
    """Take them out of every search; returns how many there were."""
    found = list(documents())
    for document in found:
        uploads.discard(document)
    return len(found)
