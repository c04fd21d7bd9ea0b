"""What the pages of models and datasets say of a restyler, of what is not there, and of many."""

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bot.answers import prompts
from dashboard.training import dataset_views
from llm.models import Deployment, PromptVariant, ServingRole
from tests.rows.make import make_endpoint
from tests.rows.web_rows import make_models, make_user
from tuning.models import Dataset, ModelVersion

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("ada", is_superuser=True)
    client.force_login(user)
    make_models()
    return user


def shown(client: Client, name: str, *args: object) -> str:
    return " ".join(client.get(reverse(name, args=args)).content.decode().split())


@pytest.mark.usefixtures("owner")
def test_a_restyler_is_said_to_be_live(client: Client) -> None:
    endpoint = make_endpoint("openai")
    hashed = prompts.template_hash(PromptVariant.RESTYLE)
    sailor = ModelVersion.objects.create(
        endpoint=endpoint, model="sailor", base="small", prompt=PromptVariant.RESTYLE, template_hash=hashed
    )
    assert "Let it say answers again" in shown(client, "version", sailor.pk)
    assert ">live<" not in shown(client, "registry")
    Deployment.objects.create(
        role=ServingRole.RESTYLE, endpoint=endpoint, model="sailor", prompt=PromptVariant.RESTYLE, reason="so"
    )
    page = shown(client, "version", sailor.pk)
    assert "It says answers again now" in page
    assert ">live<" in page
    assert "answered before" not in page
    assert "Let it" not in page
    assert ">live<" in shown(client, "registry")


@pytest.mark.usefixtures("owner")
@pytest.mark.parametrize("endpoint", ["x", "", "99999999999999999999", "0"])
def test_an_endpoint_that_is_not_there_is_asked_for(client: Client, endpoint: str) -> None:
    reply = client.post(reverse("register_found"), {"endpoint": endpoint, "model": ["ft:a:b::c"]}, follow=True)
    assert "Choose an endpoint." in reply.content.decode()
    assert not ModelVersion.objects.exists()


def make_bare(name: str) -> Dataset:
    return Dataset.objects.create(
        name=name, prompt="short", template_hash="0", checksum="", salt="", clusters=1, barred=0, tokens=1, longest=1
    )


@pytest.mark.usefixtures("owner")
def test_however_many_datasets_are_counted_at_once_and_paged(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset_views, "PER_PAGE", 3)
    make_bare("first")
    shown(client, "datasets")
    counts = []
    for name in ("second", "third"):
        with CaptureQueriesContext(connection) as queries:
            shown(client, "datasets")
        counts.append(len(queries))
        make_bare(name)
    assert counts[0] == counts[1]
    make_bare("fourth")
    assert "1 to 3 of 4" in shown(client, "datasets")
    assert ">first<" not in shown(client, "datasets")
    assert ">first<" in " ".join(client.get(reverse("datasets"), {"page": 2}).content.decode().split())
