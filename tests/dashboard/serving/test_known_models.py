"""The page of models asks servers for their models and shows what trials found out."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from llm.models import Endpoint, TriedModel
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.harness.browser import logged_in
from tests.rows.web_rows import make_models, make_user

MANY = [{"id": f"model-{number:04}", "max_model_len": 32768} for number in range(3000)]


@pytest.fixture
def owned(client: Client, db: None, fake_providers: FakeProviders) -> Endpoint:
    make_models()
    client.force_login(make_user("root", is_superuser=True))
    return Endpoint.objects.get(name="openai")


def listed(client: Client, endpoint: object) -> str:
    return client.post(reverse("list_models"), {"endpoint": endpoint, "list": "names-1"}).content.decode()


def test_what_a_server_lists_can_be_chosen(client: Client, owned: Endpoint, fake_providers: FakeProviders) -> None:
    fake_providers.lists.listed = [*MANY, {"id": '"><script>', "owned_by": "<b>"}]
    page = listed(client, owned.pk)
    assert page.count("<option") == 3001
    assert "openai lists 3001 models" in page
    assert "<script>" not in page


def test_where_nothing_is_listed_it_is_said(client: Client, owned: Endpoint, fake_providers: FakeProviders) -> None:
    fake_providers.lists.refusal = 404
    assert "does not list its models; type the name" in listed(client, owned.pk)
    fake_providers.lists.refusal = 0
    fake_providers.lists.listed = []
    assert "lists no models; type the name" in listed(client, owned.pk)


@pytest.mark.parametrize("endpoint", ["", "x", "²", "999999", "9" * 30])
def test_an_endpoint_that_is_none_is_not_found(client: Client, owned: Endpoint, endpoint: str) -> None:
    assert client.post(reverse("list_models"), {"endpoint": endpoint}).status_code == 404


def test_a_model_that_was_never_tried_is_unknown(client: Client, owned: Endpoint) -> None:
    page = client.get(reverse("models")).content.decode()
    assert "not tried" in page
    assert page.count("unknown") >= 4


def test_a_trial_that_fails_changes_nothing_of_what_is_known(
    client: Client, owned: Endpoint, fake_providers: FakeProviders
) -> None:
    fake_providers.script(Refusal(404, "No such model."))
    page = client.post(reverse("try_endpoint", args=[owned.pk]), {"model": "gone"}).content.decode()
    assert "No such model." in page
    assert not TriedModel.objects.exists()


@pytest.fixture
def page(chromium: Browser, site: str, provider_server: FakeProviders) -> Iterator[Page]:
    provider_server.reset()
    provider_server.lists.listed = [{"id": "a-model", "max_model_len": 32768}, {"id": "b-model"}]
    make_models()
    with logged_in(chromium, site, make_user("ada", is_superuser=True)) as page:
        yield page
    provider_server.reset()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_an_owner_chooses_a_model_from_the_list_and_tries_it(page: Page) -> None:
    page.goto(reverse("models"))
    endpoint = Endpoint.objects.get(name="openai")
    field = page.get_by_label("Model to try on openai")
    field.focus()
    expect(page.locator(f"#listed-{endpoint.pk}")).to_contain_text("openai lists 2 models")
    assert page.locator(f"#names-{endpoint.pk} option").count() == 2
    field.fill("a-model")
    page.get_by_role("button", name="Try", exact=True).click()
    expect(page.locator(f"#trial-{endpoint.pk}")).to_contain_text("It said")
    row = page.locator("#known tbody tr").filter(has_text="a-model")
    for word in ("bit by bit", "none seen", "32,768 tokens"):
        expect(row).to_contain_text(word)
    page.get_by_text("Let another model serve").click()
    page.get_by_label("Model", exact=True).focus()
    expect(page.locator("#listed-live")).to_contain_text("type")
