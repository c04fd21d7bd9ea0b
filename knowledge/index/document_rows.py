"""The rows of documents: looked up many at a time, made and written here alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from knowledge.index import fingerprints
from knowledge.models import Chunk, ChunkVector, Collection, Document, DocumentState, Source
from knowledge.originals.base import NO_VALIDATORS, Content, Original, Validators
from llm.models import Deployment, ServingRole

MAX_NAME = 2_000  # characters, as the columns hold
MAX_REASON = 1_000


@dataclass(frozen=True)
class KnownDocument:
    """A document as it was before. `has_vectors`: each passage of its live version has one in the live space."""

    row: Document
    has_vectors: bool

    def is_live(self, fingerprint: str) -> bool:
        live = self.row.live_version
        return live is not None and live.fingerprint == fingerprint and self.has_vectors

    def validators(self) -> Validators:
        """What the original may be asked about: nothing where even the same bytes would have to be indexed anew."""
        live = self.row.live_version
        if live is None or not self.has_vectors or not fingerprints.is_of_this_code(live.fingerprint):
            return NO_VALIDATORS
        return Validators(self.row.etag, self.row.last_modified)


def known(collection: Collection, originals: Sequence[Original]) -> dict[str, KnownDocument]:
    """What there is of the originals already, by origin. Raises Deployment.DoesNotExist before set-up."""
    space = Deployment.objects.live(ServingRole.EMBED).vector_space
    vector = ChunkVector.objects.filter(chunk=OuterRef("pk"), space=space)
    bare = Chunk.objects.filter(~Exists(vector), version=OuterRef("live_version"))
    found = Document.objects.filter(collection=collection, origin__in=[each.origin for each in originals])
    rows = found.select_related("live_version").annotate(is_bare=Exists(bare))
    return {row.origin: KnownDocument(row, has_vectors=not row.is_bare) for row in rows}


def of(original: Original, collection: Collection, source: Source | None = None) -> Document:
    """The document of an original, a waiting one if there is none."""
    document, _ = Document.objects.select_related("live_version").get_or_create(
        collection=collection,
        origin=original.origin,
        defaults={"path": original.path, "url": original.url, "source": source},
    )
    return document


def write(document: Document, **said: Any) -> bool:
    """What is said of a document, into its row, and that this was just now; False if it was removed meanwhile."""
    said["updated_at"] = timezone.now()
    for name, value in said.items():
        setattr(document, name, value)
    return bool(Document.objects.filter(pk=document.pk).update(**said))


def wait(document: Document, path: str) -> None:
    """Have it say that it waits to be read."""
    write(document, path=path, state=DocumentState.PENDING, reason="")


def fail(document: Document, path: str, reason: str) -> None:
    """Say why it could not be read; the version that was live goes on answering."""
    write(document, path=path, state=DocumentState.FAILED, reason=reason[:MAX_REASON])


def hold(document: Document, reason: str) -> None:
    """Say what came of a file that holds documents."""
    write(document, state=DocumentState.OPENED, reason=reason[:MAX_REASON])


def inside(document: Document) -> QuerySet[Document]:
    """The documents that came out of a file that held them; none for any other."""
    return Document.objects.filter(collection=document.collection_id, origin__startswith=f"{document.origin}!/")


def fail_all(found: QuerySet[Document], reason: str) -> int:
    """Say of many why they have to be read anew; returns how many."""
    return found.update(state=DocumentState.FAILED, reason=reason)


def stated(original: Original, content: Content) -> dict[str, str]:
    """What the original says of itself beside its text."""
    return {
        "url": content.url or original.url,
        "etag": content.validators.etag,
        "last_modified": content.validators.last_modified,
    }
