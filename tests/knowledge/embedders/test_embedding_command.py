"""`manage.py embedding`: what is live, what a change would cost, and a build that is killed and run again."""

import json
import time
from datetime import timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from django_q.models import OrmQ

from knowledge.index import model_change
from knowledge.models import BuildState, Chunk, ChunkVector, IndexBuild
from llm.models import Deployment, ModelPrice, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.harness import processes
from tests.rows.make import make_collection, make_deployment, make_endpoint, make_file, make_indexed
from tests.rows.passage_rows import make_chunks

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "openai:text-embedding-3-small"


@pytest.fixture
def passages(tmp_path: Path, fake_providers: FakeProviders, transactional_db: None) -> int:
    make_deployment()
    text = "\n\n".join(f"## Part {n}\n\nWords of part {n} that fill a passage. " + f"w{n} " * 60 for n in range(60))
    make_indexed(make_collection(), make_file(tmp_path, "a.md", f"# Guide\n\n{text}"))
    return Chunk.objects.count()


def embedding(*arguments: str) -> tuple[dict[str, Any], str]:
    """What the command says as JSON, and what it says to a person."""
    out, err = StringIO(), StringIO()
    call_command("embedding", *arguments, "--json", stdout=out, stderr=err)
    return json.loads(out.getvalue()), err.getvalue()


def test_it_shows_what_is_live(passages: int) -> None:
    found, _ = embedding()
    assert found == {"live": {"model": "local:all-MiniLM-L6-v2", "dimensions": 384, "chunks": passages}, "builds": []}


def test_the_price_is_told_and_agreed_to_before_anything_is_sent(passages: int, fake_providers: FakeProviders) -> None:
    with pytest.raises(CommandError, match="add --yes"):
        embedding(MODEL)
    assert (IndexBuild.objects.count(), fake_providers.requests) == (0, [])
    _, said = embedding(MODEL, "--yes")
    assert f"{passages} passages to embed" in said
    assert "about $0.0" in said
    assert "make run" in said
    assert OrmQ.objects.count() == 1


def test_an_unknown_price_is_said_to_be_unknown(passages: int) -> None:
    _, said = embedding("openai:our-own", "--dimensions", "8", "--yes")
    assert "unpriced" in said


def test_the_estimate_counts_what_is_to_be_embedded_at_the_stated_price(passages: int) -> None:
    ModelPrice.objects.create(
        provider="openai", model="our-own", input_per_million=1_000, valid_from=timezone.now() - timedelta(days=1)
    )
    wanted = model_change.deployment_of(make_endpoint("openai"), "our-own", 8)
    tokens = 2 * sum(Chunk.objects.values_list("token_count", flat=True))
    assert model_change.estimate(wanted) == model_change.Estimate(passages, tokens, Decimal(tokens) / 1000)


def test_a_build_that_is_waited_for_is_live_afterwards(passages: int) -> None:
    found, _ = embedding(MODEL, "--wait", "--yes")
    assert found["live"]["model"] == MODEL
    (build,) = found["builds"]
    assert (build["state"], build["chunks_done"], build["chunks_total"]) == ("live", passages, passages)
    assert build["cost_usd"] is not None


@pytest.mark.parametrize("wanted", [["openai"], ["openai:unheard-of"], ["nobody:x", "--dimensions", "8"]])
def test_a_model_of_no_use_is_refused_in_a_sentence(passages: int, wanted: list[str]) -> None:
    with pytest.raises(CommandError):
        embedding(*wanted, "--yes")
    assert not IndexBuild.objects.exists()


def test_a_build_is_cancelled_once(passages: int) -> None:
    embedding(MODEL, "--yes")
    found, _ = embedding("--cancel")
    assert found["builds"][0]["state"] == BuildState.CANCELLED
    with pytest.raises(CommandError, match="No index is being built"):
        embedding("--cancel")


def test_a_killed_build_goes_on_where_it_was(fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch) -> None:
    make_deployment()
    passages = len(make_chunks(make_collection(), *(f"Passage {number} says {number}." for number in range(900))))
    monkeypatch.setenv("OPENAI_BASE_URL", fake_providers.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", fake_providers.key)
    build = model_change.request(make_endpoint("openai", fake_providers.openai_url), "text-embedding-3-small", 32)
    for kill in range(3):
        process = processes.start("embedding", MODEL, "--dimensions", "32", "--wait", "--yes")
        wait_for_requests(fake_providers, 2 * kill + 1)
        process.kill()
        process.wait()
        IndexBuild.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    done = model_change.run(build.pk)
    assert done is not None
    assert (done.state, done.attempts) == (BuildState.LIVE, 4)
    assert Deployment.objects.live(ServingRole.EMBED).vector_space == "openai/text-embedding-3-small/32"
    assert ChunkVector.objects.filter(space="openai/text-embedding-3-small/32").count() == passages
    asked = [text for request in fake_providers.requests for text in request.body["input"]]
    assert len(set(asked)) == passages
    assert len(asked) <= passages + 3 * model_change.BATCH


def wait_for_requests(fake_providers: FakeProviders, count: int) -> None:
    deadline = time.monotonic() + 30
    while len(fake_providers.requests) < count and time.monotonic() < deadline:
        time.sleep(0.01)
