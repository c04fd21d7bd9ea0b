"""A model that says nothing is asked once more beside it; what comes first is heard, and both are paid for."""

import threading
import time
from collections.abc import Iterator
from decimal import Decimal
from queue import SimpleQueue

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from llm import client, tokens
from llm.calling import deadline, retry
from llm.calling.call import worst_of
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import Budget, BudgetPeriod, Deployment, ModelPrice, Purpose, Reservation, ServingRole, UsageRecord
from llm.prompt import Passage, Prompt
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment

pytestmark = pytest.mark.django_db

REFUND = "Annual plans can be refunded within 30 days."
PROMPT = Prompt(
    "Answer from the passages.", "Can I get a refund?", f"[1] {REFUND}", (Passage(1, "Refunds", "", REFUND),)
)


@pytest.fixture
def answers(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    settings.FIRST_WORD_SECONDS = 0.1
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.02)
    return make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-4o-mini", dimensions=None)


def ask(deployment: Deployment, *, seconds: float = 1.0, instead: Instead = Instead.DECIDED) -> client.Response:
    return client.stream(
        PROMPT, deployment=deployment, trace_id="t1", deadline=time.monotonic() + seconds, instead=instead
    )


@pytest.mark.parametrize("fault", ["hang", "ping"])
def test_the_second_call_answers_where_the_first_says_nothing(
    answers: Deployment, fake_providers: FakeProviders, fault: str
) -> None:
    fake_providers.script(fault)
    response = ask(answers)
    assert "".join(response).endswith("more.")
    assert len(fake_providers.requests) == 2
    row = UsageRecord.objects.get()
    assert (row.attempts, row.finish_reason, row.is_estimated) == (2, "stop", True)
    assert row.input_tokens == response.usage.input_tokens > tokens.estimate(PROMPT, "").input_tokens


def test_the_first_is_heard_where_it_begins_after_all(answers: Deployment, fake_providers: FakeProviders) -> None:
    fake_providers.script("pause", "hang")
    threading.Timer(0.7, fake_providers.released.set).start()
    fake_providers.blocks = [("Late, but here.", (0,))]
    assert "Late" in "".join(ask(answers, seconds=4.0))
    assert UsageRecord.objects.get().finish_reason == "stop"


def test_a_failure_of_one_waits_for_the_other(answers: Deployment, fake_providers: FakeProviders) -> None:
    """The second is refused at once; the first goes on."""
    spoken = threading.Event()

    def items() -> Iterator[str]:
        if spoken.is_set():
            raise ProviderError("It asks to be called less often.", kind="rate_limit")
        spoken.set()
        time.sleep(0.4)
        yield "here"

    now = time.monotonic()
    heard = deadline.iterate(items, now + 5, again=deadline.Again(now + 0.1, lambda: True))
    assert list(heard) == ["here"]


def test_when_both_say_nothing_it_ends_in_time_in_one_row(answers: Deployment, fake_providers: FakeProviders) -> None:
    fake_providers.script("hang", "hang")
    began = time.monotonic()
    with pytest.raises(ProviderError) as raised:
        list(ask(answers))
    assert raised.value.kind == "timeout"
    assert time.monotonic() - began < 5
    row = UsageRecord.objects.get()
    assert (row.attempts, row.finish_reason) == (2, "timeout")
    assert row.input_tokens == 2 * tokens.estimate(PROMPT, "").input_tokens


def test_both_are_paid_out_of_one_reservation(answers: Deployment, fake_providers: FakeProviders) -> None:
    ModelPrice.objects.create(
        provider="openai", model="gpt-4o-mini", input_per_million=Decimal(1), output_per_million=Decimal(1),
        valid_from=timezone.now(),
    )  # fmt: skip
    Budget.objects.create(period="day", limit=Decimal(5))
    fake_providers.script("hang")
    list(ask(answers))
    assert not Reservation.objects.exists()
    assert BudgetPeriod.objects.get().spent == UsageRecord.objects.get().cost


def test_a_model_that_thinks_for_long_as_a_rule_is_asked_once(
    answers: Deployment, fake_providers: FakeProviders
) -> None:
    for _ in range(2):
        UsageRecord.objects.create(
            trace_id="before", purpose=Purpose.ANSWER, provider="openai", model=answers.model, latency_ms=30_000,
            first_token_ms=25_000, finish_reason="stop",
        )  # fmt: skip
    fake_providers.script("pause")
    threading.Timer(0.8, fake_providers.released.set).start()
    list(ask(answers, seconds=5.0))
    assert len(fake_providers.requests) == 1


def test_nobody_is_asked_twice_where_this_very_model_is_measured(
    answers: Deployment, fake_providers: FakeProviders
) -> None:
    fake_providers.script("hang")
    with pytest.raises(ProviderError):
        list(ask(answers, seconds=0.6, instead=Instead.NOBODY))
    assert len(fake_providers.requests) == 1


def test_what_fails_when_nobody_listens_any_more_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    may_fail, said = threading.Event(), SimpleQueue[str]()
    monkeypatch.setattr(deadline.log, "warning", lambda text, *words: said.put(text % words))

    def items() -> Iterator[str]:
        yield "a"
        may_fail.wait(5)
        raise ProviderError("The provider refused the key.", kind="key")

    heard = deadline.iterate(items, time.monotonic() + 5)
    assert next(heard) == "a"
    heard.close()
    may_fail.set()
    assert said.get(timeout=5).endswith("ended in an error: The provider refused the key.")


def test_a_refusal_before_is_tried_again_as_ever(answers: Deployment, fake_providers: FakeProviders) -> None:
    fake_providers.script(Refusal(500))
    assert "".join(ask(answers, seconds=5.0))
    assert UsageRecord.objects.get().attempts == 2


@pytest.mark.parametrize(("limit", "asked"), [("1.50", 1), ("2.50", 2)])
def test_the_second_call_is_set_aside_for_as_well_or_not_made(
    answers: Deployment, fake_providers: FakeProviders, limit: str, asked: int
) -> None:
    """One may take a USD at most."""
    worst = worst_of(PROMPT)
    price = Decimal(1_000_000) / (worst.input_tokens + worst.output_tokens)
    ModelPrice.objects.create(
        provider="openai", model="gpt-4o-mini", input_per_million=price, output_per_million=price,
        valid_from=timezone.now(),
    )  # fmt: skip
    Budget.objects.create(period="day", limit=Decimal(limit))
    fake_providers.script("hang", "hang")
    with pytest.raises(ProviderError) as raised:
        list(ask(answers))
    assert raised.value.kind == "timeout"
    assert (len(fake_providers.requests), UsageRecord.objects.get().attempts) == (asked, asked)
    assert not Reservation.objects.exists()
    assert BudgetPeriod.objects.get().reserved == 0
