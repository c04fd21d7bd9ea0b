"""What may be spent is not exceeded, whatever happens at once or dies in between."""

import threading
import time
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bot.answers import conversations
from bot.models import Message, Outcome, Platform
from dashboard.models import AuditEntry
from knowledge.models import Collection
from llm import tasks
from llm.completion import ProviderError, Usage
from llm.models import (
    Budget,
    BudgetPeriod,
    Deployment,
    ModelPrice,
    Purpose,
    Reservation,
    ServingRole,
    UsageRecord,
)
from llm.spending import budgets
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment, make_endpoint, make_nobody_stand_in
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db(transaction=True)

WORST = Usage(1000, 0, 0)  # a dollar at the price below


@pytest.fixture(autouse=True)
def _price(transactional_db: None) -> None:
    ModelPrice.objects.create(
        provider="openai", model="*", input_per_million=1000, output_per_million=1000, valid_from="2020-01-01T00:00Z"
    )


def model() -> Deployment:
    return make_deployment(ServingRole.ANSWER, provider="openai", model="a-model")


def reserve() -> Reservation | None:
    return budgets.reserve(model(), WORST, trace_id="t", purpose=Purpose.ANSWER, seconds=10)


def books() -> BudgetPeriod:
    return BudgetPeriod.objects.get(period="day")


def test_without_a_budget_nothing_is_held() -> None:
    assert reserve() is None
    Budget.objects.create(period="day", limit=1, is_hard=False)
    assert reserve() is None


def test_what_is_held_becomes_what_it_cost_and_the_rest_is_free_again() -> None:
    Budget.objects.create(period="day", limit=Decimal("1.50"))
    held = reserve()
    with pytest.raises(ProviderError, match="does not hold another call"):
        reserve()
    budgets.settle(held, Decimal("0.25"))
    assert (books().spent, books().reserved) == (Decimal("0.25"), Decimal(0))
    assert reserve() is not None


def test_a_month_refuses_and_the_day_is_not_charged_for_it() -> None:
    Budget.objects.create(period="day", limit=100)
    Budget.objects.create(period="month", limit=Decimal("0.50"))
    with pytest.raises(ProviderError):
        reserve()
    assert not BudgetPeriod.objects.filter(reserved__gt=0).exists()
    assert not Reservation.objects.exists()


def test_the_first_row_of_a_period_knows_what_was_spent_before() -> None:
    UsageRecord.objects.create(trace_id="t", purpose="answer", provider="openai", model="m", cost=2, latency_ms=1)
    Budget.objects.create(period="day", limit=Decimal("2.50"))
    with pytest.raises(ProviderError):
        reserve()


def test_five_hundred_at_once_at_the_edge_spend_no_cent_too_much() -> None:
    Budget.objects.create(period="day", limit=100)
    deployment = model()
    UsageRecord.objects.create(trace_id="t", purpose="answer", provider="openai", model="m", cost=99, latency_ms=1)
    granted, refused = [], []

    def ask() -> None:
        for _ in range(25):
            try:
                granted.append(
                    budgets.reserve(deployment, Usage(300, 0, 0), trace_id="t", purpose=Purpose.ANSWER, seconds=10)
                )
            except ProviderError:
                refused.append(1)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(granted), len(refused)) == (3, 497)
    assert books().spent + books().reserved == Decimal("99.90")


def test_what_a_dead_process_had_asked_for_counts_as_spent_once() -> None:
    Budget.objects.create(period="day", limit=100)
    reserve()
    Reservation.objects.update(expires_at=timezone.now())
    tasks.heal()
    tasks.heal()
    assert UsageRecord.objects.filter(finish_reason="lost").count() == 1
    assert (books().spent, books().reserved) == (Decimal(1), Decimal(0))
    assert UsageRecord.objects.get().finish_reason == "lost"


@pytest.mark.usefixtures("shelf")
def test_an_asker_is_told_and_the_books_are_those_of_the_ledger(fake_providers: FakeProviders) -> None:
    Budget.objects.create(period="day", limit=100)
    make_nobody_stand_in()
    assert ask().outcome == Outcome.ANSWERED
    fake_providers.script(Refusal(400, "No.", "bad"))
    assert ask().outcome == Outcome.PROVIDER_ERROR
    ledger = sum((cost or 0 for cost in UsageRecord.objects.values_list("cost", flat=True)), Decimal(0))
    assert (books().spent, books().reserved) == (Decimal(ledger), Decimal(0))
    Budget.objects.update(limit=Decimal("0.01"))
    over = ask()
    assert (over.outcome, "budget" in over.text) == (Outcome.OVER_BUDGET, True)
    assert len(fake_providers.requests) == 2, "nothing was sent"


def ask() -> Message:
    *_, done = conversations.ask("How are annual plans refunded?", platform=Platform.WEB, collections=[shelf_id()])
    assert isinstance(done, conversations.Done)
    return done.message


def shelf_id() -> int:
    return Collection.objects.public().get().pk


def test_a_page_that_asks_a_model_locks_no_budget_meanwhile(client: Client, fake_providers: FakeProviders) -> None:
    client.force_login(make_user("root", is_superuser=True))
    Budget.objects.create(period="day", limit=100)
    endpoint = make_endpoint("openai", fake_providers.openai_url)
    fake_providers.seconds = 1.0
    held: list[bool] = []

    def look() -> None:
        deadline = time.monotonic() + 30
        while not held and time.monotonic() < deadline:
            held.extend([True] if Reservation.objects.exists() else [])
        connection.close()

    looking = threading.Thread(target=look)
    looking.start()
    page = client.post(reverse("try_endpoint", args=[endpoint.pk]), {"model": "a-model"}).content.decode()
    looking.join()
    assert held == [True], "what is reserved is there for others to see"
    assert "It said" in page
    assert AuditEntry.objects.filter(action="try_endpoint").count() == 1
