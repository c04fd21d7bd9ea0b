"""A whole call of a server that sends what nobody expects: one row a call, and nothing reserved that is not settled."""

import json
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from llm import client
from llm.calling import retry, room
from llm.completion import ProviderError
from llm.models import Deployment, Endpoint, Reservation, ServingRole, UsageRecord
from llm.providers import anthropic, openai
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Raw
from tests.fakes.providers.wire import chat, sent
from tests.rows.prompts import PROMPT


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.01)


def make_deployment(provider: str = "openai") -> Deployment:
    endpoint = Endpoint.objects.create(name=provider, provider=provider)
    return Deployment.objects.create(role=ServingRole.ANSWER, endpoint=endpoint, model="gpt-4o-mini", reason="a test")


def reply(deployment: Deployment) -> client.Response:
    response = client.stream(PROMPT, deployment=deployment, trace_id="t1", deadline=time.monotonic() + 5)
    list(response)
    return response


@pytest.mark.django_db
def test_a_model_that_thinks_its_tokens_away_is_asked_with_more_room(
    fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_wide", set())
    deployment = make_deployment()
    fake_providers.script(chat("", end="length"), chat("Yes [1]."), chat("Yes again [1]."))
    assert reply(deployment).text == "Yes [1]."
    first, second = UsageRecord.objects.order_by("pk")
    assert (first.finish_reason, first.output_tokens, first.attempts) == ("room", 15, 1), "it is paid for"
    assert second.finish_reason == "stop"
    asked = [request.body["max_tokens"] for request in fake_providers.requests]
    assert asked == [PROMPT.max_output_tokens, PROMPT.max_output_tokens * room.WIDER]
    reply(deployment)
    assert fake_providers.requests[-1].body["max_tokens"] == asked[1], "remembered"
    fake_providers.script(chat("", end="length"))
    with pytest.raises(ProviderError, match="used up its tokens"):
        reply(deployment)


@pytest.mark.django_db
def test_more_room_than_a_server_has_is_taken_back(
    fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One reply that thought its tokens away would else break a model for good."""
    monkeypatch.setattr(room, "_wide", set())
    deployment = make_deployment()
    room.learn(deployment)
    message = "max_tokens is too large: 616. This model supports at most 512 completion tokens."
    refusal = Raw(json.dumps({"error": {"message": message}}).encode(), 400)
    fake_providers.script(refusal, chat("Yes [1]."))
    assert reply(deployment).text == "Yes [1]."
    asked = [request.body["max_tokens"] for request in fake_providers.requests]
    assert asked == [PROMPT.max_output_tokens * room.WIDER, PROMPT.max_output_tokens]
    assert reply(deployment).finish_reason == "stop"
    assert fake_providers.requests[-1].body["max_tokens"] == PROMPT.max_output_tokens


@pytest.mark.django_db
def test_attempts_that_gave_nothing_are_paid_for_too(fake_providers: FakeProviders) -> None:
    fake_providers.script(chat(""), chat(""), chat("Yes [1]."))
    assert reply(make_deployment()).text == "Yes [1]."
    record = UsageRecord.objects.get()
    assert (record.attempts, record.input_tokens, record.output_tokens) == (3, 360, 45)
    assert record.cost == 3 * Decimal("0.000027")


VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["choices", "delta", "content", "index", "finish_reason", "usage", "type", "text", "message", "stop_reason",
             "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens", "input_tokens", "error"]
        ),
        inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
EVENTS = st.sampled_from(
    [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "ping",
        "odd",
    ]
)


OBJECTIONS = [
    "temperature is not supported", "Unknown parameter: stream_options", "max_tokens is unknown, use another",
    "System role not supported", "cache_control: Extra inputs are not permitted", "search_result is no known tag",
    "content_filter", "insufficient_quota", "", "\ud800",
]  # fmt: skip


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(VALUES, max_size=4), cut=st.integers(0, 40), is_cut=st.booleans())
def test_whatever_openais_protocol_carries_ends_in_one_row(
    fake_providers: FakeProviders, chunks: list[Any], cut: int, is_cut: bool
) -> None:
    body = sent(*chunks).body
    ends_in_one_row(fake_providers, "openai", Raw(body[:-cut] if is_cut and cut else body))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=st.lists(st.tuples(EVENTS, VALUES), max_size=5))
def test_whatever_anthropics_protocol_carries_ends_in_one_row(
    fake_providers: FakeProviders, events: list[tuple[str, Any]]
) -> None:
    fields = [(name, value if isinstance(value, dict) else {"delta": value}) for name, value in events]
    body = "".join(f"event: {name}\ndata: {json.dumps({**each, 'type': name})}\n\n" for name, each in fields)
    ends_in_one_row(fake_providers, "anthropic", Raw(body.encode()))


@pytest.mark.django_db
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    status=st.integers(400, 599),
    body=st.one_of(
        st.binary(max_size=40),
        st.builds(json.dumps, VALUES).map(str.encode),
        st.sampled_from(OBJECTIONS).map(lambda said: json.dumps({"error": {"message": said}}).encode()),
        st.sampled_from(OBJECTIONS).map(lambda said: json.dumps({"detail": said}).encode()),
    ),
    provider=st.sampled_from(["openai", "anthropic"]),
)
def test_whatever_a_server_refuses_with_ends_in_one_row(
    fake_providers: FakeProviders, status: int, body: bytes, provider: str
) -> None:
    """Of any status and in any words; what is objected to is left out, each thing once."""
    try:
        ends_in_one_row(fake_providers, provider, Raw(body, status))
    finally:
        openai._habits.clear()
        anthropic._refused.clear()


def ends_in_one_row(fake: FakeProviders, provider: str, raw: Raw) -> None:
    UsageRecord.objects.all().delete()
    Deployment.objects.all().delete()
    Endpoint.objects.all().delete()
    deployment = make_deployment(provider)
    fake.reset()
    fake.script(*[raw] * 8)
    try:
        response = reply(deployment)
    except ProviderError:
        response = None
    records = list(UsageRecord.objects.all())
    assert len(records) - sum(each.finish_reason == "room" for each in records) <= 1
    assert records
    assert all(each.output_tokens or each.finish_reason not in ("stop", "length") for each in records)
    assert not Reservation.objects.exists()
    if response is not None:
        assert response.finish_reason in ("stop", "length", "refusal")
