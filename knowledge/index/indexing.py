"""Documents in: read, parse, split, embed, and make the new version live in one transaction.

The row is the state. Whatever is interrupted is simply run again: nothing is half there, and what is unchanged costs
neither parsing nor embedding.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Literal

from knowledge.embedders import embedding
from knowledge.embedders.base import PassageVectors
from knowledge.index import chunk_rows, document_rows, passage_links, publishing
from knowledge.index.document_rows import MAX_NAME, KnownDocument
from knowledge.index.fingerprints import fingerprint
from knowledge.index.publishing import OtherModelError, RemovedError
from knowledge.index.vector_indexes import VectorSpaceError
from knowledge.models import Collection, Document, DocumentState, DocumentVersion, Source
from knowledge.originals.base import (
    NO_VALIDATORS,
    Content,
    MissingError,
    Original,
    OriginalError,
    UnmodifiedError,
    readable,
)
from knowledge.parsers.base import ParseError
from knowledge.parsers.jail import Jail, Reading
from knowledge.passages import chunking, languages
from knowledge.passages.chunking import ChunkText
from llm import client
from llm.completion import ProviderError
from llm.models import Deployment, ServingRole

LOOKED_UP = 50  # originals whose documents are looked up together

State = Literal["indexed", "unchanged", "failed"]


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
            documents = document_rows.known(collection, some)
            for original in some:
                started = time.perf_counter()
                outcome = run.add(original, documents.get(original.origin))
                yield replace(outcome, seconds=round(time.perf_counter() - started, 3))


@dataclass(frozen=True)
class _Run:
    """The way of a document into the index, and what is the same for every document of a call to `add`."""

    collection: Collection
    source: Source | None
    trace_id: str
    jail: Jail

    def add(self, original: Original, known: KnownDocument | None) -> Indexed:
        if max(len(original.origin), len(original.path)) > MAX_NAME:
            return _failed(original, ValueError(f"The name is longer than {MAX_NAME:,} characters."))
        try:
            content = original.read(known.validators() if known else NO_VALIDATORS)
        except UnmodifiedError:
            return _unchanged(self._document(original, known), original)
        except MissingError as error:
            return _failed(original, error, known.row if known else None)
        except OriginalError as error:
            return _written_off(self._document(original, known), original, error)
        document = self._document(original, known)
        if known and known.is_live(fingerprint(content)):
            return _unchanged(document, original, content)
        return self._indexed(document, original, content, has_vectors=known is not None and known.has_vectors)

    def _document(self, original: Original, known: KnownDocument | None) -> Document:
        document = known.row if known else document_rows.of(original, self.collection, self.source)
        if self.source is not None and document.source_id is None:
            document_rows.write(document, source=self.source)
        return document

    def _indexed(self, document: Document, original: Original, content: Content, *, has_vectors: bool) -> Indexed:
        live = document.live_version if has_vectors else None
        try:
            reading = self.jail.parse(content.name, content.data, _title(original.path))
            said = document_rows.stated(original, content)
            passages = _passages(reading, url=said["url"], path=original.path)
            if live is not None and document.title == reading.title and _says_the_same(live, passages):
                _mark_known(live, content)
                return _unchanged(document, original, content)
            said |= {"title": reading.title, "path": original.path, "state": DocumentState.INDEXED, "reason": ""}
            version = self._published(_version(document, content, reading, passages), passages, said)
        except (ParseError, ProviderError, VectorSpaceError) as error:
            return _written_off(document, original, error)
        except RemovedError as error:
            return _failed(original, error)
        return Indexed(original.path, "indexed", None, version.chunk_count, 0, document, version.number)

    def _published(
        self, version: DocumentVersion, passages: Sequence[ChunkText], said: dict[str, str]
    ) -> DocumentVersion:
        """Embed outside of any transaction, once more where another model went live meanwhile, and publish."""
        while True:
            deployment = Deployment.objects.live(ServingRole.EMBED)
            vectors = _vectors(passages, deployment, self.trace_id or client.new_trace_id())
            with suppress(OtherModelError):
                return publishing.publish(version, passages, vectors, space=deployment.vector_space, said=said)


def _failed(original: Original, error: Exception, document: Document | None = None) -> Indexed:
    live = document.live_version if document else None
    reason = readable(" ".join(str(error).split()))
    return Indexed(original.path, "failed", reason, live.chunk_count if live else 0, 0, document, error=error)


def _written_off(document: Document, original: Original, error: Exception) -> Indexed:
    """As `_failed`, and the row says so."""
    outcome = _failed(original, error, document)
    document_rows.fail(document, original.path, outcome.reason or "")
    return outcome


def _unchanged(document: Document, original: Original, content: Content | None = None) -> Indexed:
    """Note that the live version is what the original says, after a failure or under another path too."""
    live = document.live_version
    said = {"state": DocumentState.INDEXED, "reason": "", "path": original.path}
    if content is not None:
        said |= document_rows.stated(original, content)
    if any(getattr(document, name) != value for name, value in said.items()):
        document_rows.write(document, **said)
    number, chunks = (live.number, live.chunk_count) if live else (0, 0)
    return Indexed(original.path, "unchanged", None, chunks, 0, document, number)


def _passages(reading: Reading, *, url: str, path: str) -> list[ChunkText]:
    """The passages of the document at `url`, or else at `path`. Raises ParseError where there are none."""
    passages = [
        passage_links.resolved(passage, url=url, path=path)
        for passage in chunking.pack(reading.blocks, embedding.count_tokens)
    ]
    if not passages:
        raise ParseError("The file has no text.")
    return passages


def _says_the_same(live: DocumentVersion, passages: Sequence[ChunkText]) -> bool:
    before = live.chunks.order_by("ordinal").values_list("content_hash", "sentence_spans", "links")
    now = [
        (chunk_rows.content_hash(each), [offset for span in each.sentence_spans for offset in span], list(each.links))
        for each in passages
    ]
    return list(before) == now


def _mark_known(live: DocumentVersion, content: Content) -> None:
    """The live version is made of these bytes, too, as that of many pages is of other bytes each day."""
    live.fingerprint, live.byte_count = fingerprint(content), len(content.data)
    live.save(update_fields=["fingerprint", "byte_count"])


def _version(document: Document, content: Content, reading: Reading, passages: Sequence[ChunkText]) -> DocumentVersion:
    """The next version of a document before it is a row; publishing numbers it."""
    return DocumentVersion(
        document=document,
        fingerprint=fingerprint(content),
        byte_count=len(content.data),
        chunk_count=len(passages),
        language=languages.configuration("\n\n".join(passage.text for passage in passages)),
        modified_at=content.modified_at,
        warning=reading.warning[:500],
    )


def _vectors(passages: Sequence[ChunkText], deployment: Deployment, trace_id: str) -> list[PassageVectors]:
    """The vectors of passages, in order; those that any document has already are not embedded again."""
    space = deployment.vector_space
    hashes = [chunk_rows.content_hash(passage) for passage in passages]
    known = chunk_rows.known_vectors(hashes, space=space)
    missing = {key: passage for key, passage in zip(hashes, passages, strict=True) if key not in known}
    embedded = embedding.embed_passages(
        [chunk_rows.embedded(each.heading, each.text, each.sentence_spans) for each in missing.values()],
        trace_id=trace_id,
        deployment=deployment,
    )
    known |= zip(missing, embedded, strict=True)
    return [known[key] for key in hashes]


def _title(path: str) -> str:
    """What to call a document that does not say: its file name in words."""
    name = PurePosixPath(path.rstrip("/")).stem.replace("-", " ").replace("_", " ").strip()
    return (name[:1].upper() + name[1:])[:500] or "Untitled"
