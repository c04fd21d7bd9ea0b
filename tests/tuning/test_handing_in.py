"""A model whose trainer gives weights alone: a person says where it is served, and what it came of is known."""

import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from llm.models import Endpoint
from tests.rows.examples import make_examples
from tests.rows.make import make_deployment, make_endpoint
from tests.rows.web_rows import make_user
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, submitting
from tuning.jobs.submitting import WantedJob
from tuning.models import Dataset, FineTuneJob, JobState, ModelVersion
from tuning.registry.versions import RegistryError

pytestmark = pytest.mark.django_db


@pytest.fixture
def dataset() -> Dataset:
    make_deployment()
    make_examples(12)
    return freeze("first")


@pytest.fixture
def endpoint() -> Endpoint:
    return make_endpoint("openai", "http://127.0.0.1:9/v1")


def trained(dataset: Dataset, state: JobState = JobState.SUCCEEDED) -> FineTuneJob:
    """A job of the trainer of our own machines."""
    return FineTuneJob.objects.create(
        dataset=dataset, trainer="lora", base="small", key=uuid.uuid4(), state=state, model="/tuning/1/merged",
        parameters={"n_epochs": 2}, poll_at=timezone.now(),
    )  # fmt: skip


def test_what_was_trained_on_this_machine_is_registered_with_its_lineage(dataset: Dataset, endpoint: Endpoint) -> None:
    job = trained(dataset)
    call_command("model", "register", "--endpoint", endpoint.name, "--model", "ours", "--job", str(job.pk))
    made = ModelVersion.objects.get()
    assert (made.model, made.base, made.dataset, made.job) == ("ours", "small", dataset, job)
    assert made.parameters == {"n_epochs": 2}
    with pytest.raises(RegistryError, match="registered already"):
        polling.hand_in(job, endpoint, "another", by=None)
    with pytest.raises(RegistryError, match=f"came of job {job.pk} already"):
        polling.hand_in(trained(dataset), endpoint, "ours", by=None)
    assert ModelVersion.objects.count() == 1


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (JobState.RUNNING, "still being trained"),
        (JobState.FAILED, "over already"),
        (JobState.CANCELLED, "over already"),
    ],
)
def test_what_gave_no_model_is_refused(dataset: Dataset, endpoint: Endpoint, state: JobState, told: str) -> None:
    with pytest.raises(RegistryError, match=told):
        polling.hand_in(trained(dataset, state), endpoint, "ours", by=None)
    assert not ModelVersion.objects.exists()


def test_while_a_worker_begins_a_job_nothing_is_handed_in(dataset: Dataset, endpoint: Endpoint) -> None:
    job = submitting.order(WantedJob(dataset, "by_hand", "qwen"), by=None)
    FineTuneJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() + timedelta(minutes=5))
    with pytest.raises(RegistryError, match="try again in a minute"):
        polling.hand_in(job, endpoint, "ours", by=None)
    FineTuneJob.objects.filter(pk=job.pk).update(lease_until=None)
    polling.hand_in(job, endpoint, "ours", by=None)
    assert ModelVersion.objects.get().job == job


def test_the_page_of_such_a_job_asks_where_it_is_served(client: Client, dataset: Dataset, endpoint: Endpoint) -> None:
    client.force_login(make_user("owner", is_superuser=True))
    job = trained(dataset)
    page = reverse("job", args=[job.pk])
    shown = client.get(page).content.decode()
    assert "Serve it, then say where the model is" in shown
    assert "/tuning/1/merged" in shown
    assert "The model is in the registry" not in shown
    reply = client.post(page, {"endpoint": endpoint.pk, "model": "ours"})
    assert reply.headers["Location"] == reverse("version", args=[ModelVersion.objects.get(job=job).pk])
    assert "Serve it, then" not in client.get(page).content.decode()
