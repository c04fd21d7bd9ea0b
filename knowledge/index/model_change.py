"""Changing the embedding model: its index is filled beside the live one, then the two are swapped in one transaction.

Questions are embedded by the live model and searched in its space, before the swap as after it, so none ever meets
vectors of two models. Indexing writes the live space only; a build catches up with it. The row is the state: whatever
ends a build half-way, the next attempt embeds what has no vector yet, and nothing else.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.utils import timezone

from foundation import leases
from knowledge.embedders import embedding
from knowledge.embedders.base import Embedder, PassageVectors
from knowledge.embedders.embedding import embedder_for
from knowledge.index import chunk_rows, vector_indexes
from knowledge.models import BuildState, Chunk, ChunkVector, IndexBuild
from llm import client
from llm.completion import ProviderError, Usage
from llm.models import Deployment, Endpoint, ServingRole
from llm.spending import pricing

# Lengths of the vectors of the embedding models we know; of any other an admin tells it.
DIMENSIONS = {"all-MiniLM-L6-v2": 384, "text-embedding-3-small": 1536, "text-embedding-3-large": 3072}
UNDER_WAY = (BuildState.WAITING, BuildState.RUNNING)
SLICE_SECONDS = 300.0  # of a job, which then queues itself again, so that others get their turn
BATCH = 128  # passages embedded and written together
FEW = 64  # passages that publishing may wait for while they are embedded
MOST_PASSES = 20  # then the rest is embedded while publishing waits, however much it is
GRACE = timedelta(days=1)  # in which going back costs nothing

# A passage that is being deleted is left out in place of waited for; the foreign key is checked on a locked row.
_INSERT = """
INSERT INTO knowledge_chunkvector (chunk_id, collection_id, space, embedding, sentence_embeddings)
SELECT c.id, c.collection_id, %(space)s, p.vector::halfvec, p.sentence_vectors::halfvec[]
  FROM unnest(%(ids)s::bigint[], %(vectors)s::text[], %(sentence_vectors)s::text[]) AS p (id, vector, sentence_vectors)
  JOIN knowledge_chunk c USING (id) ORDER BY c.id FOR KEY SHARE OF c SKIP LOCKED
    ON CONFLICT (chunk_id, space) DO NOTHING
"""

OnProgress = Callable[[IndexBuild], object]


class BuildError(ValueError):
    """The model cannot be changed now; the message says why."""


@dataclass(frozen=True)
class Estimate:
    """What a build has before it. `cost` is USD, None when the price of the model is not known."""

    chunks: int
    tokens: int
    cost: Decimal | None


def deployment_of(endpoint: Endpoint, model: str, dimensions: int) -> Deployment:
    """A deployment that is not live, nor a row: what the build makes live in the end."""
    return Deployment(role=ServingRole.EMBED, endpoint=endpoint, model=model, dimensions=dimensions)


def target(build: IndexBuild) -> Deployment:
    return deployment_of(build.endpoint, build.model, build.dimensions)


def under_way() -> IndexBuild | None:
    return IndexBuild.objects.select_related("endpoint").filter(state__in=UNDER_WAY).first()


def under_way_of(wanted: Deployment) -> IndexBuild | None:
    """The build that is under way, if it is one of that model."""
    build = under_way()
    return build if build and target(build).vector_space == wanted.vector_space else None


def estimate(wanted: Deployment) -> Estimate:
    """Of the passages that have no vector of that model yet; one that takes sentences one by one reads all twice."""
    missing = _missing(wanted.vector_space)
    different = missing.values("content_hash", "token_count").distinct()
    tokens = different.aggregate(sum=Sum("token_count", default=0))["sum"]
    tokens *= 1 if _embedder(wanted).pools_sentences else 2
    cost = pricing.cost(wanted.endpoint.provider, wanted.model, Usage(tokens, 0, 0), timezone.now())
    return Estimate(missing.count(), tokens, cost)


def check(wanted: Deployment) -> None:
    """Raises BuildError when the model can be seen to be of no use: no such provider, no key, vectors too long."""
    if wanted.dimensions is None or not 0 < wanted.dimensions <= vector_indexes.HALFVEC_LIMIT:
        raise BuildError(f"Vectors have between 1 and {vector_indexes.HALFVEC_LIMIT} numbers, not {wanted.dimensions}.")
    _embedder(wanted)


def _embedder(wanted: Deployment) -> Embedder:
    try:
        return embedder_for(wanted)
    except ProviderError as error:
        raise BuildError(str(error)) from error


def request(endpoint: Endpoint, model: str, dimensions: int) -> IndexBuild:
    """A build that waits to be run. Raises BuildError when the model is live or of no use, or a build is under way."""
    wanted = deployment_of(endpoint, model, dimensions)
    check(wanted)
    if Deployment.objects.live(ServingRole.EMBED).vector_space == wanted.vector_space:
        raise BuildError(f"{wanted} with {dimensions} dimensions is live already.")
    try:
        with transaction.atomic():
            return IndexBuild.objects.create(
                endpoint=endpoint, model=model, dimensions=dimensions, trace_id=client.new_trace_id()
            )
    except IntegrityError as error:
        other = under_way()
        name = str(target(other)) if other else "another model"
        raise BuildError(
            f"The index of {name} is being built. Wait for it, or cancel it with: manage.py embedding --cancel"
        ) from error


def cancel(build_id: int) -> bool:
    """End a build that waits or runs; the live model goes on. False when it was over already."""
    return bool(
        IndexBuild.objects.filter(pk=build_id, state__in=UNDER_WAY).update(
            state=BuildState.CANCELLED, lease_until=None, finished_at=timezone.now()
        )
    )


def give_up() -> int:
    """End the builds that were tried as often as may be and never finished; returns how many."""
    return leases.abandoned(IndexBuild).filter(attempts__gte=leases.MOST_ATTEMPTS).update(
        state=BuildState.FAILED,
        reason=f"The build was stopped {leases.MOST_ATTEMPTS} times before it was done; the model before it goes on.",
        finished_at=timezone.now(),
    )  # fmt: skip


def run(
    build_id: int, *, seconds: float = math.inf, on_progress: OnProgress = lambda _build: None
) -> IndexBuild | None:
    """Work on a build for `seconds`, then let it wait for the next slice; None when there is nothing to do.

    May be called again and again. A failure that may pass leaves it waiting with a reason, one that will not ends it.
    """
    build = leases.claim(IndexBuild, build_id)
    if build is None:
        return None
    with leases.renewed(build), leases.freed_on_error(build):
        try:
            is_live = _Work(build, time.monotonic() + seconds, on_progress).do()
        except leases.LeaseLostError:
            pass
        except (ProviderError, vector_indexes.VectorSpaceError) as error:
            _fail(build, error)
        else:
            if not is_live:  # what was done counts: attempts are those that came to nothing
                build.give_back(attempts=0, reason="")
    build.refresh_from_db()
    return build


def _fail(build: IndexBuild, error: Exception) -> None:
    is_final = build.attempts >= leases.MOST_ATTEMPTS or getattr(error, "permanent", True)
    ended = {"state": BuildState.FAILED, "finished_at": timezone.now()} if is_final else {"state": BuildState.WAITING}
    build.mine().update(reason=" ".join(str(error).split())[:1000], lease_until=None, **ended)


def _missing(space: str) -> QuerySet[Chunk]:
    return Chunk.objects.filter(~Exists(ChunkVector.objects.filter(chunk=OuterRef("pk"), space=space)))


class _Work:
    """One slice of a build."""

    def __init__(self, build: IndexBuild, ends_at: float, on_progress: OnProgress) -> None:
        self.build = build
        self.wanted = target(build)
        self.space = self.wanted.vector_space
        self.ends_at = ends_at
        self.on_progress = on_progress

    def do(self) -> bool:
        """Embed what has no vector yet, then swap; False when time is over. Raises ProviderError, LeaseLostError."""
        vector_indexes.ensure_space_beside_writers(self.space, self.build.dimensions)
        total = Chunk.objects.count()
        self._note(total=total, done=max(0, total - _missing(self.space).count()))
        for _ in range(MOST_PASSES):
            found = self._catch_up()
            if time.monotonic() > self.ends_at:
                return False
            if found <= FEW:
                break
        with vector_indexes.publishing_stopped():
            for _ in range(MOST_PASSES):  # passages that others are deleting go in a moment
                if not self._catch_up(is_last=True):
                    break
                time.sleep(0.02)
            self._go_live()
        return True

    def _catch_up(self, *, is_last: bool = False) -> int:
        """One pass over the passages without a vector; returns how many it came upon."""
        found = last_id = 0
        while is_last or time.monotonic() <= self.ends_at:
            rows = list(_missing(self.space).filter(pk__gt=last_id).order_by("pk")[:BATCH])
            if not rows:
                break
            found, last_id = found + len(rows), rows[-1].pk
            written = _insert(rows, self._vectors(rows), self.space)
            self._note(done=self.build.chunks_done + written)
        return found

    def _vectors(self, rows: Sequence[Chunk]) -> list[PassageVectors]:
        """Passages that read the same are embedded once, over all batches."""
        known = chunk_rows.known_vectors({row.content_hash for row in rows}, space=self.space)
        fresh = {row.content_hash: row for row in rows if row.content_hash not in known}
        texts = [chunk_rows.embedded(row.heading, row.text, _pairs(row.sentence_spans)) for row in fresh.values()]
        embedded = embedding.embed_passages(texts, trace_id=self.build.trace_id, deployment=self.wanted)
        known |= zip(fresh, embedded, strict=True)
        return [known[row.content_hash] for row in rows]

    def _note(self, *, done: int, total: int | None = None) -> None:
        """Write the progress down. Raises LeaseLostError when the build is not ours any more."""
        build = self.build
        build.chunks_total = max(build.chunks_total if total is None else total, done)
        build.chunks_done = done
        if not build.mine().update(chunks_done=build.chunks_done, chunks_total=build.chunks_total):
            raise leases.LeaseLostError
        self.on_progress(build)

    @transaction.atomic
    def _go_live(self) -> None:
        self.wanted.reason = f"its index was built ({self.build.pk})"
        self.wanted.save()
        live = self.build.mine().update(
            state=BuildState.LIVE, reason="", lease_until=None, finished_at=timezone.now(),
            chunks_done=self.build.chunks_total,
        )  # fmt: skip
        if not live:
            raise leases.LeaseLostError


def deploy_at_once(wanted: Deployment) -> bool:
    """Make `wanted` live if no passage has to be embedded for it; False, and nothing changed, if one has."""
    with vector_indexes.publishing_stopped(), transaction.atomic():
        if _missing(wanted.vector_space).exists():
            return False
        wanted.save()
    return True


def _pairs(flat: Sequence[int]) -> list[tuple[int, int]]:
    return list(zip(flat[::2], flat[1::2], strict=True))


def _insert(rows: Sequence[Chunk], vectors: Sequence[PassageVectors], space: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _INSERT,
            {
                "space": space,
                "ids": [row.pk for row in rows],
                "vectors": [chunk_rows.literal(each.vector) for each in vectors],
                "sentence_vectors": [chunk_rows.literals(each.sentence_vectors) for each in vectors],
            },
        )
        count: int = cursor.rowcount
        return count


def forget_spaces() -> int:
    """Delete the vectors and indexes of models that were live, or built, longer than GRACE ago; returns the vectors."""
    kept = _kept_spaces()
    if not kept:
        return 0
    vector_indexes.drop_all_but(kept)
    return sum(_delete_vectors(first, kept) for first in _firsts())


def _kept_spaces() -> set[str]:
    """The live space, those in the making, and those that one may still go back to at no cost; none before set-up."""
    since = timezone.now() - GRACE
    history = list(Deployment.objects.filter(role=ServingRole.EMBED).select_related("endpoint").order_by("id"))
    replaced = zip(history, [*(each.created_at for each in history[1:]), None], strict=True)
    kept = {each.vector_space for each, until in replaced if until is None or until > since}
    builds = IndexBuild.objects.select_related("endpoint")
    kept |= {target(build).vector_space for build in builds.filter(state__in=UNDER_WAY)}
    return kept | {target(build).vector_space for build in builds.filter(finished_at__gt=since)} if history else set()


DELETED_TOGETHER = 10_000  # ids


def _firsts() -> range:
    with connection.cursor() as cursor:
        cursor.execute("SELECT coalesce(min(id), 1), coalesce(max(id), 0) FROM knowledge_chunkvector")
        first, last = cursor.fetchone()
    return range(first, last + 1, DELETED_TOGETHER)


def _delete_vectors(first: int, kept: set[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM knowledge_chunkvector WHERE id >= %s AND id < %s AND space <> ALL (%s)",
            [first, first + DELETED_TOGETHER, sorted(kept)],
        )
        count: int = cursor.rowcount
        return count
