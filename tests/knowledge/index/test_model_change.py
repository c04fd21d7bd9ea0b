"""Another embedding model: its index is built beside the live one, then both are swapped; the answers go on."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django.fixtures import Settings

from config import setup
from foundation import leases
from knowledge import tasks
from knowledge.index import model_change, publishing, vector_indexes
from knowledge.index.model_change import BuildError, run
from knowledge.models import BuildState, Chunk, ChunkVector, Collection, Document, IndexBuild
from knowledge.retrieval.search import retrieve
from llm.models import Deployment, ServingRole, UsageRecord
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_collection, make_deployment, make_endpoint, make_file, make_indexed

pytestmark = pytest.mark.django_db(transaction=True)

OLD, NEW = "local/all-MiniLM-L6-v2/384", "openai/text-embedding-3-small/32"


@pytest.fixture
def shelf(tmp_path: Path, fake_providers: FakeProviders, transactional_db: None) -> Collection:
    make_deployment()
    shelf = make_collection()
    make_indexed(shelf, *(make_file(tmp_path, f"{n}.md", f"# Topic {n}\n\nRefund {n} takes days.") for n in range(7)))
    return shelf


def request() -> IndexBuild:
    return model_change.request(make_endpoint("openai"), "text-embedding-3-small", 32)


def finished(build: IndexBuild) -> IndexBuild:
    done = run(build.pk)
    assert done is not None
    return done


def live() -> str:
    return Deployment.objects.live(ServingRole.EMBED).vector_space


def vectors(space: str) -> int:
    return ChunkVector.objects.filter(space=space).count()


def requested_texts(fake: FakeProviders) -> list[str]:
    return [text for request in fake.requests for text in request.body["input"]]


def has_index(space: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [vector_indexes.index_name(space)])
        found: bool = cursor.fetchone()[0]
        return found


def test_the_new_index_is_filled_and_then_live(shelf: Collection) -> None:
    build = request()
    assert (live(), build.state) == (OLD, BuildState.WAITING)
    build = finished(build)
    assert (live(), build.state, build.chunks_done, build.chunks_total) == (NEW, BuildState.LIVE, 7, 7)
    assert vectors(NEW) == vectors(OLD) == 7
    assert has_index(NEW)
    assert not ChunkVector.objects.exclude(collection=F("chunk__collection")).exists()
    assert len(retrieve("Refund 3", collections=[shelf.pk]).hits) == 6
    assert {record.model for record in UsageRecord.objects.of_trace(build.trace_id)} == {"text-embedding-3-small"}


def test_questions_find_the_same_before_while_and_after(shelf: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_change, "BATCH", 2)
    found = []

    def ask(_build: IndexBuild) -> None:
        found.append({hit.text for hit in retrieve("Refund 3 takes days", collections=[shelf.pk], k=7).hits})

    run(request().pk, on_progress=ask)
    ask(IndexBuild.objects.get())
    assert len(found) >= 5
    assert all(len(texts) == 7 for texts in found)


def test_a_slice_ends_in_time_and_the_next_goes_on(shelf: Collection, fake_providers: FakeProviders,
                                                   monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    monkeypatch.setattr(model_change, "BATCH", 2)
    build = request()
    for _ in range(leases.MOST_ATTEMPTS + 1):
        done = run(build.pk, seconds=0)
        assert done is not None
        assert (done.state, done.attempts, live()) == (BuildState.WAITING, 0, OLD)
    assert finished(build).state == BuildState.LIVE
    texts = requested_texts(fake_providers)
    assert len(texts) == len(set(texts)) == 7


def test_what_is_indexed_meanwhile_is_caught_up_with(shelf: Collection, tmp_path: Path) -> None:
    late = iter([make_file(tmp_path, f"late{n}.md", f"# Late {n}\n\nLate words {n}.") for n in range(2)])

    def index_another(_build: IndexBuild) -> None:
        for original in [next(late, None)]:
            if original:
                make_indexed(shelf, original)

    build = run(request().pk, on_progress=index_another)
    assert build is not None
    assert (build.state, live()) == (BuildState.LIVE, NEW)
    assert vectors(NEW) == Chunk.objects.count() == 9


def test_a_document_embedded_before_the_swap_is_not_published_after_it_as_it_was(
    shelf: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = publishing.publish
    builds = [request()]

    def publish_late(*arguments: Any, **named: Any) -> object:
        while builds:
            run(builds.pop().pk)
        return publish(*arguments, **named)

    monkeypatch.setattr(publishing, "publish", publish_late)
    make_indexed(shelf, make_file(tmp_path, "late.md", "# Late\n\nEmbedded too early."))
    assert live() == NEW
    assert set(ChunkVector.objects.filter(chunk__document__path="late.md").values_list("space", flat=True)) == {NEW}


def test_publishing_waits_for_the_swap(shelf: Collection, tmp_path: Path) -> None:
    original = make_file(tmp_path, "late.md", "# Late\n\nOf another model.")

    def ingest() -> None:
        make_indexed(shelf, original)
        connection.close()

    with vector_indexes.publishing_stopped():
        thread = threading.Thread(target=ingest)
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive()
        assert Document.objects.filter(path="late.md", live_version=None).exists()
    thread.join(timeout=20)
    assert Document.objects.get(path="late.md").live_version is not None


def test_two_builds_at_a_time_are_refused_and_so_is_the_live_model(shelf: Collection) -> None:
    with pytest.raises(BuildError, match="live already"):
        model_change.request(make_endpoint(), "all-MiniLM-L6-v2", 384)
    request()
    with pytest.raises(BuildError, match=r"text-embedding-3-small is being built\..*--cancel"):
        model_change.request(make_endpoint("openai"), "text-embedding-3-large", 64)


@pytest.mark.parametrize(
    ("provider", "dimensions", "said"), [("nobody", 8, "No vendor named nobody embeds"), ("openai", 4001, "4000")]
)
def test_a_model_of_no_use_is_refused(shelf: Collection, provider: str, dimensions: int, said: str) -> None:
    with pytest.raises(BuildError, match=said):
        model_change.request(make_endpoint(provider), "m", dimensions)
    assert not IndexBuild.objects.exists()


def test_without_a_key_nothing_is_begun(shelf: Collection, settings: Settings) -> None:
    settings.OPENAI_API_KEY = ""
    with pytest.raises(BuildError, match="OPENAI_API_KEY is not set"):
        request()


def test_a_cancelled_build_stops_and_the_old_index_goes_on(shelf: Collection) -> None:
    build = run(request().pk, on_progress=lambda build: model_change.cancel(build.pk))
    assert build is not None
    assert (build.state, live()) == (BuildState.CANCELLED, OLD)
    assert not model_change.cancel(build.pk)


def test_a_failure_that_will_not_pass_ends_the_build(shelf: Collection, fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(401, "Incorrect API key provided."))
    build = finished(request())
    assert (build.state, live()) == (BuildState.FAILED, OLD)
    assert build.reason
    assert model_change.under_way() is None


def test_a_build_that_dies_five_times_is_given_up(shelf: Collection) -> None:
    build = request()
    for _ in range(leases.MOST_ATTEMPTS):
        assert leases.claim(IndexBuild, build.pk)
        IndexBuild.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run(build.pk) is None
    assert model_change.give_up() == 1
    build.refresh_from_db()
    assert (build.state, live()) == (BuildState.FAILED, OLD)
    assert "the model before it goes on" in build.reason


def test_going_back_soon_embeds_nothing_again(shelf: Collection) -> None:
    finished(request())
    model_change.forget_spaces()
    calls = UsageRecord.objects.count()
    assert finished(model_change.request(make_endpoint(), "all-MiniLM-L6-v2", 384)).state == BuildState.LIVE
    assert (live(), UsageRecord.objects.count()) == (OLD, calls)


def test_vectors_nobody_goes_back_to_are_forgotten(shelf: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    finished(request())
    assert model_change.forget_spaces() == 0
    assert has_index(OLD)
    monkeypatch.setattr(model_change, "GRACE", timedelta(0))
    assert model_change.forget_spaces() == 7
    assert (vectors(OLD), vectors(NEW), has_index(OLD), has_index(NEW)) == (0, 7, False, True)


def test_the_job_does_a_slice_and_the_tick_comes_back_to_what_waits(shelf: Collection) -> None:
    build = request()
    tasks.tick()
    queued = [entry.task for entry in OrmQ.objects.all()]
    assert [(task["func"], task["args"]) for task in queued] == [("knowledge.tasks.index_build", (build.pk,))]
    tasks.index_build(build.pk)
    tasks.index_build(build.pk)
    assert live() == NEW


def test_set_up_builds_an_index_where_there_are_passages(shelf: Collection, settings: Settings) -> None:
    settings.EMBED_MODEL = "openai:text-embedding-3-small"
    for _ in range(2):
        setup.deploy_models()
    build = IndexBuild.objects.get()
    assert (live(), build.state, build.dimensions) == (OLD, BuildState.WAITING, 1536)
    assert OrmQ.objects.count() == 1
    model_change.cancel(build.pk)
    Document.objects.all().delete()
    setup.deploy_models()
    assert live() == "openai/text-embedding-3-small/1536"
