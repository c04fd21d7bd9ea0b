"""The one door to passages. Nothing else reads them for an answer."""

import logging
import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from django.db import connections

from knowledge.embedders.embedding import QuestionVector, embed_question
from knowledge.index.chunk_rows import literal
from knowledge.models import Chunk
from knowledge.retrieval import answerable, replicas
from llm import client

logger = logging.getLogger(__name__)

# What a question may add to a search; what lies beyond is a pasted log, not a question.
QUESTION_CHARACTERS = 2000
# How many postings the words of a question may gather, rarest words first: 98.6 % of the exact top ten at a tenth of
# the time, at 60,000 chunks.
POSTINGS = 1500
SPARE = 4  # rows beyond those wanted, for passages that say the same as a better one
# A second round searches for the terms that the first passages do not hold where these weigh as much of the question,
# by idf, and exchanges one in so many of the passages, the last ones, for what it finds: the share of what belongs to a
# question among its six grew by .004 to .007 on sets where it is spread, and stayed where it was in one place.
UNCOVERED = 0.3
EXCHANGED = 3
SAME = 0.9  # the share of their words that two passages have in common and then count as one

_COLUMNS = (
    "chunk_id",
    "document_id",
    "collection_id",
    "path",
    "url",
    "title",
    "heading",
    "text",
    "ordinal",
    "score",
)
_SCORES = ("bm25", "cosine", "coverage", "phrase", "sentence", "neighbour", "link")


@dataclass(frozen=True)
class RetrievedSentence:
    """[start, end) in the text of its hit. `similarity` is its cosine to the question."""

    start: int
    end: int
    similarity: float


@dataclass(frozen=True)
class Hit:
    """A chunk with its scores. `score` orders the hits of one question and means nothing across questions."""

    chunk_id: int
    document_id: int
    collection_id: int
    path: str
    url: str
    title: str
    heading: str
    text: str
    ordinal: int
    score: float
    scores: dict[str, float]
    sentences: tuple[RetrievedSentence, ...]


@dataclass(frozen=True)
class Retrieval:
    """Hits, best first. `answerable` (0 to 1) estimates that they hold the answer; times are in milliseconds.

    `corrections`: words of the question that the documents do not hold, and which they were taken for; both as stems.
    `uncovered`: terms that the first passages did not hold, for which others were searched.
    """

    hits: tuple[Hit, ...]
    answerable: float
    stages_ms: dict[str, float]
    corrections: dict[str, str] = field(default_factory=dict)
    uncovered: tuple[str, ...] = ()


def retrieve(
    question: str,
    *,
    collections: Iterable[int],
    k: int = 6,
    trace_id: str | None = None,
    deadline: float = math.inf,
) -> Retrieval:
    """The `k` passages of `collections` that fit the question best. No collections, no hits.

    Raises ProviderError when the question cannot be embedded. Reads with the rights of the role parley_reader under
    row-level security, in one statement; see docs/retrieval.md.
    """
    asked = clean(question)
    visible = sorted(set(collections))
    if not asked or not visible or k < 1:
        return Retrieval(hits=(), answerable=0.0, stages_ms={"embed": 0.0, "search": 0.0})
    started = time.perf_counter()
    vector = embed_question(asked, trace_id=trace_id or client.new_trace_id(), deadline=deadline)
    embedded = time.perf_counter()
    rows = distinct(search(asked, vector, collections=visible, k=k + SPARE), k)
    wanted = uncovered(rows)
    found = second_round(rows, wanted, vector, collections=visible)
    return Retrieval(
        hits=tuple(_hit(row) for row in found),
        answerable=answerable.estimate(rows),
        stages_ms={"embed": (embedded - started) * 1000, "search": (time.perf_counter() - embedded) * 1000},
        corrections=dict(pair.split("=", 1) for pair in (rows[0]["corrections"] or ())) if rows else {},
        uncovered=wanted,
    )


def uncovered(rows: Sequence[dict[str, Any]]) -> tuple[str, ...]:
    """The terms that other passages hold and none of `rows`, where they are much of the question; else none."""
    if not rows:
        return ()
    held = [any(matched) for matched in zip(*(row["matched"] for row in rows), strict=True)]
    weighed = list(zip(rows[0]["words"], rows[0]["idf"], held, strict=True))
    missing = {word: idf for word, idf, is_held in weighed if word is not None and not is_held}
    is_much = sum(missing.values()) > UNCOVERED * sum(idf for _, idf, _ in weighed)
    return tuple(missing) if is_much else ()


def second_round(
    rows: list[dict[str, Any]], wanted: Sequence[str], asked: QuestionVector, *, collections: Sequence[int]
) -> list[dict[str, Any]]:
    """`rows` with some of the last exchanged for the best passages that hold a term of `wanted`, if there are any."""
    places = len(rows) // EXCHANGED
    if not wanted or not places:
        return rows
    known = {row["chunk_id"] for row in rows}
    found = search(" ".join(wanted), asked, collections=collections, k=len(rows))
    fresh = [row for row in found if row["chunk_id"] not in known and any(row["matched"])]
    more = distinct(fresh, places)
    kept = rows[: len(rows) - len(more)]
    # Scores of another search mean nothing here; they only may not break the order.
    return kept + [row | {"score": min(row["score"], kept[-1]["score"])} for row in more]


def clean(question: str) -> str:
    """The part of a question that is searched for: no NUL and no half characters, which PostgreSQL refuses."""
    return question[:QUESTION_CHARACTERS].replace("\0", " ").encode(errors="ignore").decode().strip()


def search(
    question: str, asked: QuestionVector, *, collections: Sequence[int], k: int = 6, budget: int | None = POSTINGS
) -> list[dict[str, Any]]:
    """The rows of the SQL function parley_search, best first: one round trip to a database.

    That is a replica where there are any, else the primary, which also answers for a replica that fails. Without a
    `budget` every passage is looked at, which takes as long as it takes.
    """
    parameters = [question, literal(asked.vector), asked.space, list(collections), k, budget]
    for name in replicas.readers():
        try:
            rows = _rows(name, parameters)
        except replicas.FAILURES:
            if name == replicas.PRIMARY:
                raise
            logger.warning("The replica %s failed; others answer in its place.", name)
            replicas.skip(name)
        else:
            return rows if name == replicas.PRIMARY else _that_are_still_there(rows)
    return []


def _rows(name: str, parameters: list[Any]) -> list[dict[str, Any]]:
    with connections[name].cursor() as cursor:
        cursor.execute("SELECT * FROM parley_search(%s, %s::halfvec, %s, %s::bigint[], %s, %s)", parameters)
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _that_are_still_there(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a replica but for passages that the primary has removed: what is removed is gone at once."""
    there = Chunk.objects.filter(pk__in=[row["chunk_id"] for row in rows]).values_list("pk", "collection_id")
    known = set(there)
    return [row for row in rows if (row["chunk_id"], row["collection_id"]) in known]


def distinct(rows: Sequence[dict[str, Any]], k: int) -> list[dict[str, Any]]:
    """The `k` best rows that do not say nearly the same as a better one."""
    kept: list[dict[str, Any]] = []
    said: list[set[str]] = []
    for row in rows:
        words = set(row["text"].casefold().split())
        if not any(_is_the_same(words, other) for other in said):
            kept.append(row)
            said.append(words)
        if len(kept) == k:
            break
    return kept


def _is_the_same(words: set[str], other: set[str]) -> bool:
    return len(words & other) >= SAME * len(words | other)


def _hit(row: dict[str, Any]) -> Hit:
    spans = zip(row["spans"][::2], row["spans"][1::2], strict=True)
    return Hit(
        **{field: row[field] for field in _COLUMNS},
        scores={name: row[name] for name in _SCORES},
        sentences=tuple(
            RetrievedSentence(start, end, similarity)
            for (start, end), similarity in zip(spans, row["similarities"] or repeat(row["cosine"]), strict=False)
        ),
    )
