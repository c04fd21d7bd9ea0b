"""From approved examples to a model that answers, and back, all by clicking; and what a screen reader needs of it."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from axe_core_python.sync_playwright import Axe
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from llm.models import Deployment, Endpoint, ModelPrice, ServingRole
from tests.fakes.providers.fine_tuning import FakeFineTuning
from tests.harness.browser import logged_in
from tests.rows.examples import make_examples, make_tuned, make_tuner
from tests.rows.web_rows import make_models, make_user
from tuning.datasets.freezing import freeze
from tuning.jobs import polling, submitting
from tuning.jobs.submitting import WantedJob
from tuning.models import Dataset, FineTuneJob, JobState, ModelVersion, TrainingExample

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def endpoint(fine_tuning: FakeFineTuning) -> Endpoint:
    make_models()
    make_examples(12)
    price = {"input_per_million": 1, "training_per_million": 3, "valid_from": timezone.now()}
    ModelPrice.objects.create(provider="openai", model="llama-*", **price)
    return make_tuner(fine_tuning)


@pytest.fixture
def page(chromium: Browser, site: str, endpoint: Endpoint) -> Iterator[Page]:
    """The owner, logged in; in the end no page may have broken its content security policy or thrown an error."""
    with logged_in(
        chromium, site, make_user("ada", is_superuser=True), seconds=60
    ) as page:  # the first page of a process waits for what it imports
        yield page


def worker(job: FineTuneJob) -> FineTuneJob:
    """What the worker does when the job is due."""
    FineTuneJob.objects.filter(pk=job.pk).update(poll_at=timezone.now(), lease_until=None)
    polling.advance(job.pk)
    job.refresh_from_db()
    return job


def test_examples_become_a_model_that_answers_and_is_taken_back(
    page: Page, fine_tuning: FakeFineTuning, endpoint: Endpoint
) -> None:
    page.get_by_role("link", name="Training", exact=True).click()
    expect(page.locator("body")).to_contain_text("12 approved")
    page.get_by_role("link", name="Datasets").first.click()
    page.get_by_label("Name").fill("voice-1")
    page.get_by_label("Words the model is asked in").select_option("short")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("heading", name="voice-1")).to_be_visible()
    assert Dataset.objects.get().prompt == "short"
    page.get_by_role("link", name="Train on it").click()
    page.get_by_label("Where it is trained").select_option(label="tuner: a fine-tuning API")
    page.get_by_label("Base model").fill("llama-3-8b")
    page.get_by_role("button", name="Show what it costs").click()
    expect(page.locator("body")).to_contain_text(fine_tuning.url)
    expect(page.locator("dd").first).to_contain_text("$0.0")
    assert fine_tuning.paid == 0
    page.get_by_role("button", name="Send it and train").dblclick()
    expect(page.locator("#job")).to_contain_text("Waiting")
    job = FineTuneJob.objects.get()
    assert worker(job).state == JobState.RUNNING
    fine_tuning.tell("Step 1 of 3")
    fine_tuning.move("running")
    worker(job)
    expect(page.locator("#job")).to_contain_text("Step 1 of 3")
    fine_tuning.move("succeeded")
    worker(job)
    expect(page.locator("#job")).to_contain_text("Succeeded")
    expect(page.locator("polyline.curve-1")).to_have_count(1)
    assert page.locator("#job").get_attribute("hx-get") is None, "it is over: nobody asks any more"
    page.get_by_role("link", name="openai:ft:llama-3-8b:org:voice:1").first.click()
    page.get_by_label("Why").fill("it sounds like us")
    page.get_by_role("button", name="Deploy").click()
    expect(page.get_by_role("status")).to_contain_text("answers from now on")
    live = Deployment.objects.live(ServingRole.ANSWER)
    assert (live.model, live.prompt, live.endpoint) == ("ft:llama-3-8b:org:voice:1", "short", endpoint)
    page.get_by_role("navigation", name="Training").get_by_role("link", name="Registry").click()
    page.get_by_role("button", name="Back to openai:a-model").click()
    expect(page.get_by_role("status")).to_contain_text("openai:a-model answers again")
    assert Deployment.objects.live(ServingRole.ANSWER).model == "a-model"
    assert fine_tuning.paid == 1


def addresses(endpoint: Endpoint) -> list[str]:
    """Every page about training, with something on each; a version that ends soon is on most of them."""
    dataset = freeze("voice")
    job = submitting.order(WantedJob(dataset, "openai_compatible", "llama-3-8b", endpoint), by=None)
    rows = [{"step": number, "train_loss": 3 / number, "valid_loss": 3.2 / number} for number in range(1, 40)]
    FineTuneJob.objects.filter(pk=job.pk).update(state=JobState.RUNNING, provider_state="running", metrics=rows)
    job.events.create(provider_event="1", level="info", message="Step 10 of 39", at=timezone.now())
    by_hand = submitting.order(WantedJob(dataset, "by_hand", "qwen3-8b"), by=None)
    ends = timezone.now().date() + timedelta(days=20)
    tuned = make_tuned(endpoint, dataset=dataset, retires_on=ends, note="To be evaluated against openai:old.")
    make_tuned(endpoint, "ft:old:acme::2", dataset=dataset, retires_on=ends + timedelta(days=50))
    wanted = f"dataset={dataset.pk}&place=openai_compatible:{endpoint.pk}&base=llama-3-8b&epochs=3"
    names = ["training", "import_examples", "examples", "datasets", "jobs", "new_job", "registry", "register_model"]
    return [
        *map(reverse, names),
        reverse("example", args=[TrainingExample.objects.earliest("id").pk]),
        reverse("dataset", args=[dataset.pk]),
        reverse("job", args=[job.pk]),
        reverse("job", args=[by_hand.pk]),
        reverse("version", args=[tuned.pk]),
        f"{reverse('new_job')}?{wanted}",
        f"{reverse('new_job')}?replaces={tuned.pk}",
        reverse("models"),
        "/",
    ]


def test_no_page_about_training_is_hard_to_read_or_wider_than_a_phone(page: Page, endpoint: Endpoint) -> None:
    found = []
    for number, address in enumerate(addresses(endpoint)):
        for scheme, width in (("light", 1280), ("dark", 390)):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.goto(address)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                found.append(f"{address} is wider than {width}")
            if scheme == "dark" and number % 3:
                continue  # the colours are the same few everywhere
            for violation in Axe().run(page)["violations"]:
                if violation["impact"] in ("serious", "critical"):
                    nodes = [node["html"][:120] for node in violation["nodes"][:2]]
                    found.append(f"{address} {scheme}: {violation['id']} {nodes}")
    assert found == []


def test_old_models_are_found_where_they_are_and_registered(
    page: Page, fine_tuning: FakeFineTuning, endpoint: Endpoint
) -> None:
    fine_tuning.tuned = ["ft:gpt-4o:acme:voice:1", "ft:gpt-4o:acme:voice:1:ckpt-step-9", "qwen"]
    page.goto(reverse("registry"))
    page.get_by_label("Ask an endpoint which models").select_option(label="tuner")
    page.get_by_role("button", name="Look").click()
    expect(page.get_by_role("checkbox")).to_have_count(2)
    page.get_by_role("button", name="Register those").click()
    expect(page.get_by_role("status")).to_contain_text("1 registered")
    version = ModelVersion.objects.get()
    assert (version.model, version.base, version.dataset) == ("ft:gpt-4o:acme:voice:1", "gpt-4o", None)
