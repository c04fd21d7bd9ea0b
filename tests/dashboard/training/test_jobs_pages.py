"""Jobs on their pages: agreed to as they were shown, ordered once, followed, ended."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foundation import secrets
from llm.models import Budget, Endpoint, ModelPrice
from tests.fakes.providers.fine_tuning import KEY, FakeFineTuning
from tests.rows.examples import make_examples, make_tuned, make_tuner
from tests.rows.make import make_deployment
from tests.rows.web_rows import make_user
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, submitting
from tuning.models import Dataset, FineTuneJob, JobState, ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def endpoint(fine_tuning: FakeFineTuning) -> Endpoint:
    return make_tuner(fine_tuning)


@pytest.fixture
def dataset() -> Dataset:
    make_deployment()
    make_examples(12)
    return freeze("voice")


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("ada", is_superuser=True)
    client.force_login(user)
    return user


def price(training: str) -> None:
    each = {"input_per_million": 1, "training_per_million": Decimal(training), "valid_from": timezone.now()}
    ModelPrice.objects.create(provider="openai", model="llama-*", **each)


def asked(dataset: Dataset, endpoint: Endpoint | None, **more: Any) -> dict[str, Any]:
    place = f"openai_compatible:{endpoint.pk}" if endpoint else "by_hand:"
    return {"dataset": dataset.pk, "place": place, "base": "llama-3-8b", "epochs": 2, **more}


def shown(client: Client, wanted: dict[str, Any]) -> tuple[str, str]:
    """The page that is to be agreed to, and the token on it."""
    page = " ".join(client.get(reverse("new_job"), wanted).content.decode().split())
    found = re.search(r'name="token" value="([^"]+)"', page)
    return page, found[1] if found else ""


def test_what_is_shown_is_ordered_and_pressed_twice_it_is_one_job(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint, fine_tuning: FakeFineTuning
) -> None:
    price("5000")
    Budget.objects.create(period="month", limit=1000)
    own = "learning_rate_multiplier = 1.8\n\nbatch_size: 4\nsuffix = voice one"
    page, token = shown(client, asked(dataset, endpoint, parameters=own))
    assert f"{dataset.tokens * 2:,}" in page
    assert "$1,000.00" in page
    assert fine_tuning.url in page
    assert not FineTuneJob.objects.exists()
    first = client.post(reverse("order_job"), {"token": token})
    price_after = client.post(reverse("order_job"), {"token": token})
    job = FineTuneJob.objects.get()
    assert first.headers["Location"] == price_after.headers["Location"] == reverse("job", args=[job.pk])
    assert job.parameters == {"learning_rate_multiplier": 1.8, "batch_size": 4, "suffix": "voice one", "n_epochs": 2}
    assert (job.created_by, job.estimate) == (
        owner,
        (Decimal(5000) * dataset.tokens * 2 / 10**6).quantize(Decimal("0.0001")),
    )


def test_a_price_that_changed_meanwhile_is_shown_again(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint
) -> None:
    page, token = shown(client, asked(dataset, endpoint))
    assert "unpriced" in page
    assert f'href="{reverse("prices")}"' in page
    price("3")
    reply = client.post(reverse("order_job"), {"token": token}, follow=True)
    page = reply.content.decode()
    assert "Something has changed since this was shown" in page
    assert not FineTuneJob.objects.exists()
    fresh = re.search(r'name="token" value="([^"]+)"', page)
    assert fresh is not None
    client.post(reverse("order_job"), {"token": fresh[1]})
    assert FineTuneJob.objects.get().estimate is not None


def test_lines_that_were_erased_meanwhile_and_another_address_are_noticed(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint
) -> None:
    changes: list[Callable[[], int]] = [
        lambda: Endpoint.objects.filter(pk=endpoint.pk).update(base_url="http://127.0.0.1:1/v1"),
        lambda: dataset.lines.filter(ordinal=1).update(messages=[], rejected=""),
    ]
    for change in changes:
        _, token = shown(client, asked(dataset, endpoint))
        change()
        assert "Something has changed" in client.post(reverse("order_job"), {"token": token}).content.decode()
    assert not FineTuneJob.objects.exists()


@pytest.mark.parametrize("token", ["", "x", "eyJrZXkiOiAiMSJ9:1abc:forged"])
def test_what_was_never_shown_is_not_ordered(client: Client, owner: User, token: str) -> None:
    reply = client.post(reverse("order_job"), {"token": token}, follow=True)
    assert "This order was never shown" in reply.content.decode()
    assert not FineTuneJob.objects.exists()


def test_what_the_budget_does_not_hold_is_said_and_refused(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint
) -> None:
    price("5000")
    Budget.objects.create(period="month", limit=Decimal("0.01"))
    page, token = shown(client, asked(dataset, endpoint))
    assert "The budget does not hold it" in page
    reply = client.post(reverse("order_job"), {"token": token}, follow=True)
    assert "the budget has" in reply.content.decode()
    assert not FineTuneJob.objects.exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"base": " "}, "This field is required."),
        ({"epochs": 0}, "greater than or equal to 1"),
        ({"parameters": "faster please"}, "Line 1 does not say NAME = VALUE."),
        ({"parameters": "n_epochs = 9"}, "The epochs have a field of their own."),
        ({"place": "lora_on_the_moon:"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_ordered_is_said(
    client: Client, owner: User, dataset: Dataset, more: dict[str, Any], said: str
) -> None:
    page, token = shown(client, {**asked(dataset, None), **more})
    assert (said in page, token) == (True, "")


def test_a_page_that_knows_it_already_is_told_nothing_until_something_is_new(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint, fine_tuning: FakeFineTuning
) -> None:
    _, token = shown(client, asked(dataset, endpoint))
    client.post(reverse("order_job"), {"token": token})
    job = FineTuneJob.objects.get()
    address = reverse("job", args=[job.pk])
    live = re.search(r'hx-get="([^"]+)"', client.get(address).content.decode())
    assert live is not None
    assert client.get(live[1], headers={"HX-Request": "true"}).status_code == 204
    assert client.post(reverse("look_at_job", args=[job.pk])).status_code == 302
    reply = client.get(live[1], headers={"HX-Request": "true"})
    assert "Running" in reply.content.decode()
    error = {"code": "bad", "message": "Line 3 is bad.", "param": None}
    fine_tuning.move("failed", error=error)
    FineTuneJob.objects.filter(pk=job.pk).update(poll_at=timezone.now())
    polling.advance(job.pk)
    page = client.get(address).content.decode()
    assert "Line 3 is bad." in page
    assert "order it again" in page
    assert "hx-get" not in page.split('id="job"')[1].split(">")[0]
    again, _ = shown(client, {"again": job.pk})
    assert 'value="llama-3-8b"' in again
    assert 'value="2"' in again


def test_cancelling_tells_the_trainer_and_says_when_it_was_too_late(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint, fine_tuning: FakeFineTuning
) -> None:
    _, token = shown(client, asked(dataset, endpoint))
    client.post(reverse("order_job"), {"token": token})
    job = FineTuneJob.objects.get()
    polling.advance(job.pk)
    address = reverse("cancel_job", args=[job.pk])
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt("sk-other"))
    assert "its trainer could not be told" in client.post(address, follow=True).content.decode()
    Endpoint.objects.filter(pk=endpoint.pk).update(encrypted_key=secrets.encrypt(KEY))
    assert "It is cancelled." in client.post(address, follow=True).content.decode()
    assert fine_tuning.only_job()["status"] == "cancelled"
    assert "It was over already: cancelled." in client.post(address, follow=True).content.decode()


def test_what_was_trained_by_hand_is_handed_in_with_its_lineage(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint
) -> None:
    _, token = shown(client, asked(dataset, None))
    client.post(reverse("order_job"), {"token": token})
    job = FineTuneJob.objects.get()
    address = reverse("job", args=[job.pk])
    assert "It waits for you" in client.get(address).content.decode()
    client.post(address, {"endpoint": endpoint.pk, "model": "ours-8b"})
    job.refresh_from_db()
    version = ModelVersion.objects.get(job=job)
    assert (job.state, job.model, version.dataset, version.base) == (
        JobState.SUCCEEDED,
        "ours-8b",
        dataset,
        "llama-3-8b",
    )
    reply = client.post(address, {"endpoint": endpoint.pk, "model": "another"}, follow=True)
    assert "was over already: succeeded" in reply.content.decode()


def test_the_command_hands_in_what_was_trained_by_hand(dataset: Dataset, endpoint: Endpoint) -> None:
    job = submitting.order(submitting.WantedJob(dataset, "by_hand", "qwen"), by=None)
    call_command("model", "register", "--endpoint", "tuner", "--model", "ours-8b", "--job", str(job.pk), "--json")
    job.refresh_from_db()
    assert (job.state, ModelVersion.objects.get(job=job).base) == (JobState.SUCCEEDED, "qwen")
    with pytest.raises(CommandError, match="was over already"):
        call_command("model", "register", "--endpoint", "tuner", "--model", "more", "--job", str(job.pk))


def test_a_job_with_an_endpoint_is_not_handed_in_by_hand(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint
) -> None:
    _, token = shown(client, asked(dataset, endpoint))
    client.post(reverse("order_job"), {"token": token})
    address = reverse("job", args=[FineTuneJob.objects.get().pk])
    reply = client.post(address, {"endpoint": endpoint.pk, "model": "mine"}, follow=True)
    assert "hands its model in itself" in reply.content.decode()
    assert not ModelVersion.objects.exists()


def test_tuned_again_elsewhere_it_is_to_be_evaluated_against_what_it_replaces(
    client: Client, owner: User, dataset: Dataset, endpoint: Endpoint, fine_tuning: FakeFineTuning
) -> None:
    old = make_tuned(Endpoint.objects.create(name="openai", provider="openai"), dataset=dataset)
    form, _ = shown(client, {"replaces": old.pk})
    assert f'<option value="{dataset.pk}" selected>' in form
    assert f'<option value="openai_compatible:{endpoint.pk}" selected>' in form
    assert "What comes of it is to take the place of" in form
    page, token = shown(client, asked(dataset, endpoint, replaces=old.pk))
    assert "To take the place of" in page
    client.post(reverse("order_job"), {"token": token})
    job = FineTuneJob.objects.get()
    assert (job.replaces, job.dataset.checksum) == (old, dataset.checksum)
    for move in ("running", "succeeded"):
        polling.look(job.pk)
        fine_tuning.move(move)
    polling.look(job.pk)
    version = ModelVersion.objects.get(job=job)
    assert (
        version.note
        == "To be evaluated against openai:ft:a-model:acme::1, whose place it is to take, before it answers."
    )
    assert version.note in client.get(reverse("version", args=[version.pk])).content.decode()
