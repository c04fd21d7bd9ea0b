"""Orders that nobody waits for any more: they are cancelled, accounted for, and never forgotten."""

from decimal import Decimal

import pytest
from django.utils import timezone

from evaluation import tasks
from evaluation.models import EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import execution, starting
from llm.models import Budget, Period, Reservation, UsageRecord
from tests.fakes.providers.fake import FakeProviders
from tests.rows.orders import go_on, in_two_arms

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
    assert RunBatch.objects.get().state == OrderState.OVER
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
