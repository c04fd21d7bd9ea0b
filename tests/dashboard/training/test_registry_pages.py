"""The registry on its pages: what may answer, in which words, until when, and who learnt what."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from bot.answers import prompts
from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.install import retirements
from foundation import secrets
from llm.models import Deployment, Endpoint, PromptVariant, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.fine_tuning import FakeFineTuning
from tests.rows.examples import make_dataset, make_tuned, make_tuner
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning import expiry
from tuning.models import ModelVersion
from tuning.registry import deploying

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client, fake_providers: FakeProviders) -> User:
    user = make_user("ada", is_superuser=True)
    client.force_login(user)
    make_models()
    return user


@pytest.fixture
def tuned(owner: User, fine_tuning: FakeFineTuning) -> ModelVersion:
    """One that learnt the voice's rules, at an endpoint that says when its models end."""
    endpoint = make_tuner(fine_tuning)
    return make_tuned(endpoint, dataset=make_dataset(prompt=PromptVariant.SHORT))


def text_of(client: Client, name: str, *args: object) -> str:
    reply = client.get(reverse(name, args=args))
    assert reply.status_code == 200
    return " ".join(reply.content.decode().split())


def test_deployed_with_a_reason_it_answers_in_its_own_words(client: Client, owner: User, tuned: ModelVersion) -> None:
    address = reverse("deploy_version", args=[tuned.pk])
    assert "This field is required." in client.post(address, {"reason": ""}).content.decode()
    client.post(address, {"reason": "it sounds like us"})
    row = Deployment.objects.live(ServingRole.ANSWER)
    assert (row.model, row.prompt, row.reason, row.created_by) == (tuned.model, "short", "it sounds like us", owner)
    page = text_of(client, "version", tuned.pk)
    assert "it sounds like us" in page
    assert "It answers now" in page
    assert "Back to openai:a-model" in text_of(client, "registry")
    client.post(reverse("take_back"))
    assert Deployment.objects.live(ServingRole.ANSWER).model == "a-model"


def test_the_page_models_lets_a_tuned_one_serve_in_the_words_it_learnt(
    client: Client, owner: User, tuned: ModelVersion
) -> None:
    sent = {"role": "answer", "endpoint": tuned.endpoint_id, "model": tuned.model, "reason": "a try"}
    client.post(reverse("models"), sent)
    assert Deployment.objects.live(ServingRole.ANSWER).prompt == "short"
    client.post(reverse("models"), {**sent, "model": "free-name"})
    assert Deployment.objects.live(ServingRole.ANSWER).prompt == "full"
    assert ModelVersion.objects.filter(model="free-name", base="").exists(), "what answers is in the registry"
    client.post(reverse("models"), {**sent, "role": "fallback"})
    assert Deployment.objects.live(ServingRole.FALLBACK).prompt == "short", "it is asked in its own words, too"


def test_another_wording_is_refused_wherever_it_is_tried(
    client: Client, owner: User, tuned: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    served = deploying.deploy(tuned, reason="a try", by=owner)
    deploying.roll_back(by=owner)
    monkeypatch.setattr(prompts, "PASSAGE", "<{number}> {heading}\n{text}")
    said = "was trained on another wording of the prompt"
    sent = {"role": "answer", "endpoint": tuned.endpoint_id, "model": tuned.model, "reason": "a try"}
    assert said in client.post(reverse("models"), sent).content.decode()
    assert said in client.post(reverse("deploy_version", args=[tuned.pk]), {"reason": "a try"}).content.decode()
    assert said in client.post(reverse("roll_back", args=[served.pk]), follow=True).content.decode()
    assert said in client.post(reverse("take_back"), follow=True).content.decode()
    assert "It was trained on another wording" in text_of(client, "version", tuned.pk)
    base = ModelVersion.objects.get(model="a-model")
    deploying.deploy(base, reason="a base has learnt no words of ours", by=owner)
    assert Deployment.objects.live(ServingRole.ANSWER).model == "a-model"


def test_who_said_when_it_ends_is_kept_and_a_provider_has_the_last_word(
    client: Client, owner: User, tuned: ModelVersion, fine_tuning: FakeFineTuning
) -> None:
    address = reverse("retire_version", args=[tuned.pk])
    client.post(address, {"retires_on": "2027-03-01"})
    page = text_of(client, "version", tuned.pk)
    assert "1 March 2027" in page
    assert "as ada stated" in page
    expiry.watch()
    tuned.refresh_from_db()
    assert (tuned.retires_on, tuned.retirement_told_by) == (date(2027, 3, 1), "ada"), "its provider told nothing"
    fine_tuning.shutdown_date = "2027-01-14"
    expiry.watch()
    assert '14 January 2027 <span class="soft">as its provider told' in text_of(client, "version", tuned.pk)
    assert "no day on which a model ends" in client.post(address, {"retires_on": "9999-01-01"}).content.decode()
    client.post(address, {"retires_on": ""})
    tuned.refresh_from_db()
    assert (tuned.retires_on, tuned.retirement_told_by) == (None, "")


@pytest.mark.parametrize(
    ("days", "look"), [(90, "notice ending "), (30, "notice-warn"), (7, "notice-bad"), (-1, "notice-bad")]
)
def test_what_ends_is_said_on_every_page_that_matters(
    client: Client, owner: User, tuned: ModelVersion, days: int, look: str
) -> None:
    deploying.deploy(tuned, reason="a try", by=owner)
    today = timezone.now().date()
    ModelVersion.objects.filter(pk=tuned.pk).update(retires_on=today + timedelta(days=days))
    for name in ("home", "models", "registry", "training"):
        page = text_of(client, name)
        assert "It answers now." in page, name
        assert look in page
        assert f'href="{reverse("new_job")}?replaces={tuned.pk}"' in page
    found = list(retirements.findings(today))
    assert [(each.is_ok, each.subject) for each in found] == [(False, str(tuned))]
    ModelVersion.objects.update(retires_on=today + timedelta(days=91))
    assert "ending" not in text_of(client, "home")
    assert [each.is_ok for each in retirements.findings(today)] == [True]


def test_a_viewer_reads_it_and_is_offered_nothing_that_only_owners_may(
    client: Client, owner: User, tuned: ModelVersion
) -> None:
    viewer = make_user("vi")
    roles.give(viewer, Role.VIEWER)
    ModelVersion.objects.update(retires_on=timezone.now().date())
    reader = Client()
    reader.force_login(viewer)
    for name, args in (("registry", []), ("version", [tuned.pk]), ("training", []), ("home", []), ("jobs", [])):
        page = reader.get(reverse(name, args=args)).content.decode()
        for address in ("new_job", "register_model", "take_back", "find_models", "models"):
            assert f'"{reverse(address)}' not in page, f"{name} offers {address}"
    assert reader.post(reverse("deploy_version", args=[tuned.pk]), {"reason": "x"}).status_code == 403


def test_the_answers_of_a_version_are_a_click_away(client: Client, owner: User, tuned: ModelVersion) -> None:
    deploying.deploy(tuned, reason="a try", by=owner)
    make_answer(make_question(owner), model=tuned.model)
    page = text_of(client, "version", tuned.pk)
    address = f"{reverse('conversations')}?model=ft%3Aa-model%3Aacme%3A%3A1"
    assert f'<a href="{address}">1</a>' in page
    assert "How are annual plans refunded?" in client.get(address).content.decode()


def test_old_models_are_listed_and_those_chosen_registered_once(
    client: Client, owner: User, tuned: ModelVersion, fine_tuning: FakeFineTuning, capsys: pytest.CaptureFixture[str]
) -> None:
    fine_tuning.tuned = [tuned.model, "ft:gpt-4o:acme:v:1", "ft:gpt-4o:acme:v:1:ckpt-step-9"]
    page = client.post(reverse("find_models"), {"endpoint": tuned.endpoint_id}).content.decode()
    assert "registered already" in page
    assert "from the middle of a job" in page
    assert "gpt-4o-mini" not in page, "it was tuned by nobody here"
    sent = {"endpoint": tuned.endpoint_id, "model": ["ft:gpt-4o:acme:v:1", "ft:gpt-4o:acme:v:1"]}
    client.post(reverse("register_found"), sent)
    client.post(reverse("register_found"), sent)
    version = ModelVersion.objects.get(model="ft:gpt-4o:acme:v:1")
    assert (version.base, version.dataset, version.created_by) == ("gpt-4o", None, owner)
    assert "What it was trained on is not known here" in text_of(client, "version", version.pk)
    call_command("model", "import", "--endpoint", "tuner", "--json")
    assert '"model": "ft:gpt-4o:acme:v:1:ckpt-step-9"' in capsys.readouterr().out
    call_command("model", "retires", str(version.pk), "2027-01-14")
    version.refresh_from_db()
    assert (version.retires_on, version.retirement_told_by) == (date(2027, 1, 14), "the command line")


def test_an_endpoint_that_refuses_says_why(client: Client, owner: User, tuned: ModelVersion) -> None:
    Endpoint.objects.filter(pk=tuned.endpoint_id).update(encrypted_key=secrets.encrypt("sk-other"))
    reply = client.post(reverse("find_models"), {"endpoint": tuned.endpoint_id}, follow=True)
    assert "tuner does not list its models." in reply.content.decode()


def test_a_name_that_no_deployment_could_hold_is_refused_with_a_sentence(
    client: Client, owner: User, tuned: ModelVersion
) -> None:
    ModelVersion.objects.filter(pk=tuned.pk).update(model="m" * 250)
    reply = client.post(reverse("deploy_version", args=[tuned.pk]), {"reason": "a try"})
    assert "longer than 200 signs" in reply.content.decode()
