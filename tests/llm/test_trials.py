"""What a trial finds out about a model is kept, and is known to other processes; what is not told is not known."""

import time
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from llm import client, providers, trials
from llm.models import Deployment, Endpoint, ModelPrice, Purpose, ServingRole, TriedModel, UsageRecord
from llm.providers import openai
from llm.spending import pricing
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.fakes.providers.wire import chat, sent
from tests.rows.make import make_endpoint
from tests.rows.prompts import PROMPT

pytestmark = pytest.mark.django_db

MODEL = "small-8b"


@pytest.fixture
def server(fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch) -> Endpoint:
    monkeypatch.setattr(openai, "_habits", {})
    monkeypatch.setattr(providers, "_recalled", set())
    return make_endpoint("openai")


def test_a_model_that_answers_bit_by_bit_is_known_for_it(server: Endpoint) -> None:
    trial = trials.explore(server, MODEL)
    assert trial.is_ok
    found = TriedModel.objects.get()
    assert (found.model, found.streams, found.thinks, found.takes_system, found.refused) == (
        MODEL,
        True,
        False,
        True,
        [],
    )
    assert found.context_tokens is None
    assert pricing.priced([("openai", MODEL), ("openai", "gpt-4o-mini")], timezone.now()) == {("openai", "gpt-4o-mini")}
    assert UsageRecord.objects.get().purpose == Purpose.TEST


@pytest.mark.parametrize(("said", "streams"), [("ready to answer your questions", False), ("ready", None)])
def test_what_comes_in_one_piece_does_not_stream_unless_it_is_one_word(
    server: Endpoint, fake_providers: FakeProviders, said: str, streams: bool | None
) -> None:
    fake_providers.script(chat(said))
    trials.run(server, MODEL)
    assert TriedModel.objects.get().streams is streams


@pytest.mark.parametrize(
    "delta", [{"reasoning_content": "Hm."}, {"reasoning": "Hm."}, {"content": "<think>Hm.</think>"}]
)
def test_a_model_that_thinks_is_seen_to(server: Endpoint, fake_providers: FakeProviders, delta: dict[str, Any]) -> None:
    fake_providers.script(
        sent(
            {"id": "1", "choices": [{"index": 0, "delta": delta, "finish_reason": None}]},
            {"id": "1", "choices": [{"index": 0, "delta": {"content": "ready"}, "finish_reason": "stop"}]},
        )
    )
    trials.run(server, MODEL)
    assert TriedModel.objects.get().thinks is True


LISTS: list[tuple[dict[str, Any], int | None]] = [
    ({"max_model_len": 32768}, 32768),  # vLLM, SGLang
    ({"context_window": 131072, "max_completion_tokens": 8192}, 131072),  # Groq
    ({"context_length": 200000, "top_provider": {"context_length": 128000}}, 200000),  # OpenRouter
    ({"max_context_length": 128000}, 128000),  # Mistral
    ({"meta": {"n_ctx": 8192, "n_ctx_train": 131072}}, 8192),  # llama.cpp
    ({"meta": {"n_ctx_train": 131072}}, 131072),
    ({"max_context": 524288}, 524288),  # ArliAI
    ({"max_model_len": None}, None),
    ({"max_model_len": "32k"}, None),
    ({"max_model_len": -1, "context_length": 4096}, 4096),
    ({"max_model_len": True}, None),
    ({}, None),
]


@pytest.mark.parametrize(("told", "tokens"), LISTS)
def test_the_context_is_what_a_list_tells(
    server: Endpoint, fake_providers: FakeProviders, told: dict[str, Any], tokens: int | None
) -> None:
    fake_providers.lists.listed = [{"id": "another", "max_model_len": 1}, {"id": MODEL, **told}]
    trials.explore(server, MODEL)
    assert TriedModel.objects.get().context_tokens == tokens


DOORS: list[tuple[str, Any, int | None]] = [
    ("/api/v0/models/small-8b", {"loaded_context_length": 4096, "max_context_length": 131072}, 4096),  # LM Studio
    ("/api/show small-8b", {"model_info": {"general.parameter_count": 8, "llama.context_length": 131072}}, 131072),
    ("/api/show small-8b", {"parameters": "stop x\nnum_ctx    8192", "model_info": {"a.context_length": 9}}, 8192),
    ("/model/info", {"data": [{"model_name": "another", "model_info": {"max_input_tokens": 1}},
                              {"model_name": MODEL, "model_info": {"max_input_tokens": 200000}}]}, 200000),  # LiteLLM
    ("/model/info", {"data": [{"model_name": MODEL, "model_info": {"max_input_tokens": None}}]}, None),
    ("/api/v1/models", {"models": [{"key": MODEL, "max_context_length": 131072,
                                    "loaded_instances": [{"config": {"context_length": 8192}}]}]}, 8192),
    ("/api/v1/models", {"models": [{"key": MODEL, "max_context_length": 131072, "loaded_instances": []}]}, 131072),
    ("/api/v1/models", {"models": [{"key": "another", "max_context_length": 1}]}, None),
    ("/api/show small-8b", {"model_info": None}, None),
    ("/model/info", {"data": ["what", None]}, None),
]  # fmt: skip


@pytest.mark.parametrize(("door", "told", "tokens"), DOORS)
def test_servers_that_tell_it_elsewhere_are_asked_there(
    server: Endpoint, fake_providers: FakeProviders, door: str, told: object, tokens: int | None
) -> None:
    fake_providers.lists.doors[door] = told
    trials.explore(server, MODEL)
    assert TriedModel.objects.get().context_tokens == tokens


def test_what_a_server_refuses_is_known_to_another_process(
    server: Endpoint, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_providers.script(Refusal(400, "Unsupported parameter: temperature"), Refusal(400, "System role not supported"))
    trials.run(server, MODEL)
    found = TriedModel.objects.get()
    assert (found.refused, found.takes_system) == (["temperature"], False)
    monkeypatch.setattr(openai, "_habits", {})
    monkeypatch.setattr(providers, "_recalled", set())
    fake_providers.requests.clear()
    asked = Deployment(role=ServingRole.ANSWER, endpoint=server, model=MODEL)
    list(client.stream(PROMPT, deployment=asked, trace_id="t", deadline=time.monotonic() + 5))
    (request,) = fake_providers.requests
    assert "temperature" not in request.body
    assert "system" not in [each["role"] for each in request.body["messages"]]


def test_a_trial_learns_anew(server: Endpoint, fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(400, "Unsupported parameter: temperature"))
    trials.run(server, MODEL)
    trials.run(server, MODEL)
    assert TriedModel.objects.get().refused == []


def test_a_trial_that_fails_keeps_what_is_known(server: Endpoint, fake_providers: FakeProviders) -> None:
    trials.run(server, MODEL)
    fake_providers.script(Refusal(404, "The model is gone."))
    trial = trials.run(server, MODEL)
    assert (trial.is_ok, trial.traits, TriedModel.objects.count()) == (False, None, 1)


def test_a_list_is_read_to_its_end_page_by_page(fake_providers: FakeProviders) -> None:
    listed = [{"id": f"claude-{number:04}", "type": "model", "display_name": "", "created_at": "2026-01-01T00:00:00Z"}
              for number in range(2300)]  # fmt: skip
    fake_providers.lists.listed = listed
    found = trials.names(make_endpoint("anthropic"))
    assert [each.name for each in found.models] == [each["id"] for each in listed]
    assert found.models[0].made_at is not None
    assert len(fake_providers.lists.asked) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 429, 500, 501])
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
def test_a_server_without_a_list_says_why(fake_providers: FakeProviders, provider: str, status: int) -> None:
    fake_providers.lists.refusal = status
    found = trials.names(make_endpoint(provider))
    assert not found.models
    assert f"HTTP {status}" in found.problem


@pytest.mark.parametrize("listed", [[], None, [None], ["a"], [{"id": None}, {"id": 7}, {}], {"a": 1}, "models"])
def test_a_list_of_any_shape_ends_in_names_or_a_sentence(
    server: Endpoint, fake_providers: FakeProviders, listed: Any
) -> None:
    fake_providers.lists.listed = listed if listed is not None else []
    found = trials.names(server)
    assert all(each.name for each in found.models)


def test_a_price_that_was_stated_is_known(server: Endpoint) -> None:
    trials.run(server, MODEL)
    ModelPrice.objects.create(
        provider="openai", model="small-*", input_per_million=Decimal(1), valid_from=timezone.now()
    )
    assert pricing.priced([("openai", MODEL), ("openai", "large")], timezone.now()) == {("openai", MODEL)}
