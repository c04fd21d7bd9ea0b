"""Documents in: read, parse, split, embed, and make the new version live in one transaction.

The row is the state. Whatever is interrupted is simply run again: nothing is half there, and what is unchanged costs
neither parsing nor embedding.
"""

import hashlib
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Literal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from knowledge import parsers
from knowledge.embedders import embedding
from knowledge.embedders.base import PassageText, PassageVectors
from knowledge.index import chunk_rows, vector_indexes
from knowledge.index.vector_indexes import VectorSpaceError
from knowledge.models import (
    Chunk,
    ChunkVector,
    Collection,
    Document,
    DocumentState,
    DocumentVersion,
    Source,
    Visibility,
)
from knowledge.originals.base import (
    NO_VALIDATORS,
    Content,
    MissingError,
    Original,
    OriginalError,
    UnmodifiedError,
    Validators,
    origin_of,
    readable,
)
from knowledge.parsers.base import ParseError
from knowledge.parsers.jail import Jail
from knowledge.passages import chunking, languages
from knowledge.passages.chunking import ChunkText
from llm import client
from llm.completion import ProviderError
from llm.models import Deployment, ServingRole

MAX_NAME = 2_000  # characters, as the columns of Document hold
LOOKED_UP = 50  # originals whose documents are looked up together

State = Literal["indexed", "unchanged", "failed"]


class CollectionError(ValueError):
    """The collection asked for cannot be used; the message says why."""


class AmbiguousNameError(LookupError):
    """A name belongs to several documents; the message lists them."""


class RemovedError(Exception):
    """The document was removed while it was being read."""


class _OtherModelError(Exception):
    """Another embedding model went live while the passages were being embedded."""


@dataclass(frozen=True)
class Indexed:
    """What became of one document. `chunks` counts those of its live version, `reason` says why it failed.

    `version` is its number: 1 of an indexed document says that it is new. `error` is what `reason` was made of.
    """

    path: str
    state: State
    reason: str | None
    chunks: int
    seconds: float
    document: Document | None = None
    version: int = 0
    error: Exception | None = None


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


def add(
    originals: Iterable[Original], collection: Collection, *, source: Source | None = None, trace_id: str = ""
) -> Iterator[Indexed]:
    """Index `originals` into `collection`, one after another; a failure is an outcome and stops nothing.

    They become documents of `source`, unless another source has them. What embedding them costs is in the ledger under
    `trace_id`, or under one for each document. Raises Deployment.DoesNotExist before set-up.
    """
    waiting = iter(originals)
    with Jail() as jail:
        run = _Run(collection, source, trace_id, jail)
        Deployment.objects.live(ServingRole.EMBED)
        while some := list(islice(waiting, LOOKED_UP)):
            documents = run.documents(some)
            for original in some:
                started = time.perf_counter()
                outcome = run.add(original, documents.get(original.origin))
                yield replace(outcome, seconds=round(time.perf_counter() - started, 3))


@dataclass(frozen=True)
class _Run:
    """What is the same for every document of a call to `add`."""

    collection: Collection
    source: Source | None
    trace_id: str
    jail: Jail

    def documents(self, originals: Sequence[Original]) -> dict[str, "_Document"]:
        """What there is of the originals already, by origin."""
        space = Deployment.objects.live(ServingRole.EMBED).vector_space
        vector = ChunkVector.objects.filter(chunk=OuterRef("pk"), space=space)
        bare = Chunk.objects.filter(~Exists(vector), version=OuterRef("live_version"))
        found = Document.objects.filter(collection=self.collection, origin__in=[each.origin for each in originals])
        rows = found.select_related("live_version").annotate(is_bare=Exists(bare))
        return {row.origin: _Document(row, has_vectors=not row.is_bare) for row in rows}

    def add(self, original: Original, known: "_Document | None") -> Indexed:
        if max(len(original.origin), len(original.path)) > MAX_NAME:
            return _failed(original, ValueError(f"The name is longer than {MAX_NAME:,} characters."))
        try:
            content = original.read(known.validators() if known else NO_VALIDATORS)
        except UnmodifiedError:
            return self._unchanged(self._saved(known, original), original)
        except MissingError as error:
            return _failed(original, error, known.row if known else None)
        except OriginalError as error:
            return self._fail(self._saved(known, original), original, error)
        document = self._saved(known, original)
        if known and known.is_live(_fingerprint(content)):
            return self._unchanged(document, original, content)
        return self._indexed(document, original, content, known)

    def _indexed(self, document: Document, original: Original, content: Content, known: "_Document | None") -> Indexed:
        live = document.live_version if known and known.has_vectors else None
        try:
            version = _index(document, original, content, self, live)
        except (ParseError, ProviderError, VectorSpaceError) as error:
            return self._fail(document, original, error)
        except RemovedError as error:
            return _failed(original, error)
        if version == live:
            return self._unchanged(document, original, content)
        return Indexed(original.path, "indexed", None, version.chunk_count, 0, document, version.number)

    def _saved(self, known: "_Document | None", original: Original) -> Document:
        if known is None:
            document, _ = Document.objects.select_related("live_version").get_or_create(
                collection=self.collection,
                origin=original.origin,
                defaults={"path": original.path, "url": original.url, "source": self.source},
            )
        else:
            document = known.row
        if self.source is not None and document.source_id is None:
            document.source = self.source
            document.save(update_fields=["source", "updated_at"])
        return document

    def _unchanged(self, document: Document, original: Original, content: Content | None = None) -> Indexed:
        """Note that the live version is what the original says, after a failure or under another path too."""
        live = document.live_version
        now = {"state": DocumentState.INDEXED, "reason": "", "path": original.path}
        if content is not None:
            now |= _stated(original, content)
        changed = [name for name, value in now.items() if getattr(document, name) != value]
        if changed:
            for name in changed:
                setattr(document, name, now[name])
            document.save(update_fields=[*changed, "updated_at"])
        number, chunks = (live.number, live.chunk_count) if live else (0, 0)
        return Indexed(original.path, "unchanged", None, chunks, 0, document, number)

    def _fail(self, document: Document, original: Original, error: Exception) -> Indexed:
        """Say on the row why, in one line; the version that was live goes on answering."""
        outcome = _failed(original, error, document)
        Document.objects.filter(pk=document.pk).update(
            state=DocumentState.FAILED, reason=(outcome.reason or "")[:1000], path=original.path,
            updated_at=timezone.now(),
        )  # fmt: skip
        return outcome


@dataclass(frozen=True)
class _Document:
    """A document as it was before. `has_vectors`: each passage of its live version has one in the live space."""

    row: Document
    has_vectors: bool

    def is_live(self, fingerprint: str) -> bool:
        live = self.row.live_version
        return live is not None and live.fingerprint == fingerprint and self.has_vectors

    def validators(self) -> Validators:
        """What the original may be asked about: nothing where even the same bytes would have to be indexed anew."""
        live = self.row.live_version
        if live is None or not self.has_vectors or not live.fingerprint.endswith(f":{_READ_BY}"):
            return NO_VALIDATORS
        return Validators(self.row.etag, self.row.last_modified)


def _failed(original: Original, error: Exception, document: Document | None = None) -> Indexed:
    live = document.live_version if document else None
    reason = readable(" ".join(str(error).split()))
    return Indexed(original.path, "failed", reason, live.chunk_count if live else 0, 0, document, error=error)


def _fingerprint(content: Content) -> str:
    """Covers all that the passages depend on: the bytes, what they are taken for, and the code that reads them."""
    digest = hashlib.sha256(content.data)
    digest.update(f"\0{parsers.extension(content.name)}".encode())
    return f"{digest.hexdigest()[:48]}:{_READ_BY}"[:64]


# The versions of the code that makes passages of bytes; after a change of theirs the same bytes are read anew.
_READ_BY = f"{parsers.VERSION}.{chunking.VERSION}"


def _index(
    document: Document, original: Original, content: Content, run: _Run, live: DocumentVersion | None
) -> DocumentVersion:
    """Read `content` and make it the live version, unless `live` says the same in other bytes, as many pages do.

    Raises ParseError, ProviderError, VectorSpaceError, RemovedError.
    """
    reading = run.jail.parse(content.name, content.data, _title(original.path))
    passages = chunking.pack(reading.blocks, embedding.count_tokens)
    if not passages:
        raise ParseError("The file has no text.")
    if live is not None and document.title == reading.title and _says_the_same(live, passages):
        live.fingerprint, live.byte_count = _fingerprint(content), len(content.data)
        live.save(update_fields=["fingerprint", "byte_count"])
        return live
    document.title = reading.title
    document.path, document.state, document.reason = original.path, DocumentState.INDEXED, ""
    for name, value in _stated(original, content).items():
        setattr(document, name, value)
    document.live_version = DocumentVersion(
        document=document,
        fingerprint=_fingerprint(content),
        byte_count=len(content.data),
        chunk_count=len(passages),
        language=languages.configuration("\n\n".join(passage.text for passage in passages)),
        modified_at=content.modified_at,
        warning=reading.warning[:500],
    )
    while True:
        deployment = Deployment.objects.live(ServingRole.EMBED)
        vectors = _vectors(passages, deployment, run.trace_id or client.new_trace_id())
        with suppress(_OtherModelError):
            return _publish(document, document.live_version, passages, vectors, deployment.vector_space)


def _says_the_same(live: DocumentVersion, passages: Sequence[ChunkText]) -> bool:
    before = live.chunks.order_by("ordinal").values_list("content_hash", "sentence_spans")
    now = [
        (chunk_rows.content_hash(passage), [offset for span in passage.sentence_spans for offset in span])
        for passage in passages
    ]
    return list(before) == now


def _stated(original: Original, content: Content) -> dict[str, str]:
    """What the original says of itself beside its text."""
    return {
        "url": content.url or original.url,
        "etag": content.validators.etag,
        "last_modified": content.validators.last_modified,
    }


def _vectors(passages: Sequence[ChunkText], deployment: Deployment, trace_id: str) -> list[PassageVectors]:
    """The vectors of passages, in order; those that any document has already are not embedded again."""
    space = deployment.vector_space
    hashes = [chunk_rows.content_hash(passage) for passage in passages]
    known = chunk_rows.known_vectors(hashes, space=space)
    missing = {key: passage for key, passage in zip(hashes, passages, strict=True) if key not in known}
    embedded = embedding.embed_passages(
        [PassageText(passage.heading, passage.text, passage.sentence_spans) for passage in missing.values()],
        trace_id=trace_id,
        deployment=deployment,
    )
    known |= zip(missing, embedded, strict=True)
    return [known[key] for key in hashes]


@transaction.atomic
def _publish(
    document: Document,
    version: DocumentVersion,
    passages: Sequence[ChunkText],
    vectors: Sequence[PassageVectors],
    space: str,
) -> DocumentVersion:
    """Readers see the passages of the old version until this commits, and those of the new one from then on."""
    vector_indexes.share_space()
    if Deployment.objects.live(ServingRole.EMBED).vector_space != space:
        raise _OtherModelError
    if not Document.objects.select_for_update().filter(pk=document.pk).exists():
        raise RemovedError("The document was removed while it was being read.")
    newest = document.versions.order_by("-number").first()
    version.number = newest.number + 1 if newest else 1
    before = Counter[uuid.UUID](document.chunks.values_list("content_hash", flat=True))
    after = Counter(chunk_rows.content_hash(passage) for passage in passages)
    version.added_chunks, version.removed_chunks = (after - before).total(), (before - after).total()
    version.save()
    document.chunks.all().delete()
    chunk_rows.insert(version, passages, vectors, space=space)
    document.save()
    return version


def _title(path: str) -> str:
    """What to call a document that does not say: its file name in words."""
    name = PurePosixPath(path.rstrip("/")).stem.replace("-", " ").replace("_", " ").strip()
    return (name[:1].upper() + name[1:])[:500] or "Untitled"


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
    documents = list(found.filter(placed)) or list(found.filter(path=name))
    origins = sorted({document.origin for document in documents if document.path == name})
    if len(origins) > 1 and not any(document.origin.startswith(origin) for document in documents):
        raise AmbiguousNameError(f"Several files are called {name!r}; name one of: {', '.join(origins)}.")
    return documents
