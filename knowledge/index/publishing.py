"""The one transaction that makes a version live."""

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction

from knowledge.embedders.base import PassageVectors
from knowledge.index import chunk_rows, document_rows, vector_indexes
from knowledge.models import Document, DocumentVersion
from knowledge.passages.chunking import ChunkText
from llm.models import Deployment, ServingRole


class RemovedError(Exception):
    """The document was removed while it was being read."""


class OtherModelError(Exception):
    """Another embedding model went live while the passages were being embedded."""


@transaction.atomic
def publish(
    version: DocumentVersion,
    passages: Sequence[ChunkText],
    vectors: Sequence[PassageVectors],
    *,
    space: str,
    said: Mapping[str, Any],
) -> DocumentVersion:
    """Readers see the passages of the old version until this commits, and those of the new one from then on.

    `said` goes into the document's row with it. Raises RemovedError, OtherModelError, VectorSpaceError.
    """
    document = version.document
    vector_indexes.share_space()
    if Deployment.objects.live(ServingRole.EMBED).vector_space != space:
        raise OtherModelError
    if not Document.objects.select_for_update().filter(pk=document.pk).exists():
        raise RemovedError("The document was removed while it was being read.")
    newest = document.versions.order_by("-number").first()
    version.number = newest.number + 1 if newest else 1
    before = Counter[uuid.UUID](document.chunks.values_list("content_hash", flat=True))
    after = Counter(chunk_rows.content_hash(passage) for passage in passages)
    version.added_chunks, version.removed_chunks = (after - before).total(), (before - after).total()
    version.save()
    document.chunks.all().delete()
    document_rows.write(document, live_version=version, **said)
    chunk_rows.insert(version, passages, vectors, space=space)
    return version
