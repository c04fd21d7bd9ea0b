"""The OpenAI provider over a real socket: what is sent, what comes back, and every way it can go wrong."""

import gc
import time

import pytest

from llm.completion import Completion, ProviderError, Usage
from llm.providers import openai
from llm.providers.openai import OpenAIProvider
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.prompts import PROMPT


def ask(
    fake: FakeProviders, *, model: str = "gpt-4o-mini", key: str | None = None, timeout: float = 5.0
) -> list[str | Completion]:
    provider = OpenAIProvider(
        base_url=fake.openai_url, is_private_allowed=True, api_key=fake.key if key is None else key
    )
    return list(provider.stream(PROMPT, model=model, timeout=timeout))


def failure(fake: FakeProviders, *, key: str | None = None, timeout: float = 5.0) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        ask(fake, key=key, timeout=timeout)
    assert fake.key not in str(raised.value)
    return raised.value


def test_text_comes_in_pieces_and_ends_with_usage(fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("Within 30 days", (0,)), (".", ())]
    *deltas, end = ask(fake_providers)
    assert deltas == ["Within", " 30", " days", " [1]."]
    assert end == Completion("Within 30 days [1].", "stop", Usage(120, 20, 15))


def test_request_holds_system_history_context_and_question(fake_providers: FakeProviders) -> None:
    ask(fake_providers)
    body = fake_providers.requests[0].body
    assert [(message["role"], message["content"]) for message in body["messages"]] == [
        ("system", "Answer from the passages."),
        ("user", "Hello"),
        ("assistant", "Hi"),
        ("user", "[1] Refunds: 30 days.\n\nWhat is the refund policy?"),
    ]
    assert body["temperature"] == 0
    assert body["max_tokens"] == 77


def test_options_a_model_refuses_are_left_out_and_stay_out(fake_providers: FakeProviders) -> None:
    ask(fake_providers, model="reasoning-1")
    ask(fake_providers, model="reasoning-1")
    assert len(fake_providers.requests) == 4
    for request in fake_providers.requests[2:]:
        assert request.body["max_completion_tokens"] == 77
        assert not {"temperature", "max_tokens"} & set(request.body)


def test_missing_usage_is_estimated(fake_providers: FakeProviders) -> None:
    fake_providers.script("no_usage")
    fake_providers.blocks = [("Within thirty days", ())]
    end = ask(fake_providers)[-1]
    assert isinstance(end, Completion)
    assert end.usage.is_estimated
    assert end.usage.output_tokens == 3
    assert 15 < end.usage.input_tokens < 40


@pytest.mark.parametrize(("step", "reason"), [("length", "length"), ("refusal", "refusal")])
def test_other_endings_are_passed_on(fake_providers: FakeProviders, step: str, reason: str) -> None:
    fake_providers.script(step)
    end = ask(fake_providers)[-1]
    assert isinstance(end, Completion)
    assert end.finish_reason == reason


@pytest.mark.parametrize(
    ("step", "kind"),
    [("cut", "cut"), ("no_end", "cut"), ("empty", "cut"), ("bad_json", "bad_reply"), ("error_event", "unavailable")],
)
def test_broken_stream_is_a_passing_failure(fake_providers: FakeProviders, step: str, kind: str) -> None:
    fake_providers.script(step)
    error = failure(fake_providers)
    assert error.kind == kind
    assert not error.permanent


@pytest.mark.parametrize(
    ("refusal", "kind", "is_permanent", "retry_after"),
    [
        (Refusal(400, "Too long."), "bad_request", True, None),
        (Refusal(402), "quota", True, None),
        (Refusal(403), "key", True, None),
        (Refusal(404, "No such model."), "bad_request", True, None),
        (Refusal(429, code="rate_limit_exceeded", retry_after="7"), "rate_limit", False, 7.0),
        (Refusal(429, retry_after="0"), "rate_limit", False, 0.0),
        (Refusal(429, retry_after="soon"), "rate_limit", False, None),
        (Refusal(429, retry_after="Thu, 01 Jan 2026 00:00:00 GMT"), "rate_limit", False, 0.0),
        (Refusal(429, code="insufficient_quota"), "quota", True, None),
        (Refusal(429, code="project_spend_limit_exceeded"), "quota", True, None),
        (Refusal(500), "unavailable", False, None),
        (Refusal(503, retry_after="300"), "unavailable", False, 300.0),
    ],
)
def test_refusals_are_told_apart(
    fake_providers: FakeProviders, refusal: Refusal, kind: str, is_permanent: bool, retry_after: float | None
) -> None:
    fake_providers.script(refusal)
    error = failure(fake_providers)
    assert (error.kind, error.permanent, error.retry_after) == (kind, is_permanent, retry_after)
    assert len(fake_providers.requests) == 1


def test_wrong_key_is_named_without_being_shown(fake_providers: FakeProviders) -> None:
    error = failure(fake_providers, key="sk-wrong-but-secret")
    assert error.kind == "key"
    assert "sk-wrong" not in str(error)


def test_key_in_a_message_is_blotted_out(fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(500, f"Call with {fake_providers.key} and sk-other*****99 failed"))
    assert str(failure(fake_providers)) == "The provider failed (HTTP 500): Call with [key] and [key] failed."


def test_no_key_is_said_so(fake_providers: FakeProviders) -> None:
    assert str(failure(fake_providers, key="")) == "The provider refused the key (HTTP 401): no key is set."


def test_server_that_is_not_there_is_unavailable() -> None:
    provider = OpenAIProvider(base_url="http://127.0.0.1:9/v1", is_private_allowed=True, api_key="sk-any")
    with pytest.raises(ProviderError) as raised:
        list(provider.stream(PROMPT, model="m", timeout=1.0))
    assert raised.value.kind == "unavailable"
    assert "refused" in str(raised.value)


@pytest.mark.parametrize("step", ["hang", "stall", "drip"])
def test_slow_reply_ends_with_its_timeout(fake_providers: FakeProviders, step: str) -> None:
    fake_providers.script(step)
    started = time.monotonic()
    assert failure(fake_providers, timeout=0.4).kind == "timeout"
    assert time.monotonic() - started < 15


def test_client_that_is_kept_no_longer_hangs_up_once_nothing_streams_by_it(fake_providers: FakeProviders) -> None:
    """An install whose addresses or keys change would else hold a socket more for each of before."""
    kept = openai.client(fake_providers.openai_url, fake_providers.key, True)
    http = kept._client
    stream = kept.chat.completions.create(model="a-model", messages=[{"role": "user", "content": "Hi"}], stream=True)
    del kept
    openai.client.cache_clear()
    gc.collect()
    assert not http.is_closed
    with stream:
        assert "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)
    del stream
    gc.collect()
    assert http.is_closed
