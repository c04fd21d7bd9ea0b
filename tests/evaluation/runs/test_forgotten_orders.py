"""What a vendor holds of orders that are over: it is fetched while it can be, and deleted afterwards."""

import pytest
from django.utils import timezone

from evaluation import tasks
from evaluation.models import EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import execution
from tests.fakes.providers.fake import FakeProviders
from tests.rows.orders import go_on, made

pytestmark = pytest.mark.django_db


def is_there(fake: FakeProviders) -> bool:
    """Whether anything of the only order can still be had."""
    order = fake.batches.only()
    return bool(fake.batches.files) if order.is_openai else not order.is_deleted


def test_what_was_asked_and_answered_is_deleted_once_it_is_taken_over(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.befalls = {1: "error"}  # so that there is a file of errors as well
    fake_providers.batches.finish()
    assert is_there(fake_providers)
    assert go_on(run).state == RunState.DONE
    assert not is_there(fake_providers)
    assert made(run).is_forgotten


def test_a_deletion_that_fails_is_tried_again(ordered_run: EvaluationRun, fake_providers: FakeProviders) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.finish()
    fake_providers.batches.keeps = 1
    assert go_on(run).state == RunState.DONE
    assert is_there(fake_providers)
    tasks.cancel_batches()  # too soon
    assert is_there(fake_providers)
    RunBatch.objects.update(look_at=timezone.now())
    tasks.cancel_batches()
    assert not is_there(fake_providers)
    assert not RunBatch.objects.get().look_at


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_what_was_uploaded_for_an_order_that_is_refused_is_deleted(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    fake_providers.batches.taken = 0
    assert execution.run(ordered_run.pk).state == RunState.STOPPED  # type: ignore[union-attr]
    assert fake_providers.batches.files == {}


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_what_an_order_may_need_that_was_made_all_the_same_stays(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    fake_providers.batches.loses_reply = True
    execution.run(ordered_run.pk)
    assert len(fake_providers.batches.files) == 1


def test_replies_that_cannot_be_fetched_any_more_are_given_up_after_three_looks(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.finish()
    fake_providers.batches.files.clear()
    fake_providers.batches.only().results = []
    assert [go_on(run).state for _ in range(3)] == [RunState.WAITING, RunState.WAITING, RunState.DONE]
    assert made(run).state == OrderState.OVER
    assert all("cannot be fetched" in each.error for each in run.results.all())


@pytest.mark.parametrize("vendor", ["openai"], indirect=True)
def test_replies_that_a_wrong_key_keeps_from_us_are_waited_for(
    ordered_run: EvaluationRun, fake_providers: FakeProviders
) -> None:
    run = ordered_run
    execution.run(run.pk)
    fake_providers.batches.finish()
    key, fake_providers.key = fake_providers.key, "sk-another-key-altogether"
    assert [go_on(run).state for _ in range(4)] == [RunState.WAITING] * 4
    fake_providers.key = key
    assert go_on(run).state == RunState.DONE
    assert [each.has_passed for each in run.results.all()] == [True] * 3
