"""The Anthropic provider over a real socket: search results in, citations out, and every way it can go wrong."""

import time
from dataclasses import replace

import pytest

from llm.completion import Completion, ProviderError, Usage
from llm.prompt import Passage, Prompt, Turn
from llm.providers.anthropic import AnthropicProvider
from tests.fakes.providers.fake import FakeProviders, Refusal

PROMPT = Prompt(
    system="Answer from the passages.",
    question="What is the refund policy?",
    context="Never sent to a provider with citations of its own.",
    passages=(
        Passage(1, "Refunds", "Refunds > Annual plans", "30 days."),
        Passage(2, "Prices", "", "Pro costs 49 USD."),
    ),
    history=(Turn("assistant", "Welcome"), Turn("user", "Hello"), Turn("assistant", "Hi")),
    max_output_tokens=77,
)


def provider(fake: FakeProviders) -> AnthropicProvider:
    return AnthropicProvider(base_url=fake.anthropic_url, is_private_allowed=True, api_key=fake.key)


def ask(fake: FakeProviders, *, timeout: float = 5.0) -> list[str | Completion]:
    return list(provider(fake).stream(PROMPT, model="claude-haiku-5-5", timeout=timeout))


def text_of(fake: FakeProviders) -> str:
    *deltas, end = ask(fake)
    assert isinstance(end, Completion)
    assert "".join(str(delta) for delta in deltas) == end.text
    return end.text


def failure(fake: FakeProviders, *, timeout: float = 5.0) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        ask(fake, timeout=timeout)
    assert fake.key not in str(raised.value)
    return raised.value


def test_citations_become_markers_behind_what_they_support(fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("You have ", ()), ("30 days", (0, 1, 0)), (". Pro is 49 USD.\n\n", (1,)), ("Ask us.", ())]
    assert text_of(fake_providers) == "You have 30 days [1][2]. Pro is 49 USD. [2]\n\nAsk us."


def test_markers_the_model_wrote_itself_are_not_doubled(fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("You have 30 days [1].", (0,)), (" Ask us.", (1,))]
    assert text_of(fake_providers) == "You have 30 days [1]. Ask us. [2]"


def test_request_holds_every_passage_as_a_search_result(fake_providers: FakeProviders) -> None:
    ask(fake_providers)
    body = fake_providers.requests[0].body
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    *results, question = body["messages"][-1]["content"]
    assert [(result["type"], result["title"], result["content"][0]["text"]) for result in results] == [
        ("search_result", "[1] Refunds > Annual plans", "30 days."),
        ("search_result", "[2] Prices", "Pro costs 49 USD."),
    ]
    assert question["text"] == "What is the refund policy?"
    assert "cache_control" not in body["system"][0], "no cache keeps so little"
    assert body["max_tokens"] == 77
    assert "temperature" not in body


def test_input_is_the_sum_of_fresh_read_and_written_tokens(fake_providers: FakeProviders) -> None:
    end = ask(fake_providers)[-1]
    assert isinstance(end, Completion)
    assert end.usage == Usage(120, 20, 15, cache_write_tokens=10)


@pytest.mark.parametrize(("step", "reason"), [("", "stop"), ("length", "length"), ("refusal", "refusal")])
def test_endings_are_passed_on(fake_providers: FakeProviders, step: str, reason: str) -> None:
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
        (Refusal(401), "key", True, None),
        (Refusal(400, "Your credit balance is too low"), "quota", True, None),
        (Refusal(413, code="request_too_large"), "bad_request", True, None),
        (Refusal(429, code="rate_limit_error", retry_after="300"), "rate_limit", False, 300.0),
        (Refusal(500, code="api_error"), "unavailable", False, None),
        (Refusal(529, code="overloaded_error"), "unavailable", False, None),
    ],
)
def test_refusals_are_told_apart(
    fake_providers: FakeProviders, refusal: Refusal, kind: str, is_permanent: bool, retry_after: float | None
) -> None:
    fake_providers.script(refusal)
    error = failure(fake_providers)
    assert (error.kind, error.permanent, error.retry_after) == (kind, is_permanent, retry_after)
    assert len(fake_providers.requests) == 1


@pytest.mark.parametrize("step", ["hang", "stall", "drip"])
def test_slow_reply_ends_with_its_timeout(fake_providers: FakeProviders, step: str) -> None:
    fake_providers.script(step)
    started = time.monotonic()
    assert failure(fake_providers, timeout=0.4).kind == "timeout"
    assert time.monotonic() - started < 15


def test_a_long_system_text_is_to_be_kept_and_not_where_that_is_refused(fake_providers: FakeProviders) -> None:
    prompt = replace(PROMPT, system="Be brief and kind. " * 200)
    asked = provider(fake_providers)
    asked.forget("a-model")
    list(asked.stream(prompt, model="a-model", timeout=5))
    assert fake_providers.requests[0].body["system"][0]["cache_control"] == {"type": "ephemeral"}
    fake_providers.requests.clear()
    fake_providers.script(Refusal(400, "system.0.cache_control: Extra inputs are not permitted"))
    for _ in range(2):
        list(asked.stream(prompt, model="a-model", timeout=5))
    assert ["cache_control" in each.body["system"][0] for each in fake_providers.requests] == [True, False, False]
    assert asked.learnt("a-model").refused == ("cache_control",)
    asked.forget("a-model")


def test_a_server_that_knows_no_search_results_is_given_the_passages_as_text(fake_providers: FakeProviders) -> None:
    asked = provider(fake_providers)
    asked.forget("another")
    fake_providers.script(Refusal(422, "Input tag 'search_result' found using 'type' does not match any of the tags"))
    fake_providers.blocks = [("You have 30 days [1].", ())]
    *said, _ = asked.stream(PROMPT, model="another", timeout=5)
    assert "".join(map(str, said)) == "You have 30 days [1]."
    (block,) = fake_providers.requests[1].body["messages"][-1]["content"]
    assert block["text"] == PROMPT.messages()[-1]["content"]
    asked.forget("another")
