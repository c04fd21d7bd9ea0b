"""Runs whose models are asked in one order each: ordered once, waited for, settled by production's own code."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from evaluation import tasks
from evaluation.cases import erasing
from evaluation.models import BatchedAnswer, EvaluationCase, EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import execution, run_reports, settling, starting
from evaluation.runs.starting import RunError
from llm.models import Budget, BudgetPeriod, Period, Purpose, Reservation, ServingRole, UsageRecord
from tests.fakes.providers.fake import FakeProviders
from tests.rows.cases import make_run
from tests.rows.make import make_deployment
from tests.rows.orders import go_on, made

pytestmark = pytest.mark.django_db


def test_what_comes_back_is_settled_as_production_does(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    assert execution.run(run.pk).state == RunState.WAITING  # type: ignore[union-attr]
    order = fake_providers.batches.only()
    assert (made(run).state, made(run).lines, run.results.count()) == (OrderState.ORDERED, 3, 0)
    at_once = make_run(run.case_set, arms=["rag"])
    execution.run(at_once.pk)
    streamed = [each.body["messages"] for each in fake_providers.requests[-3:]]
    assert [body["messages"] for body in order.lines.values()] == streamed
    assert execution.run(run.pk) is None  # too soon to look
    assert go_on(run).state == RunState.WAITING
    fake_providers.batches.finish()
    asked = len(fake_providers.requests)
    assert go_on(run).state == RunState.DONE
    assert len(fake_providers.requests) == asked
    found = list(run.results.order_by("case"))
    assert [each.has_passed for each in found] == [True] * 3
    assert {each.answer for each in found} == {"Annual plans can be refunded in full within 30 days. [1]"}
    assert found[0].scores["citations"] == {"validity": 1.0, "precision": 1.0, "recall": 1.0}
    assert (found[0].total_ms, found[0].first_token_ms) == (None, None)
    assert run_reports.as_json(run)["arms"]["rag"]["latency_ms"]["p95"] is None


def test_it_costs_half_and_the_ledger_says_so(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    execution.run(run.pk)
    held = Reservation.objects.get()
    assert held.amount > 0
    assert held.expires_at > timezone.now() + timedelta(days=2)
    spent_before = BudgetPeriod.objects.get().spent
    fake_providers.batches.finish()
    go_on(run)
    rows = UsageRecord.objects.filter(is_batch=True)
    assert [(row.purpose, row.input_tokens, row.cached_input_tokens, row.output_tokens) for row in rows] == [
        (Purpose.EVALUATE, 120, 20, 15)
    ] * 3
    whole = UsageRecord.objects.filter(purpose=Purpose.TEST).get().cost  # the same tokens, asked at once
    assert whole is not None
    assert abs(rows[0].cost * 2 - whole) <= Decimal("0.00000002")  # type: ignore[operator]
    assert sum(each.cost for each in run.results.all()) == sum(row.cost for row in rows)  # type: ignore[misc]
    period = BudgetPeriod.objects.get()
    assert not period.reserved
    assert not Reservation.objects.exists()
    assert period.spent - spent_before == sum(row.cost for row in rows)  # type: ignore[misc]


def test_lines_that_failed_are_told_and_asked_at_once_on_resume(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {0: "error", 1: "missing", 2: "expired"}
    fake_providers.batches.finish("expired" if made(run).order.startswith("batch_") else "")
    assert go_on(run).state == RunState.DONE
    told = [each.error for each in run.results.order_by("case")]
    assert ["provider failed" in told[0], "no line for it" in told[1], "within its day" in told[2]] == [True] * 3
    assert {each.has_passed for each in run.results.all()} == {None}
    starting.resume(run)
    assert (run.is_batch, run.results.count()) == (False, 0)
    assert go_on(run).state == RunState.DONE
    assert all(each.has_passed and each.total_ms for each in run.results.all())
    assert len(fake_providers.batches.orders) == 1


def test_what_is_strange_in_the_files_spoils_nothing_else(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {0: "twice", 1: "strange"}
    fake_providers.batches.finish()
    go_on(run)
    assert [each.has_passed for each in run.results.order_by("case")] == [True, None, True]
    assert UsageRecord.objects.filter(is_batch=True).count() == 3


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_a_line_that_cannot_be_read_is_missing(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {2: "unreadable"}
    fake_providers.batches.finish()
    go_on(run)
    assert [each.error for each in run.results.order_by("case")] == ["", "", settling.MISSING]


def test_a_run_that_is_stopped_cancels_its_order_and_pays_what_was_done(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    execution.run(run.pk)
    assert starting.stop(run, "Enough.")
    tasks.cancel_batches()
    order = fake_providers.batches.only()
    assert order.is_cancelled
    RunBatch.objects.update(look_at=timezone.now())
    tasks.cancel_batches()  # once more changes nothing
    fake_providers.batches.finish("cancelled" if order.is_openai else "ended")
    RunBatch.objects.update(look_at=timezone.now())
    tasks.cancel_batches()
    assert made(run).state == OrderState.OVER
    assert not run.results.exists()
    assert not Reservation.objects.exists()
    assert not BudgetPeriod.objects.get().reserved
    assert UsageRecord.objects.filter(is_batch=True, cost=0).count() == 3
    run.refresh_from_db()
    assert (run.state, run.reason) == (RunState.STOPPED, "Enough.")
    starting.resume(run)
    assert go_on(run).state == RunState.DONE
    assert all(each.has_passed for each in run.results.all())


def test_without_money_nothing_is_ordered(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    Budget.objects.create(period=Period.DAY, limit=Decimal("0.01"))
    EvaluationRun.objects.filter(pk=run.pk).update(budget=Decimal("0.0001"))
    stopped = execution.run(run.pk)
    assert stopped is not None
    assert stopped.state == RunState.STOPPED
    assert "does not hold an order that may cost" in stopped.reason
    assert (fake_providers.batches.orders, Reservation.objects.count()) == ([], 0)
    starting.resume(run, budget=Decimal(5))
    BudgetPeriod.objects.update(spent=Decimal("0.0099"))  # the rest is enough for the trial, and not for the order
    run.refresh_from_db()
    again = execution.run(run.pk)
    assert again is not None
    assert "The budget, $0.01 a day, does not hold another call of up to" in again.reason
    assert UsageRecord.objects.filter(purpose=Purpose.TEST, finish_reason="stop").count() == 2
    assert fake_providers.batches.orders == []


def test_an_order_that_is_gone_is_given_up_after_three_looks(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.orders.clear()
    assert go_on(run).state == RunState.WAITING
    assert go_on(run).state == RunState.WAITING
    assert go_on(run).state == RunState.DONE
    assert {each.error for each in run.results.all()} == {"The provider knows no such order any more."}


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_a_file_that_is_refused_as_a_whole_is_told(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.fail("The model is not offered in batches.")
    assert go_on(run).state == RunState.DONE
    assert {each.error for each in run.results.all()} == {"The model is not offered in batches."}


def test_what_is_erased_meanwhile_is_gone_and_paid_for(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    case = EvaluationCase.objects.order_by("id")[0]
    erasing.erase_cases([case.pk])
    assert not BatchedAnswer.objects.filter(case=case).exists()
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE
    assert run.results.count() == 2
    assert UsageRecord.objects.filter(is_batch=True).count() == 3


def test_who_takes_no_orders_says_so(
    ordered_run: EvaluationRun, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch, vendor: str
) -> None:
    run = ordered_run
    monkeypatch.undo()  # by its address the fake is nobody's own server
    assert make_run(run.case_set, arms=["rag"], is_batch=True).is_batch  # it has the API, so that it is asked
    fake_providers.batches.is_absent = True
    with pytest.raises(RunError, match="has no batch API: it answers 404"):
        make_run(run.case_set, arms=["rag"], is_batch=True)
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    with pytest.raises(RunError, match="costs nothing: there is nothing to order"):
        make_run(run.case_set, arms=["rag"], is_batch=True)
