"""The way to a model: retries, the deadline, and the row that every call leaves in the ledger."""

import time
from decimal import Decimal

import pytest

from llm import client
from llm.calling import retry
from llm.completion import ProviderError, Usage
from llm.models import Deployment, Endpoint, Purpose, ServingRole, UsageRecord
from llm.prompt import Passage, Prompt, Sentence
from llm.vendors import UnknownVendorError
from tests.fakes.providers.fake import FakeProviders, Refusal

pytestmark = pytest.mark.django_db

REFUND = "Annual plans can be refunded within 30 days."
PROMPT = Prompt(
    system="Answer from the passages.",
    question="Can I get a refund?",
    context=f"[1] {REFUND}",
    passages=(Passage(1, "Refunds", "", REFUND, (Sentence(REFUND, 0.8),), 1.0),),
)


def make_deployment(provider: str = "openai", model: str = "gpt-4o-mini") -> Deployment:
    endpoint = Endpoint.objects.create(name=provider, provider=provider)
    return Deployment.objects.create(role=ServingRole.ANSWER, endpoint=endpoint, model=model, reason="a test")


def ask(deployment: Deployment, *, seconds: float = 5.0, trace_id: str = "t1") -> client.Response:
    return client.stream(PROMPT, deployment=deployment, trace_id=trace_id, deadline=time.monotonic() + seconds)


def ask_in_vain(deployment: Deployment, *, seconds: float = 5.0) -> tuple[ProviderError, UsageRecord]:
    with pytest.raises(ProviderError) as raised:
        list(ask(deployment, seconds=seconds))
    return raised.value, UsageRecord.objects.get()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.02)


def test_trace_ids_are_32_hexadecimal_digits_and_differ() -> None:
    first, second = client.new_trace_id(), client.new_trace_id()
    assert first != second
    assert len(first) == 32
    int(first, 16)


@pytest.mark.parametrize(
    ("provider", "model", "cost"),
    # 100 fresh, 20 cached and 15 written tokens; Anthropic has 90 fresh, 10 of them written to the cache as well
    [("openai", "gpt-4o-mini", "0.00002550"), ("anthropic", "claude-haiku-4-5", "0.00017950"), ("openai", "own", None)],
)
def test_reply_is_streamed_and_recorded_once(
    fake_providers: FakeProviders, provider: str, model: str, cost: str | None
) -> None:
    response = ask(make_deployment(provider, model))
    assert "".join(response) == response.text
    assert response.text.endswith("[1]. Ask again for more.")
    record = UsageRecord.objects.get()
    assert (record.trace_id, record.purpose, record.provider, record.model) == ("t1", "answer", provider, model)
    assert (record.input_tokens, record.cached_input_tokens, record.output_tokens) == (120, 20, 15)
    assert record.cost == response.cost == (Decimal(cost) if cost else None)
    assert (record.finish_reason, record.attempts, record.error) == ("stop", 1, "")
    assert record.first_token_ms is not None
    assert 0 < record.first_token_ms <= record.latency_ms == response.latency_ms


def test_extractive_reply_costs_nothing_and_is_recorded_too() -> None:
    response = ask(make_deployment("extractive", "best-sentences"))
    assert "".join(response) == f"{REFUND} [1]"
    record = UsageRecord.objects.get()
    assert (record.cost, record.input_tokens, record.finish_reason) == (Decimal(0), 0, "stop")


def test_nothing_is_sent_or_recorded_before_the_reply_is_read(fake_providers: FakeProviders) -> None:
    ask(make_deployment())
    assert not fake_providers.requests
    assert not UsageRecord.objects.exists()


@pytest.mark.parametrize("fault", [Refusal(429, retry_after="0"), Refusal(500), "cut_before_text", "bad_json"])
def test_passing_failure_is_asked_again(fake_providers: FakeProviders, fault: Refusal | str) -> None:
    fake_providers.script("empty" if fault == "cut_before_text" else fault, "")
    response = ask(make_deployment())
    assert "".join(response)
    assert len(fake_providers.requests) == 2
    assert UsageRecord.objects.get().attempts == 2


def test_endless_failure_ends_after_four_attempts(fake_providers: FakeProviders) -> None:
    fake_providers.script(*[Refusal(500)] * 9)
    error, record = ask_in_vain(make_deployment())
    assert error.kind == record.finish_reason == "unavailable"
    assert record.attempts == len(fake_providers.requests) == 4
    assert record.error == "The provider failed (HTTP 500): Something is wrong."
    assert record.input_tokens == 0


@pytest.mark.parametrize("refusal", [Refusal(400), Refusal(401), Refusal(429, code="insufficient_quota")])
def test_permanent_failure_is_asked_once(fake_providers: FakeProviders, refusal: Refusal) -> None:
    fake_providers.script(refusal)
    _, record = ask_in_vain(make_deployment())
    assert record.attempts == len(fake_providers.requests) == 1


def test_retry_after_that_does_not_fit_is_not_waited_for(fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(429, retry_after="300"))
    started = time.monotonic()
    error, record = ask_in_vain(make_deployment())
    assert time.monotonic() - started < 15
    assert (error.kind, error.retry_after, record.attempts) == ("rate_limit", 300.0, 1)


def test_retry_after_that_fits_is_waited_for(fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(429, retry_after="0.3"))
    started = time.monotonic()
    assert "".join(ask(make_deployment()))
    assert 0.3 < time.monotonic() - started < 15


@pytest.mark.parametrize("step", ["hang", "stall", "drip", "ping"])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_slow_provider_ends_with_the_deadline(fake_providers: FakeProviders, provider: str, step: str) -> None:
    fake_providers.script(step)
    started = time.monotonic()
    error, record = ask_in_vain(make_deployment(provider), seconds=0.4)
    assert 0.35 < time.monotonic() - started < 15
    assert error.kind == record.finish_reason == "timeout"
    assert record.attempts == 1
    assert record.is_estimated
    assert record.input_tokens > 10


@pytest.mark.parametrize("step", ["cut", "no_end"])
def test_reply_cut_after_its_first_word_is_not_asked_again(fake_providers: FakeProviders, step: str) -> None:
    fake_providers.script(step)
    error, record = ask_in_vain(make_deployment())
    assert error.kind == record.finish_reason == "cut"
    assert len(fake_providers.requests) == 1
    assert record.is_estimated
    assert record.output_tokens > 0
    assert record.cost


def test_reply_nobody_listens_to_is_recorded_as_abandoned(fake_providers: FakeProviders) -> None:
    fake_providers.script("stall")
    response = ask(make_deployment())
    assert next(iter(response)) == "Here"
    response.close()
    record = UsageRecord.objects.get()
    assert (record.finish_reason, record.is_estimated, record.output_tokens) == ("abandoned", True, 1)


def test_key_never_reaches_the_ledger(fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(400, f"Key {fake_providers.key} and sk-proj-abcdefgh are no good"))
    _, record = ask_in_vain(make_deployment())
    assert record.error == "The provider did not accept the request (HTTP 400): Key [key] and [key] are no good."


def test_unknown_provider_is_an_error_that_names_it() -> None:
    with pytest.raises(UnknownVendorError, match="No vendor named oracle answers"):
        list(ask(make_deployment("oracle")))
    assert UsageRecord.objects.get().finish_reason == "bad_request"


def metered(operation: "list[ProviderError | int]", deployment: Deployment, *, seconds: float = 5.0) -> int:
    """Run what the list holds, one entry per attempt: an error to raise, or a result."""

    def attempt(remaining: float) -> tuple[int, Usage]:
        assert 0 < remaining <= seconds
        step = operation.pop(0)
        if isinstance(step, ProviderError):
            raise step
        return step, Usage(7, 0, 0)

    return client.metered(
        attempt,
        deployment=deployment,
        trace_id="t2",
        purpose=Purpose.EMBED_QUESTION,
        deadline=time.monotonic() + seconds,
    )


@pytest.mark.parametrize("provider", ["openai", "local"])
def test_metered_call_is_retried_and_recorded(provider: str) -> None:
    busy = ProviderError("Busy.", kind="rate_limit", retry_after=0.0)
    assert metered([busy, 42], make_deployment(provider, "text-embedding-3-small")) == 42
    record = UsageRecord.objects.get()
    assert (record.trace_id, record.purpose, record.attempts) == ("t2", "embed_question", 2)
    assert (record.input_tokens, record.finish_reason) == (7, "stop")
    assert record.cost == (Decimal("0.00000014") if provider == "openai" else Decimal(0))


def test_metered_failure_is_recorded() -> None:
    with pytest.raises(ProviderError, match="No"):
        metered([ProviderError("No.", kind="key")], make_deployment())
    assert UsageRecord.objects.get().error == "No."


def test_metered_call_that_hangs_ends_with_the_deadline() -> None:
    def hang(remaining: float) -> tuple[int, Usage]:
        time.sleep(1.0)
        return 1, Usage(0, 0, 0)

    started = time.monotonic()
    with pytest.raises(ProviderError, match="in time"):
        client.metered(
            hang,
            deployment=make_deployment(),
            trace_id="t",
            purpose=Purpose.EMBED_DOCUMENT,
            deadline=time.monotonic() + 0.2,
        )
    assert time.monotonic() - started < 15
