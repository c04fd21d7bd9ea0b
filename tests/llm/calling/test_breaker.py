"""A model that keeps failing is left alone. Nothing sleeps here: rows are made older."""

import threading
import time
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from llm import client
from llm.calling import breaker, retry
from llm.completion import ProviderError, Usage
from llm.models import Breaker, Deployment, Purpose, ServingRole, UsageRecord
from llm.prompt import Passage, Prompt
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment

pytestmark = pytest.mark.django_db

REFUND = "Annual plans can be refunded within 30 days."
PROMPT = Prompt(
    "Answer from the passages.", "Can I get a refund?", f"[1] {REFUND}", (Passage(1, "Refunds", "", REFUND),)
)
MODEL = "gpt-4o-mini"


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.02)


@pytest.fixture
def answers() -> Deployment:
    return make_deployment(ServingRole.ANSWER, provider="openai", model=MODEL, dimensions=None)


def ask(deployment: Deployment, *, seconds: float = 5.0) -> client.Response:
    return client.stream(PROMPT, deployment=deployment, trace_id="t1", deadline=time.monotonic() + seconds)


def error_of(response: client.Response) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        list(response)
    return raised.value


def past(*ends: str, seconds_ago: float = 1.0, model: str = MODEL, attempts: int = 1) -> None:
    """Calls in the ledger, one second apart, the last one `seconds_ago`."""
    for age, end in enumerate(reversed(ends)):
        UsageRecord.objects.create(
            trace_id="before", purpose=Purpose.ANSWER, provider="openai", model=model, latency_ms=1, finish_reason=end,
            attempts=attempts, created_at=timezone.now() - timedelta(seconds=seconds_ago + age),
        )  # fmt: skip


def opened(*, probe_in: float = 15.0) -> None:
    now = timezone.now()
    Breaker.objects.create(
        provider="openai", model=MODEL, opened_at=now, probe_at=now + timedelta(seconds=probe_in)
    )  # fmt: skip


def is_open() -> bool:
    return Breaker.objects.filter(opened_at__isnull=False).exists()


def test_it_opens_when_half_of_ten_calls_fail_and_then_asks_nobody(
    answers: Deployment, fake_providers: FakeProviders
) -> None:
    past("stop", "bad_request", "length", "refusal", "stop", "unavailable", "cut", "rate_limit", "bad_reply")
    fake_providers.script(Refusal(401))
    assert error_of(ask(answers)).kind == "key"
    assert is_open()
    error = error_of(ask(answers))
    assert (error.kind, error.permanent, len(fake_providers.requests)) == ("open", False, 1)
    assert retry.pause(error, 0, 60.0) is None
    record = UsageRecord.objects.filter(finish_reason="open").get()
    assert (record.attempts, record.cost, record.trace_id) == (0, Decimal(0), "t1")


@pytest.mark.parametrize(
    ("ends", "seconds_ago", "model", "attempts"),
    [
        (["unavailable"] * 8, 1, MODEL, 1),  # nine with the one that follows
        (["stop"] * 6 + ["unavailable"] * 4, 1, MODEL, 1),
        (["unavailable"] * 12, 31, MODEL, 1),
        (["unavailable"] * 12, 1, "another", 1),
        (["bad_request"] * 12, 1, MODEL, 1),
        (["abandoned", "failed"] * 6, 1, MODEL, 1),
        (["timeout"] * 8, 1, MODEL, 0),  # there was no time left to ask
    ],
)
def test_it_stays_closed(
    answers: Deployment, fake_providers: FakeProviders, ends: list[str], seconds_ago: float, model: str, attempts: int
) -> None:
    past(*ends, seconds_ago=seconds_ago, model=model, attempts=attempts)
    fake_providers.script("no_end")
    assert error_of(ask(answers)).kind == "cut"
    assert not is_open()


@pytest.mark.parametrize(("ends", "opens"), [(["timeout"] * 4, True), (["timeout", "stop", *["timeout"] * 3], False)])
def test_it_opens_at_five_time_outs_in_a_row_however_long_they_took(
    answers: Deployment, fake_providers: FakeProviders, ends: list[str], opens: bool
) -> None:
    past(*ends, seconds_ago=600)
    fake_providers.script("hang")
    assert error_of(ask(answers, seconds=0.2)).kind == "timeout"
    assert is_open() == opens


def test_a_probe_that_succeeds_closes_it_and_what_was_before_counts_no_more(
    answers: Deployment, fake_providers: FakeProviders
) -> None:
    past(*["unavailable"] * 12)
    opened(probe_in=-1)
    assert "".join(ask(answers))
    assert not is_open()
    fake_providers.script("cut")
    error_of(ask(answers))
    assert not is_open()


def test_after_a_probe_that_fails_the_next_one_is_due_in_fifteen_seconds(
    answers: Deployment, fake_providers: FakeProviders
) -> None:
    opened(probe_in=-1)
    fake_providers.script(Refusal(401))
    assert error_of(ask(answers)).kind == "key"
    assert error_of(ask(answers)).kind == "open"
    row = Breaker.objects.get()
    assert row.probe_at is not None
    assert 10 < (row.probe_at - timezone.now()).total_seconds() <= breaker.PROBE_SECONDS
    Breaker.objects.update(probe_at=timezone.now())
    assert "".join(ask(answers))
    assert not is_open()


@pytest.mark.django_db(transaction=True)
def test_of_many_that_ask_at_once_one_is_the_probe(answers: Deployment, fake_providers: FakeProviders) -> None:
    opened(probe_in=-1)
    fake_providers.script("pause")
    gate, outcomes = threading.Barrier(5), list[str]()

    def asker() -> None:
        gate.wait(30)
        try:
            "".join(ask(answers, seconds=20))
            outcomes.append("stop")
        except ProviderError as error:
            outcomes.append(error.kind)
        if len(outcomes) == 4:  # the others were refused while the probe was under way
            fake_providers.released.set()
        connection.close()

    threads = [threading.Thread(target=asker) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert outcomes == ["open"] * 4 + ["stop"]
    assert len(fake_providers.requests) == 1
    assert not is_open()


def test_a_healthy_call_costs_one_query_more_and_a_local_one_none(
    answers: Deployment, fake_providers: FakeProviders
) -> None:
    make_deployment(ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-4-5", dimensions=None)
    local = make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    for deployment, queries in ((answers, 1), (local, 0)):
        with CaptureQueriesContext(connection) as captured:
            "".join(ask(deployment))
        tables = ("llm_breaker", "llm_deployment")
        asked = [each["sql"] for each in captured if any(f'FROM "{table}"' in each["sql"] for table in tables)]
        assert len(asked) == queries


def test_only_what_somebody_waits_for_is_refused(answers: Deployment) -> None:
    opened()

    def embed(purpose: Purpose) -> int:
        return client.metered(
            lambda _: (7, Usage(1, 0, 0)), deployment=answers, trace_id="t1", purpose=purpose,
            deadline=time.monotonic() + 5,
        )  # fmt: skip

    with pytest.raises(ProviderError, match="left alone"):
        embed(Purpose.EMBED_QUESTION)
    assert embed(Purpose.EMBED_DOCUMENT) == 7
