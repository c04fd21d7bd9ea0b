"""Fine-tune jobs through OpenAI's SDK against a local server: ordered once, paid once, whatever dies."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from foundation import secrets
from llm.models import Budget, Endpoint, ModelPrice, Purpose, UsageRecord
from tests.fakes.providers.fine_tuning import KEY, FakeFineTuning
from tests.rows.examples import make_examples, make_tuner
from tests.rows.make import make_deployment
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, states, submitting
from tuning.jobs.submitting import OrderError, WantedJob
from tuning.models import Dataset, FineTuneJob, JobState, ModelVersion
from tuning.registry import versions

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(fine_tuning: FakeFineTuning) -> Endpoint:
    return make_tuner(fine_tuning)


@pytest.fixture
def dataset() -> Dataset:
    make_deployment()
    make_examples(14)
    return freeze("first")


@pytest.fixture
def job(dataset: Dataset, endpoint: Endpoint) -> FineTuneJob:
    return submitting.order(WantedJob(dataset, "openai_compatible", "llama-3-8b", endpoint), by=None)


def step(job: FineTuneJob) -> FineTuneJob:
    """What the worker does when the job is due."""
    FineTuneJob.objects.filter(pk=job.pk).update(poll_at=timezone.now())
    polling.advance(job.pk)
    job.refresh_from_db()
    return job


def dies(job: FineTuneJob) -> None:
    """The worker was killed: its lease runs out."""
    FineTuneJob.objects.filter(pk=job.pk).update(lease_until=timezone.now())


def test_a_job_goes_from_order_to_registered_model(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    ModelPrice.objects.create(
        provider="openai", model="llama-*", input_per_million=1, training_per_million=3, valid_from=timezone.now()
    )
    assert step(job).state == JobState.RUNNING
    assert (fine_tuning.paid, len(fine_tuning.files)) == (1, 2)
    assert fine_tuning.only_job()["metadata"] == {"parley_job": str(job.key)}
    fine_tuning.tell("Step 1", key="ev-1")
    assert step(job).provider_state == "validating_files"
    fine_tuning.tell("Step 2", key="ev-2")
    fine_tuning.move("succeeded")
    assert step(job).state == JobState.SUCCEEDED
    assert list(job.events.values_list("message", flat=True)) == ["Step 1", "Step 2"]
    assert [each.step for each in job.checkpoints.all()] == [1, 2]
    assert job.metrics[1] == {"step": 2.0, "train_loss": 1.25}
    assert job.cost == Decimal("0.0370")
    version = ModelVersion.objects.get()
    assert (version.model, version.base, version.dataset, version.job) == (job.model, "llama-3-8b", job.dataset, job)
    record = UsageRecord.objects.get(purpose=Purpose.TUNE)
    assert (record.input_tokens, record.cost) == (12_345, Decimal("0.03703500"))


def test_metrics_in_base64_are_read(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    fine_tuning.is_base64 = True
    step(job)
    fine_tuning.move("succeeded")
    assert step(job).metrics[0] == {"step": 1.0, "train_loss": 2.5, "valid_loss": 2.6}


@pytest.mark.parametrize("what", ["files", "jobs"])
@pytest.mark.parametrize("forgets_metadata", [False, True])
def test_a_lost_reply_orders_nothing_twice(
    what: str, forgets_metadata: bool, job: FineTuneJob, fine_tuning: FakeFineTuning
) -> None:
    fine_tuning.lost_replies, fine_tuning.forgets_metadata = {what}, forgets_metadata
    assert step(job).state == JobState.UPLOADING
    assert step(job).state == JobState.RUNNING
    assert (fine_tuning.paid, len(fine_tuning.files)) == (1, 2)


def test_a_killed_worker_is_followed_by_another_once_its_lease_is_over(
    job: FineTuneJob, fine_tuning: FakeFineTuning
) -> None:
    FineTuneJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(minutes=5))
    assert polling.advance(job.pk) is None
    dies(job)
    assert step(job).state == JobState.RUNNING
    assert polling.advance(job.pk) is None  # it is not due yet
    assert fine_tuning.paid == 1


def test_states_nobody_has_told_of_count_as_running(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    fine_tuning.move("warming_up_the_oven")
    assert (step(job).state, job.provider_state) == (JobState.RUNNING, "warming_up_the_oven")
    fine_tuning.move("paused")
    assert step(job).state == JobState.PAUSED
    fine_tuning.move("running")
    assert step(job).state == JobState.RUNNING


def test_success_without_a_name_is_looked_at_again(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    fine_tuning.move("succeeded", fine_tuned_model=None)
    assert step(job).state == JobState.RUNNING
    fine_tuning.move("succeeded")
    assert step(job).state == JobState.SUCCEEDED


def test_the_same_event_twice_is_one(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    fine_tuning.tell("Step 1", key="ev-1")
    fine_tuning.tell("Step 1", key="ev-1")
    step(job)
    step(job)
    assert job.events.count() == 1


def test_a_failed_job_says_why(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    error = {"code": "invalid_training_file", "message": f"Line 3 is bad; the key was {KEY}.", "param": None}
    fine_tuning.move("failed", error=error)
    assert step(job).state == JobState.FAILED
    assert "Line 3 is bad" in job.error
    assert KEY not in job.error
    assert polling.advance(job.pk) is None


def test_a_job_that_is_gone_three_times_is_lost(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    fine_tuning.jobs.clear()
    assert [step(job).state for _ in range(3)] == [JobState.RUNNING, JobState.RUNNING, JobState.FAILED]
    assert "knows no job" in job.error


def test_a_key_that_is_refused_ends_the_order_at_once(job: FineTuneJob, endpoint: Endpoint) -> None:
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt("sk-other"))
    assert step(job).state == JobState.FAILED
    assert "refused the key" in job.error


def test_a_cancelled_job_is_cancelled_with_its_provider(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    assert polling.cancel(job)
    assert (job.state, fine_tuning.only_job()["status"]) == (JobState.CANCELLED, "cancelled")
    assert not polling.cancel(job)
    with pytest.raises(states.MoveError):
        states.move(job, JobState.RUNNING)


def test_a_job_that_ended_meanwhile_is_not_cancelled_but_taken(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    fine_tuning.move("succeeded")
    assert not polling.cancel(job)
    assert job.state == JobState.SUCCEEDED
    assert ModelVersion.objects.filter(job=job).exists()


def test_a_paid_job_is_not_given_up_while_its_provider_is_away(job: FineTuneJob, endpoint: Endpoint) -> None:
    step(job)
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt("sk-expired"))
    for _ in range(polling.MOST_FAILURES + 2):
        assert step(job).state == JobState.RUNNING
    assert "refused the key" in job.error
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt(KEY))
    assert (step(job).state, job.error) == (JobState.RUNNING, "")


def test_what_stands_beside_a_job_is_not_needed(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    step(job)
    fine_tuning.move("succeeded", result_files=["file-gone"])
    fine_tuning.events.clear()
    assert (step(job).state, job.metrics) == (JobState.SUCCEEDED, [])


def test_a_job_that_may_have_begun_is_neither_lost_nor_left_running(
    job: FineTuneJob, endpoint: Endpoint, fine_tuning: FakeFineTuning
) -> None:
    fine_tuning.lost_replies = {"jobs"}
    assert step(job).state == JobState.UPLOADING
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt("sk-expired"))
    assert step(job).state == JobState.UPLOADING, "there may be a job that costs"
    assert polling.cancel(job)
    assert fine_tuning.only_job()["status"] == "validating_files"
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt(KEY))
    step(job)
    assert (fine_tuning.only_job()["status"], fine_tuning.paid) == ("cancelled", 1)
    assert polling.advance(job.pk) is None


def test_a_model_that_was_registered_by_hand_is_known_with_its_lineage_in_the_end(
    job: FineTuneJob, fine_tuning: FakeFineTuning, endpoint: Endpoint
) -> None:
    step(job)
    versions.register(endpoint, "ft:llama-3-8b:org:voice:1")
    fine_tuning.move("succeeded")
    assert step(job).state == JobState.SUCCEEDED
    version = ModelVersion.objects.get(model=job.model)
    assert (version.dataset, version.base, version.job) == (job.dataset, "llama-3-8b", job)


def test_what_was_ordered_before_is_not_there_to_be_spent(dataset: Dataset, endpoint: Endpoint) -> None:
    ModelPrice.objects.create(
        provider="openai", model="big", input_per_million=1, training_per_million=5000, valid_from=timezone.now()
    )
    wanted = WantedJob(dataset, "openai_compatible", "big", endpoint, parameters={"n_epochs": 99})
    cost = submitting.estimate(wanted)
    assert cost is not None
    Budget.objects.create(period="month", limit=cost * Decimal("1.5"))
    assert submitting.order(wanted, by=None).parameters == {"n_epochs": submitting.EPOCHS}
    with pytest.raises(OrderError, match="budget has"):
        submitting.order(wanted, by=None)


def test_a_dataset_whose_lines_were_all_erased_trains_nothing(job: FineTuneJob, fine_tuning: FakeFineTuning) -> None:
    job.dataset.lines.update(messages=[], rejected="")
    assert step(job).state == JobState.FAILED
    assert ("left to train on" in job.error, fine_tuning.paid) == (True, 0)


def test_what_the_budget_does_not_hold_is_not_ordered(dataset: Dataset, endpoint: Endpoint) -> None:
    ModelPrice.objects.create(
        provider="openai", model="big", input_per_million=1, training_per_million=5000, valid_from=timezone.now()
    )
    Budget.objects.create(period="month", limit=Decimal("0.01"))
    with pytest.raises(OrderError, match="budget has"):
        submitting.order(WantedJob(dataset, "openai_compatible", "big", endpoint), by=None)
    assert not FineTuneJob.objects.exists()


def test_what_cannot_be_had_is_said_before_anything_is_sent(dataset: Dataset) -> None:
    own = Endpoint.objects.create(name="openai", provider="openai")
    with pytest.raises(OrderError, match="takes an endpoint"):
        submitting.order(WantedJob(dataset, "openai_compatible", "gpt-4.1"), by=None)
    with pytest.raises(OrderError, match="no new jobs since 2027-01-06"):
        submitting.check(WantedJob(dataset, "openai_compatible", "gpt-4.1", own), date(2027, 2, 1))
    with pytest.raises(OrderError, match="which model"):
        submitting.order(WantedJob(dataset, "by_hand", " "), by=None)


def test_training_by_hand_costs_nothing_and_waits_for_a_person(dataset: Dataset) -> None:
    job = submitting.order(WantedJob(dataset, "by_hand", "qwen"), by=None)
    assert (step(job).state, job.estimate) == (JobState.RUNNING, Decimal(0))
    assert (step(job).state, job.provider_state) == (JobState.RUNNING, "in somebody's hands")
    assert polling.cancel(job)
