"""Documents in: read, parse, split, embed, and make the new version live in one transaction.

The row is the state. Whatever is interrupted is simply run again: nothing is half there, and what is unchanged costs
neither parsing nor embedding.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from knowledge import chunk_rows, embedding, parsers, splitting
from knowledge.embedders.base import PassageText, PassageVectors
from knowledge.indexes import VectorSpaceError
from knowledge.jail import Jail
from knowledge.models import Chunk, ChunkVector, Collection, Document, DocumentState, DocumentVersion, Visibility
from knowledge.originals import Content, MissingError, Original, OriginalError, origin_of, readable
from knowledge.parsers.base import ParseError
from knowledge.splitting import ChunkText
from llm import client
from llm.models import Deployment, Role
from llm.providers.base import ProviderError

MAX_NAME = 2_000  # characters, as the columns of Document hold

State = Literal["indexed", "unchanged", "failed"]


class CollectionError(ValueError):
    """The collection asked for cannot be used; the message says why."""


class AmbiguousNameError(LookupError):
    """A name belongs to several documents; the message lists them."""


class RemovedError(Exception):
    """The document was removed while it was being read."""


@dataclass(frozen=True)
class Outcome:
    """What became of one document. `chunks` counts those of its live version, `reason` says why it failed."""

    path: str
    state: State
    reason: str | None
    chunks: int
    seconds: float


def collection_for(name: str, visibility: Visibility | None) -> Collection:
    """The collection of that name, made if there is none; without a name, the one for the visibility.

    Raises CollectionError rather than changing who may see what is there.
    """
    if len(name) > 100:
        raise CollectionError("The name of a collection has at most 100 characters.")
    if name != readable(name):
        raise CollectionError("The name of a collection is text of one line, without control characters.")
    wanted = visibility or Visibility.PUBLIC
    collection, is_new = Collection.objects.get_or_create(name=name or wanted.label, defaults={"visibility": wanted})
    if not is_new and collection.visibility != wanted and (visibility or not name):
        raise CollectionError(
            f"The collection {collection.name!r} is {collection.visibility}; for {wanted} documents name another one."
        )
    return collection


def add(originals: Iterable[Original], collection: Collection) -> Iterator[Outcome]:
    """Index `originals` into `collection`, one after another; a failure is an outcome and stops nothing.

    Raises Deployment.DoesNotExist before set-up.
    """
    deployment = Deployment.objects.live(Role.EMBED)
    with Jail() as jail:
        for original in originals:
            started = time.perf_counter()
            state, reason, chunks = _add(original, collection, jail, deployment)
            yield Outcome(original.path, state, reason, chunks, round(time.perf_counter() - started, 3))


def _add(
    original: Original, collection: Collection, jail: Jail, deployment: Deployment
) -> tuple[State, str | None, int]:
    if max(len(original.origin), len(original.path)) > MAX_NAME:
        return "failed", f"The name is longer than {MAX_NAME:,} characters.", 0
    try:
        content = original.read()
    except MissingError as error:
        return "failed", str(error), 0
    except OriginalError as error:
        return "failed", _fail(_row(original, collection), original, str(error)), 0
    document = _row(original, collection)
    live_chunks = document.live_version.chunk_count if document.live_version else 0
    if _is_unchanged(document, _fingerprint(content), deployment.vector_space):
        _settle(document, original)
        return "unchanged", None, live_chunks
    try:
        version = _index(document, original, content, jail, deployment)
    except (ParseError, ProviderError, VectorSpaceError) as error:
        return "failed", _fail(document, original, str(error)), live_chunks
    except RemovedError as error:
        return "failed", str(error), 0
    return "indexed", None, version.chunk_count


def _row(original: Original, collection: Collection) -> Document:
    document, _ = Document.objects.select_related("live_version").get_or_create(
        collection=collection, origin=original.origin, defaults={"path": original.path, "url": original.url}
    )
    return document


def _fingerprint(content: Content) -> str:
    """Covers all that the passages depend on: the bytes, what they are taken for, and the code that reads them."""
    digest = hashlib.sha256(content.data)
    digest.update(f"\0{parsers.extension(content.name)} {parsers.VERSION} {splitting.VERSION}".encode())
    return digest.hexdigest()


def _is_unchanged(document: Document, fingerprint: str, space: str) -> bool:
    """Whether the live version says the same and each of its passages has a vector in the live space."""
    if document.live_version is None or document.live_version.fingerprint != fingerprint:
        return False
    vector = ChunkVector.objects.filter(chunk=OuterRef("pk"), space=space)
    return not Chunk.objects.filter(~Exists(vector), version=document.live_version).exists()


def _index(
    document: Document, original: Original, content: Content, jail: Jail, deployment: Deployment
) -> DocumentVersion:
    """Read `content` and make it the live version. Raises ParseError, ProviderError, VectorSpaceError, RemovedError."""
    reading = jail.parse(content.name, content.data, _title(original.path))
    document.title = reading.title
    passages = splitting.pack(reading.blocks, embedding.count_tokens)
    if not passages:
        raise ParseError("The file has no text.")
    vectors = embedding.embed_passages(
        [PassageText(passage.heading, passage.text, passage.sentence_spans) for passage in passages],
        trace_id=client.new_trace_id(),
        deployment=deployment,
    )
    document.path, document.url = original.path, original.url
    document.state, document.reason = DocumentState.INDEXED, ""
    document.live_version = DocumentVersion(
        document=document,
        fingerprint=_fingerprint(content),
        byte_count=len(content.data),
        chunk_count=len(passages),
        warning=reading.warning[:500],
    )
    return _publish(document, document.live_version, passages, vectors, deployment.vector_space)


@transaction.atomic
def _publish(
    document: Document,
    version: DocumentVersion,
    passages: Sequence[ChunkText],
    vectors: Sequence[PassageVectors],
    space: str,
) -> DocumentVersion:
    """Readers see the passages of the old version until this commits, and those of the new one from then on."""
    if not Document.objects.select_for_update().filter(pk=document.pk).exists():
        raise RemovedError("The document was removed while it was being read.")
    newest = document.versions.order_by("-number").first()
    version.number = newest.number + 1 if newest else 1
    version.save()
    document.chunks.all().delete()
    chunk_rows.insert(version, passages, vectors, space=space)
    document.save()
    return version


def _settle(document: Document, original: Original) -> None:
    """Note that the live version is what the original says, after a failure or under another path too."""
    seen = (document.state, document.reason, document.path, document.url)
    now = (DocumentState.INDEXED, "", original.path, original.url)
    if seen != now:
        document.state, document.reason, document.path, document.url = now
        document.save(update_fields=["state", "reason", "path", "url", "updated_at"])


def _fail(document: Document, original: Original, reason: str) -> str:
    """Say on the row why, in one line; the version that was live goes on answering."""
    reason = readable(" ".join(reason.split()))
    Document.objects.filter(pk=document.pk).update(
        state=DocumentState.FAILED,
        reason=reason[:1000],
        path=original.path,
        url=original.url,
        updated_at=timezone.now(),
    )
    return reason


def _title(path: str) -> str:
    """What to call a document that does not say: its file name in words."""
    name = PurePosixPath(path.rstrip("/")).stem.replace("-", " ").replace("_", " ").strip()
    return (name[:1].upper() + name[1:])[:500] or "Untitled"


def remove(name: str) -> list[Document]:
    """Delete the documents called `name`: by address or place on the disk, that of a folder too, else by their path.

    Their passages are gone from retrieval when this returns. Returns the documents as they were; none if none match.
    Raises AmbiguousNameError when a path belongs to several files.
    """
    if not name.strip():
        return []
    origin = origin_of(name)
    name = readable(name)
    placed = Q(origin=name) | Q(origin=origin) | Q(origin__startswith=f"{origin.rstrip('/')}/")
    with transaction.atomic():
        locked = Document.objects.select_for_update(of=("self",)).select_related("collection").order_by("id")
        documents = list(locked.filter(placed)) or list(locked.filter(path=name))
        origins = sorted({document.origin for document in documents if document.path == name})
        if len(origins) > 1 and not any(document.origin.startswith(origin) for document in documents):
            raise AmbiguousNameError(f"Several files are called {name!r}; name one of: {', '.join(origins)}.")
        Document.objects.filter(pk__in=[document.pk for document in documents]).delete()
    return documents
