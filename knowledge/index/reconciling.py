"""Proves that the index holds what the live versions say and nothing else, and puts right what does not.

None of this can happen while everything is written through `index.publishing`; it is looked for because databases are
restored, migrated and edited by hand.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from foundation import locks
from knowledge.index import document_rows, model_change
from knowledge.models import Chunk, ChunkVector, Document, DocumentState, DocumentVersion
from knowledge.originals.repositories import clones
from llm.models import Deployment, ServingRole

INTERRUPTED_AFTER = timedelta(days=1)  # no document takes that long to be indexed

logger = logging.getLogger(__name__)

# Documents whose passages are being replaced right now are of one version only inside their transaction.
_SUPERSEDED = """
SELECT c.id FROM knowledge_chunk c JOIN knowledge_document d ON d.id = c.document_id
 WHERE d.live_version_id IS DISTINCT FROM c.version_id OR d.collection_id <> c.collection_id
"""
_STRAY_VECTORS = """
DELETE FROM knowledge_chunkvector v
 USING (SELECT v.id FROM knowledge_chunkvector v LEFT JOIN knowledge_chunk c ON c.id = v.chunk_id
         WHERE c.id IS NULL OR c.collection_id <> v.collection_id) AS stray
 WHERE v.id = stray.id
"""
_COUNTED = """
SELECT collection_id, count(*) AS chunk_count, sum(parley_length(terms)) AS total_length
  FROM knowledge_chunk GROUP BY collection_id
"""
_WRONG_LENGTHS = f"""
UPDATE knowledge_collectionstatistics s
   SET chunk_count = coalesce(c.chunk_count, 0), total_length = coalesce(c.total_length, 0)
  FROM knowledge_collectionstatistics k LEFT JOIN ({_COUNTED}) AS c USING (collection_id)
 WHERE s.collection_id = k.collection_id
   AND (s.chunk_count, s.total_length) IS DISTINCT FROM (coalesce(c.chunk_count, 0), coalesce(c.total_length, 0))
"""  # noqa: S608  our own words
_WRONG_LANGUAGES = """
WITH counted AS MATERIALIZED (
       SELECT collection_id, language, count(*) AS chunk_count FROM knowledge_chunk GROUP BY collection_id, language),
     gone AS (DELETE FROM knowledge_languagestatistics s WHERE NOT EXISTS (
                SELECT FROM counted c WHERE c.collection_id = s.collection_id AND c.language = s.language) RETURNING 1),
     changed AS (INSERT INTO knowledge_languagestatistics AS s (collection_id, language, chunk_count)
                 SELECT c.collection_id, c.language, c.chunk_count FROM counted c
                 LEFT JOIN knowledge_languagestatistics k USING (collection_id, language)
                  WHERE k.chunk_count IS DISTINCT FROM c.chunk_count
                     ON CONFLICT (collection_id, language) DO UPDATE SET chunk_count = excluded.chunk_count RETURNING 1)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)
"""
_TERMS = """
SELECT collection_id, term, min(lexeme) AS lexeme, count(*) AS chunk_count
  FROM (SELECT id, collection_id, min(lexeme) AS lexeme, parley_term_hash(lexeme) AS term
          FROM knowledge_chunk, unnest(terms) GROUP BY id, collection_id, parley_term_hash(lexeme)) AS held
 GROUP BY collection_id, term
"""
_WRONG_TERMS = f"""
WITH counted AS MATERIALIZED ({_TERMS}),
     gone AS (DELETE FROM knowledge_termstatistics s WHERE NOT EXISTS (
                SELECT FROM counted c WHERE c.collection_id = s.collection_id AND c.term = s.term) RETURNING 1),
     changed AS (INSERT INTO knowledge_termstatistics AS s (collection_id, term, lexeme, chunk_count)
                 SELECT c.collection_id, c.term, c.lexeme, c.chunk_count FROM counted c
                 LEFT JOIN knowledge_termstatistics k USING (collection_id, term)
                  WHERE k.chunk_count IS DISTINCT FROM c.chunk_count
                     ON CONFLICT (collection_id, term) DO UPDATE SET chunk_count = excluded.chunk_count RETURNING 1)
SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM changed)
"""  # noqa: S608  our own words


@dataclass(frozen=True)
class Repair:
    """Something that should not be: how often it was, before it was put right. `is_left`: somebody has to act."""

    name: str
    count: int
    is_left: bool = False


INTERRUPTED = "documents whose indexing was interrupted"
LACKING = "documents that lack passages or vectors"
TO_BE_READ_AGAIN = (INTERRUPTED, LACKING)


def reconcile() -> list[Repair]:
    """Look for all that may be wrong, put it right, and say how much there was; each in a transaction of its own."""
    checks: dict[str, Callable[[], int]] = {
        "passages of superseded versions": _superseded,
        "vectors without a passage": lambda: _executed(_STRAY_VECTORS),
        "collections counted wrongly": lambda: _executed(_WRONG_LENGTHS),
        "languages counted wrongly": lambda: _counted(_WRONG_LANGUAGES),
        "terms counted wrongly": lambda: _counted(_WRONG_TERMS),
        INTERRUPTED: _interrupted,
        LACKING: _lacking,
    }
    findings = []
    for name, check in checks.items():
        with transaction.atomic():
            _wait_for_writers()
            findings.append(Repair(name, check(), is_left=name in TO_BE_READ_AGAIN))
    findings.append(Repair("vectors of models that are used no more", model_change.forget_spaces()))
    findings.append(Repair("leftovers of interrupted downloads", clones.forget_drafts(INTERRUPTED_AFTER)))
    for finding in findings:
        if finding.count:
            ending = "they have to be ingested again" if finding.is_left else "they were put right"
            logger.warning("Reconciling found %d %s; %s.", finding.count, finding.name, ending)
    return findings


def _wait_for_writers() -> None:
    """Let no writer of statistics be half-way; the triggers of sql/statistics.sql take the same lock."""
    locks.hold("parley statistics")


def _superseded() -> int:
    with connection.cursor() as cursor:
        cursor.execute(_SUPERSEDED)
        ids = [row[0] for row in cursor.fetchall()]
    Chunk.objects.filter(pk__in=ids).delete()
    return len(ids)


def _executed(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        count: int = cursor.rowcount
        return count


def _interrupted() -> int:
    """Documents that were begun and never ended, such as by hand in a process that was killed."""
    begun = Document.objects.filter(state=DocumentState.PENDING, updated_at__lt=timezone.now() - INTERRUPTED_AFTER)
    return document_rows.fail_all(begun, "Indexing it was interrupted; ingest it again.")


def _lacking() -> int:
    """Documents that are said to be indexed and lack passages or vectors; the same bytes are then read anew."""
    live = Deployment.objects.newest_of(ServingRole.EMBED)
    vector = ChunkVector.objects.filter(chunk=OuterRef("pk"), space=live.vector_space if live else "")
    bare = Chunk.objects.filter(~Exists(vector), document=OuterRef("pk"))
    has = Chunk.objects.filter(version=OuterRef("live_version")).order_by().values("version").annotate(n=Count("pk"))
    counted = Document.objects.filter(state=DocumentState.INDEXED).annotate(has=Coalesce(Subquery(has.values("n")), 0))
    lacking = counted.filter(Q(live_version=None) | ~Q(live_version__chunk_count=F("has")) | Exists(bare))
    ids = list(lacking.select_for_update(skip_locked=True, of=("self",)).values_list("pk", flat=True))
    DocumentVersion.objects.filter(document__in=ids).update(fingerprint="")
    found = Document.objects.filter(pk__in=ids)
    return document_rows.fail_all(found, "Passages or vectors of it are missing; ingest it again.")


def _counted(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        count: int = cursor.fetchone()[0]
        return count
