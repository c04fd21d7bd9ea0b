"""What the orders of a run may cost and have cost: its budget holds, and each thing is booked once."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone

from evaluation.models import EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import execution, following, starting
from llm.calling import room
from llm.models import Budget, BudgetPeriod, Period, Reservation, UsageRecord
from llm.spending import budgets
from tests.fakes.providers.fake import FakeProviders
from tests.rows.cases import make_run
from tests.rows.orders import go_on, in_two_arms, made

pytestmark = pytest.mark.django_db


def test_a_line_that_was_billed_and_failed_is_booked_as_what_it_took(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {0: "thought"}
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE
    assert "before it said a word" in run.results.order_by("case")[0].error
    rows = UsageRecord.objects.filter(is_batch=True)
    assert {(row.input_tokens, row.output_tokens) for row in rows} == {(120, 15)}
    assert len({row.cost for row in rows}) == 1
    assert rows.get(finish_reason="room").cost


def test_a_model_that_thinks_is_given_as_many_tokens_in_an_order(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    room.learn(run.live)
    try:
        execution.run(run.pk)
        execution.run(make_run(run.case_set, arms=["rag"]).pk)
    finally:
        room._wide.clear()
    at_once = fake_providers.requests[-1].body
    limits = [name for name in at_once if name.startswith("max_")]
    assert limits
    for body in fake_providers.batches.only().lines.values():
        assert {name: body[name] for name in limits} == {name: at_once[name] for name in limits}


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_a_budget_holds_all_that_the_orders_of_a_run_may_cost(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = in_two_arms(ordered_run)
    execution.run(run.pk)
    together = RunBatch.objects.aggregate(sum=Sum("most"))["sum"]
    again = in_two_arms(run)
    EvaluationRun.objects.filter(pk=again.pk).update(budget=together * Decimal("0.9"))
    stopped = execution.run(again.pk)
    assert stopped is not None
    assert stopped.state == RunState.STOPPED
    assert "does not hold an order that may cost" in stopped.reason
    assert "orders under way may cost" in stopped.reason
    assert len(fake_providers.batches.orders) == 3  # two of the first run, one of the second


def test_what_would_be_asked_after_a_reply_keeps_to_the_budget(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    right = ("Annual plans can be refunded in full. ", (0,))
    fake_providers.blocks_in_turn = [[right, ("They cost 97 dollars within 45 days.", (0,))]]
    fake_providers.batches.finish()
    EvaluationRun.objects.filter(pk=run.pk).update(budget=0)
    asked = len(fake_providers.requests)
    go_on(run)
    assert (run.state, run.results.count()) == (RunState.STOPPED, 2)
    assert "holds no further answer" in run.reason
    assert len(fake_providers.requests) == asked
    starting.resume(run, budget=Decimal(5))
    assert go_on(run).state == RunState.DONE
    assert len(fake_providers.requests) == asked + 1
    assert "97 dollars" in str(fake_providers.requests[-1].body)
    assert UsageRecord.objects.filter(is_batch=True).count() == 3
    fake_providers.batches.only()


def test_an_order_that_is_named_again_after_it_was_settled_is_not_settled_twice(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    before = made(run)
    fake_providers.batches.finish()
    following.look(made(run))
    following.ordered(before, before.order)
    following.never_made(before)
    assert made(run).state == OrderState.OVER
    following.look(before)
    assert UsageRecord.objects.filter(is_batch=True).count() == 3


def test_an_order_that_was_made_while_it_was_given_up_comes_back_to_be_cancelled(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    run = ordered_run
    execution.run(run.pk)
    order = made(run).order
    RunBatch.objects.update(state=OrderState.PREPARED, order="")
    EvaluationRun.objects.filter(pk=run.pk).update(state=RunState.STOPPED)
    following.never_made(made(run))
    assert (made(run).state, Reservation.objects.count()) == (OrderState.OVER, 0)
    following.ordered(made(run), order)
    assert (made(run).state, made(run).is_unwanted) == (OrderState.ORDERED, True)
    following.look(made(run))
    assert fake_providers.batches.only().is_cancelled


def test_an_order_that_takes_long_is_held_back_for_and_not_counted_as_lost(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    run = ordered_run
    execution.run(run.pk)
    Reservation.objects.update(expires_at=timezone.now() + timedelta(seconds=1))
    go_on(run)
    assert Reservation.objects.get().expires_at > timezone.now() + timedelta(days=2)


def test_what_counted_as_lost_and_came_after_all_is_booked_once(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    run = ordered_run
    execution.run(run.pk)
    before = BudgetPeriod.objects.get().spent
    fake_providers.batches.finish()
    Reservation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert budgets.expire() == 1
    assert BudgetPeriod.objects.get().spent > before
    assert go_on(run).state == RunState.DONE
    assert not UsageRecord.objects.filter(finish_reason="lost").exists()
    period, cost = (
        BudgetPeriod.objects.get(),
        UsageRecord.objects.filter(is_batch=True).aggregate(sum=Sum("cost"))["sum"],
    )
    assert (period.spent - before, period.reserved) == (cost, Decimal(0))
