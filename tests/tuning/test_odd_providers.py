"""Servers that speak OpenAI's fine-tuning API in their own way: what they refuse, leave out or say otherwise."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone

from tests.fakes.providers.fine_tuning import FakeFineTuning
from tests.rows.examples import make_examples, make_tuner
from tests.rows.make import make_deployment
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, submitting
from tuning.jobs.submitting import WantedJob
from tuning.models import FineTuneJob, JobState

pytestmark = pytest.mark.django_db


def ordered(fine_tuning: FakeFineTuning, **parameters: Any) -> FineTuneJob:
    make_deployment()
    make_examples(14)
    endpoint = make_tuner(fine_tuning)
    wanted = WantedJob(freeze("first"), "openai_compatible", "llama-3-8b", endpoint, parameters=parameters)
    return submitting.order(wanted, by=None)


def step(job: FineTuneJob) -> FineTuneJob:
    FineTuneJob.objects.filter(pk=job.pk).update(poll_at=timezone.now())
    polling.advance(job.pk)
    job.refresh_from_db()
    return job


def test_a_base_model_that_cannot_be_tuned_ends_the_order(fine_tuning: FakeFineTuning) -> None:
    fine_tuning.unknown_models = {"llama-3-8b"}
    job = step(ordered(fine_tuning))
    assert (job.state, fine_tuning.paid, job.creating_at) == (JobState.FAILED, 0, None)
    assert "does not support fine-tuning" in job.error


@pytest.mark.parametrize("status", ["pending", "running", "notRunning", "processing"])
def test_a_job_waits_until_its_files_are_read(status: str, fine_tuning: FakeFineTuning) -> None:
    fine_tuning.file_status = status
    job = step(ordered(fine_tuning))
    assert (job.state, fine_tuning.paid) == (JobState.UPLOADING, 0)
    assert "still reading" in job.error
    fine_tuning.file_status = "processed"
    assert (step(job).state, fine_tuning.paid, len(fine_tuning.files)) == (JobState.RUNNING, 1, 2)


def test_files_that_the_provider_cannot_read_end_the_order(fine_tuning: FakeFineTuning) -> None:
    fine_tuning.file_status = "error"
    job = step(ordered(fine_tuning))
    assert (job.state, fine_tuning.paid) == (JobState.FAILED, 0)
    assert "cannot read parley-" in job.error


def test_parameters_stand_where_the_server_looks_for_them(fine_tuning: FakeFineTuning) -> None:
    job = step(ordered(fine_tuning, trainingType=1, lora=True))
    assert job.state == JobState.RUNNING, job.error
    method = fine_tuning.only_job()["method"]
    assert method["supervised"]["hyperparameters"] == {"lora": True, "n_epochs": submitting.EPOCHS}


@pytest.mark.parametrize("reply", [b"", b"<html>", {}, {"id": "x", "object": "error"}, [{"status": "running"}]])
def test_a_word_that_cannot_be_read_is_asked_for_again(reply: Any, fine_tuning: FakeFineTuning) -> None:
    job = step(ordered(fine_tuning))
    fine_tuning.replaced = {job.provider_job: reply}
    assert step(job).state == JobState.RUNNING
    assert job.error
    fine_tuning.replaced = {}
    fine_tuning.move("succeeded")
    assert (step(job).state, job.error) == (JobState.SUCCEEDED, "")


def test_events_are_kept_whatever_they_leave_out(fine_tuning: FakeFineTuning) -> None:
    job = step(ordered(fine_tuning))
    iso = {"object": "fine-tune-event", "created_at": "2026-10-03T21:42:09.864Z", "level": "", "message": "Created"}
    fine_tuning.replaced = {"/events": [iso, {"id": "ev-2", "message": None}, {"id": "ev-3", "level": "info"}]}
    step(job)
    assert step(job).state == JobState.RUNNING
    kept = {each.message: each for each in job.events.all()}
    assert (job.events.count(), kept["Created"].level) == (3, "info")
    assert kept["Created"].at == datetime(2026, 10, 3, 21, 42, 9, 864000, tzinfo=UTC)


@pytest.mark.parametrize(
    "metrics", [b"step,train_loss\r1,0.5\r2,0.4\r", b'note\n"' + b"x" * 200_000 + b'"\n', b"\xff,1\n"]
)
def test_metrics_that_are_no_csv_take_nothing_from_a_success(metrics: bytes, fine_tuning: FakeFineTuning) -> None:
    job = step(ordered(fine_tuning))
    fine_tuning.move("succeeded")
    fine_tuning.replaced = {"/content": metrics}
    assert (step(job).state, job.metrics) == (JobState.SUCCEEDED, [])


@pytest.mark.parametrize("reply", [b"<html>", {"data": None}, [{"step_number": None}], [{"metrics": None}]])
def test_checkpoints_that_cannot_be_read_take_nothing_from_a_success(reply: Any, fine_tuning: FakeFineTuning) -> None:
    job = step(ordered(fine_tuning))
    fine_tuning.move("succeeded", trained_tokens="many", result_files=None)
    fine_tuning.replaced = {"/checkpoints": reply, "/events": reply}
    assert (step(job).state, job.trained_tokens, job.cost) == (JobState.SUCCEEDED, None, None)
