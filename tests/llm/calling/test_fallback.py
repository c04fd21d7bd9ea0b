"""Another model answers in place of one that cannot, before a word was seen and never after."""

import threading
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError
from django.utils import timezone
from pytest_django.fixtures import Settings

from config import setup
from llm import client, vendors
from llm.calling import retry
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import Breaker, Deployment, Purpose, ServingRole, UsageRecord
from llm.prompt import Passage, Prompt
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment

pytestmark = pytest.mark.django_db

REFUND = "Annual plans can be refunded within 30 days."
PROMPT = Prompt(
    "Answer from the passages.", "Can I get a refund?", f"[1] {REFUND}", (Passage(1, "Refunds", "", REFUND),)
)


@pytest.fixture(autouse=True)
def _no_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses are short, and the SDKs imported, which takes longer than the patience of these tests."""
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.02)
    for name in vendors.those_that("answers"):
        vendors.load(name, "answers")


@pytest.fixture
def answers() -> Deployment:
    return make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-4o-mini", dimensions=None)


@pytest.fixture
def stands_in() -> Deployment:
    return make_deployment(ServingRole.FALLBACK, provider="anthropic", model="claude-haiku-4-5", dimensions=None)


def ask(
    deployment: Deployment,
    *,
    seconds: float = 5.0,
    purpose: Purpose = Purpose.ANSWER,
    instead: Instead = Instead.DECIDED,
) -> client.Response:
    return client.stream(
        PROMPT,
        deployment=deployment,
        trace_id="t1",
        deadline=time.monotonic() + seconds,
        purpose=purpose,
        instead=instead,
    )


def error_of(response: client.Response) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        list(response)
    return raised.value


def open_breaker(deployment: Deployment) -> None:
    now = timezone.now()
    Breaker.objects.create(
        provider=deployment.endpoint.provider,
        model=deployment.model,
        opened_at=now,
        probe_at=now + timedelta(minutes=1),
    )


def ledger() -> list[tuple[str, str, str]]:
    rows = UsageRecord.objects.order_by("pk")
    return list(rows.values_list("provider", "finish_reason", "trace_id"))


@pytest.mark.parametrize(
    ("fault", "end"),
    [
        ([Refusal(401)], "key"),
        ([Refusal(429, retry_after="300")], "rate_limit"),
        ([Refusal(429, code="insufficient_quota")], "quota"),
        ([Refusal(500)] * 4, "unavailable"),
        ([Refusal(529)] * 4, "unavailable"),
        ([Refusal(400)], "bad_request"),
        (["empty"] * 4, "cut"),
        (["bad_json"] * 4, "bad_reply"),
        (["error_event"] * 4, "unavailable"),
        (["hang"], "timeout"),
        (["ping"], "timeout"),
        ("refused", "unavailable"),
        ("open", "open"),
    ],
)
def test_the_fallback_answers_when_not_a_word_has_come(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders, settings: Settings,
    fault: list[Refusal | str] | str, end: str,
) -> None:  # fmt: skip
    settings.FIRST_WORD_SECONDS = 1 if end == "timeout" else 5
    if fault == "refused":
        settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    elif fault == "open":
        open_breaker(answers)
    else:
        fake_providers.script(*fault)
    response = ask(answers, seconds=45)
    started = time.monotonic()
    assert "".join(response) == response.text
    assert time.monotonic() - started < 15
    assert response.text.endswith("Ask again for more.")
    assert (response.deployment, response.finish_reason) == (stands_in, "stop")
    assert ledger() == [("openai", end, "t1"), ("anthropic", "stop", "t1")]


@pytest.mark.parametrize("step", ["cut", "no_end", "stall"])
def test_once_a_word_was_seen_nobody_else_goes_on(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders, step: str
) -> None:
    fake_providers.script(step)
    response = ask(answers, seconds=0.6)
    error_of(response)
    assert response.text.startswith("Here is")
    assert response.deployment == answers
    assert len(ledger()) == len(fake_providers.requests) == 1


def test_after_the_first_word_the_deadline_alone_counts(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.FIRST_WORD_SECONDS = 1
    fake_providers.script("pause")
    threading.Timer(1.3, fake_providers.released.set).start()
    response = ask(answers)
    assert "".join(response).endswith("more.")
    assert response.deployment == answers


def test_when_both_hang_the_asker_is_told_soon(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.FIRST_WORD_SECONDS = 1
    fake_providers.script("hang", "hang")
    started = time.monotonic()
    assert error_of(ask(answers, seconds=45)).kind == "timeout"
    assert 1.9 < time.monotonic() - started < 15
    assert ledger() == [("openai", "timeout", "t1"), ("anthropic", "timeout", "t1")]


def test_both_share_a_short_deadline(answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders) -> None:
    fake_providers.script("hang")
    assert "".join(ask(answers, seconds=1.6))
    assert ledger() == [("openai", "timeout", "t1"), ("anthropic", "stop", "t1")]


def test_with_both_left_alone_nobody_is_asked(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders
) -> None:
    open_breaker(answers)
    open_breaker(stands_in)
    assert error_of(ask(answers)).kind == "open"
    assert ledger() == [("openai", "open", "t1"), ("anthropic", "open", "t1")]
    assert not fake_providers.requests


def test_without_a_fallback_the_deadline_alone_counts(
    answers: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.FIRST_WORD_SECONDS = 0
    response = ask(answers)
    assert "".join(response)
    assert response.deployment == answers


def test_the_documents_own_sentences_may_stand_in(answers: Deployment, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.FALLBACK, provider="extractive", model="best-sentences", dimensions=None)
    fake_providers.script(Refusal(401))
    assert "".join(ask(answers)) == f"{REFUND} [1]"


def test_a_follow_up_is_rewritten_by_the_fallback_too(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders
) -> None:
    fake_providers.script(Refusal(401))
    assert "".join(ask(answers, purpose=Purpose.REWRITE))
    assert set(UsageRecord.objects.values_list("purpose", flat=True)) == {Purpose.REWRITE}


def test_where_this_very_model_is_wanted_no_other_answers(
    answers: Deployment, stands_in: Deployment, fake_providers: FakeProviders
) -> None:
    fake_providers.script(*[Refusal(401)] * 3)
    judge = make_deployment(ServingRole.JUDGE, provider="openai", model="gpt-4o-mini", dimensions=None)
    error_of(ask(answers, instead=Instead.NOBODY))
    error_of(ask(answers, purpose=Purpose.JUDGE))
    error_of(ask(judge))
    assert [provider for provider, *_ in ledger()] == ["openai"] * 3


def test_a_model_does_not_stand_in_for_itself(answers: Deployment, fake_providers: FakeProviders) -> None:
    for model in ("another", answers.model):
        make_deployment(ServingRole.FALLBACK, provider="openai", model=model, dimensions=None)
    fake_providers.script(Refusal(401))
    error_of(ask(answers))
    assert len(fake_providers.requests) == 1


def test_set_up_makes_the_fallback_that_is_asked_for_and_takes_it_back(
    answers: Deployment, fake_providers: FakeProviders, settings: Settings
) -> None:
    settings.ANSWER_MODEL = str(answers)

    def live() -> list[str]:
        setup.deploy_models()
        setup.deploy_models()
        return [str(each) for each in Deployment.objects.decided(ServingRole.FALLBACK) if each.model]

    assert live() == []
    settings.FALLBACK_MODEL = "anthropic"
    assert live() == [f"anthropic:{setup.ANSWER_MODELS['anthropic']}"]
    settings.FALLBACK_MODEL = ""
    assert len(live()) == 1
    settings.FALLBACK_MODEL = "none"
    assert live() == []
    assert Deployment.objects.filter(role=ServingRole.FALLBACK).count() == 2
    settings.FALLBACK_MODEL = "nobody:knows"
    with pytest.raises(CommandError, match="FALLBACK_MODEL must be PROVIDER:MODEL"):
        setup.deploy_models()
