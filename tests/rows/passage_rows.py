"""Rows to search in, made without a model: vectors are given or drawn from the words."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from knowledge.embedders.base import PassageVectors, Vector, unit
from knowledge.embedders.embedding import QuestionVector
from knowledge.index import chunk_rows
from knowledge.models import Collection, Document, DocumentVersion
from knowledge.passages import sentences
from knowledge.retrieval.search import search

SPACE = "test/words/32"
DIMENSIONS = 32


@dataclass(frozen=True)
class Passage:
    heading: str
    text: str
    token_count: int
    sentence_spans: Sequence[tuple[int, int]]
    links: Sequence[str] = ()


def words_vector(text: str, dimensions: int = DIMENSIONS) -> Vector:
    """Texts that share words point the same way."""
    counts = np.zeros(dimensions, dtype=np.float32)
    for word in text.lower().split():
        counts[sum(word.encode()) % dimensions] += 1
    return unit(counts)


def make_chunks(
    collection: Collection,
    *texts: str,
    title: str = "Guide",
    links: Sequence[str] = (),
    space: str = SPACE,
    dimensions: int = DIMENSIONS,
) -> list[int]:
    """A new document with one chunk per text, each with those links; returns the ids of the chunks."""
    name = uuid.uuid4().hex
    document = Document.objects.create(collection=collection, origin=f"/{name}", path=f"{name}.md", title=title)
    version = DocumentVersion.objects.create(
        document=document, number=1, fingerprint="-", byte_count=1, chunk_count=len(texts)
    )
    passages = [Passage(title, text, len(text.split()), sentences.split(text), links) for text in texts]
    vectors = [
        PassageVectors(
            words_vector(p.text, dimensions),
            np.array([words_vector(p.text[s:e], dimensions) for s, e in p.sentence_spans]),
        )
        for p in passages
    ]
    return chunk_rows.insert(version, passages, vectors, space=space)


def found(question: str, *collections: Collection, k: int = 6, space: str = SPACE) -> list[str]:
    """The texts that a search by the SQL functions finds, best first."""
    asked = QuestionVector(space, words_vector(question))
    return [row["text"] for row in search(question, asked, collections=[c.pk for c in collections], k=k)]
