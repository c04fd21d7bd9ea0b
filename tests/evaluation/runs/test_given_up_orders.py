"""Orders that nobody waits for any more: they are cancelled, accounted for, and never forgotten."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from evaluation import tasks
from evaluation.cases import erasing
from evaluation.models import BatchedAnswer, EvaluationCase, EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import execution, replies, starting
from llm.models import Budget, Period, Reservation, UsageRecord
from tests.fakes.providers.fake import FakeProviders
from tests.rows.orders import go_on, in_two_arms, made

pytestmark = pytest.mark.django_db


def look_after() -> None:
    """As the worker does later, for orders that no run waits for."""
    RunBatch.objects.update(look_at=timezone.now())
    tasks.cancel_batches()


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_a_run_that_stops_by_itself_gives_up_what_it_has_ordered(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    run = in_two_arms(ordered_run)
    fake_providers.batches.taken = 1
    assert execution.run(run.pk).state == RunState.STOPPED  # type: ignore[union-attr]
    assert "Enqueued token limit" in EvaluationRun.objects.get(pk=run.pk).reason
    look_after()
    order = fake_providers.batches.only()
    assert order.is_cancelled
    fake_providers.batches.finish("cancelled")
    look_after()
    assert set(RunBatch.objects.values_list("state", flat=True)) == {OrderState.OVER}
    assert not Reservation.objects.exists()
    assert UsageRecord.objects.filter(is_batch=True).count() == 3
    fake_providers.batches.taken = None
    run.refresh_from_db()
    starting.resume(run)
    assert go_on(run).state == RunState.DONE
    assert run.results.filter(has_passed=None).count() == 0


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_an_order_that_an_older_version_left_behind_is_cancelled_too(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    execution.run(ordered_run.pk)
    EvaluationRun.objects.filter(pk=ordered_run.pk).update(state=RunState.STOPPED)
    look_after()
    assert fake_providers.batches.only().is_cancelled


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_what_was_only_about_to_be_ordered_is_ordered_after_a_resume(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = in_two_arms(ordered_run)
    EvaluationRun.objects.filter(pk=run.pk).update(budget=Decimal("0.0001"))
    assert execution.run(run.pk).state == RunState.STOPPED  # type: ignore[union-attr]
    run.refresh_from_db()
    starting.resume(run, budget=Decimal(5))
    assert run.is_batch
    go_on(run)
    assert len(fake_providers.batches.orders) == 2


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_a_case_that_is_erased_while_its_prompt_is_taken_is_not_kept_or_ordered(
    ordered_run: EvaluationRun, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, ask = ordered_run, replies.ask
    last = EvaluationCase.objects.order_by("id")[2]
    erased: list[int] = []

    def ask_and_erase(*case: Any, **terms: Any) -> Any:
        if not erased:
            erased.append(erasing.erase_cases([last.pk]))
        return ask(*case, **terms)

    monkeypatch.setattr(replies, "ask", ask_and_erase)
    assert execution.run(run.pk).state == RunState.WAITING  # type: ignore[union-attr]
    assert erased
    assert last.question not in str([each.found for each in BatchedAnswer.objects.all()])
    assert last.question not in str(fake_providers.batches.only().lines)
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE
    assert run.results.count() == 2


def test_a_line_that_cannot_be_built_again_holds_nothing_up(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    EvaluationRun.objects.filter(pk=run.pk).update(budget=0)
    assert execution.run(run.pk).state == RunState.STOPPED  # type: ignore[union-attr]
    left = BatchedAnswer.objects.order_by("id")[0]
    EvaluationCase.objects.filter(pk=left.case_id).update(**erasing.EMPTY)  # as an older version left it
    run.refresh_from_db()
    starting.resume(run, budget=Decimal(5))
    assert go_on(run).state == RunState.WAITING
    assert len(fake_providers.batches.only().lines) == 2
    assert not BatchedAnswer.objects.filter(pk=left.pk).exists()
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE


def test_what_is_resumed_before_its_order_is_cancelled_is_asked_and_not_recorded_as_failed(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    starting.stop(run, "Enough.")
    look_after()
    run.refresh_from_db()
    starting.resume(run)
    order = fake_providers.batches.only()
    fake_providers.batches.finish("cancelled" if order.is_openai else "ended")
    look_after()
    assert made(run).state == OrderState.OVER
    assert go_on(run).state == RunState.DONE
    assert [each.has_passed for each in run.results.all()] == [True] * 3


def test_a_run_that_only_waits_uses_up_no_attempts(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    EvaluationRun.objects.filter(pk=run.pk).update(attempts=4)
    assert execution.run(run.pk).state == RunState.WAITING  # type: ignore[union-attr]
    execution.give_up()
    fake_providers.batches.finish()
    assert go_on(run).state == RunState.DONE


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_an_order_that_a_failed_run_never_made_is_looked_for_once(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    Budget.objects.create(period=Period.DAY, limit=Decimal(5))
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.orders.clear()  # what was asked for did never arrive
    RunBatch.objects.update(state=OrderState.PREPARED, order="")
    EvaluationRun.objects.filter(pk=run.pk).update(state=RunState.FAILED)
    look_after()
    assert (made(run).state, Reservation.objects.count()) == (OrderState.OVER, 0)
    run.refresh_from_db()
    starting.resume(run)
    assert go_on(run).state == RunState.DONE
    assert [each.has_passed for each in run.results.all()] == [True] * 3
