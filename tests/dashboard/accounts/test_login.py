"""Getting in: by a link that works once, or by name and password; and never by accident."""

import io
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from dashboard.accounts import login_links
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db


def is_logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_link_shows_a_button_and_the_button_logs_in(client: Client) -> None:
    link = login_links.make(make_user("ada"))
    page = client.get(link)
    assert "Continue as ada" in page.content.decode()
    assert not is_logged_in(client)
    assert client.post(link).headers["Location"] == "/"
    assert is_logged_in(client)


def test_opening_the_link_does_not_use_it_up(client: Client) -> None:
    link = login_links.make(make_user())
    for _ in range(3):
        assert client.get(link).status_code == 200
    assert client.head(link).status_code == 200
    assert client.post(link).status_code == 302


def test_a_used_link_says_what_to_do(client: Client) -> None:
    link = login_links.make(make_user())
    client.post(link)
    stranger = Client()
    for reply in (stranger.get(link), stranger.post(link)):
        assert reply.status_code == 410
        assert "manage.py login_link" in reply.content.decode()
    assert not is_logged_in(stranger)


def test_any_login_or_new_password_ends_the_links_made_before(client: Client) -> None:
    user = make_user("ada", "correct horse battery")
    first, second = login_links.make(user), login_links.make(user)
    assert client.post(first).status_code == 302
    assert Client().post(second).status_code == 410
    user.refresh_from_db()
    third = login_links.make(user)
    user.set_password("another horse battery")
    user.save()
    assert Client().post(third).status_code == 410


def test_an_expired_link_does_not_work(client: Client, settings: Settings) -> None:
    link = login_links.make(make_user())
    settings.LOGIN_LINK_SECONDS = 0
    assert client.post(link).status_code == 410


def test_a_forged_link_does_not_work(client: Client) -> None:
    token = login_links.make(make_user()).removeprefix("/login/link/").removesuffix("/")
    for forged in ("forged", token[:-1], "x" + token, token.swapcase()):
        assert client.post(reverse("login_link", args=[forged])).status_code == 410


def test_a_link_of_another_install_does_not_work(client: Client, settings: Settings) -> None:
    link = login_links.make(make_user())
    settings.SECRET_KEY = "another"
    assert client.post(link).status_code == 410


def test_a_disabled_or_deleted_user_cannot_come_in(client: Client) -> None:
    disabled, deleted = make_user("ada"), make_user("bob")
    links = login_links.make(disabled), login_links.make(deleted)
    User.objects.filter(pk=disabled.pk).update(is_active=False)
    deleted.delete()
    assert [client.post(link).status_code for link in links] == [410, 410]


def test_the_button_needs_the_token_of_the_page() -> None:
    link = login_links.make(make_user())
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(link).status_code == 403
    strict.get(link)
    assert strict.post(link, {"csrfmiddlewaretoken": strict.cookies["csrftoken"].value}).status_code == 302


def test_the_command_prints_the_whole_address(settings: Settings, client: Client) -> None:
    settings.PUBLIC_URL = "https://parley.example.com"
    make_user("bob")
    make_user("ada", is_superuser=True)
    printed = {name: _printed(*name) for name in ((), ("bob",))}
    for url in printed.values():
        assert url.startswith("https://parley.example.com/login/link/")
    assert "Continue as ada" in client.get(printed[()].removeprefix(settings.PUBLIC_URL)).content.decode()
    assert "Continue as bob" in client.get(printed[("bob",)].removeprefix(settings.PUBLIC_URL)).content.decode()


def test_the_command_says_who_there_is() -> None:
    with pytest.raises(CommandError, match="no administrator yet"):
        _printed()
    make_user("ada")
    with pytest.raises(CommandError, match=r"no active user 'eve'\. Users: ada"):
        _printed("eve")


def _printed(*names: str) -> str:
    out = io.StringIO()
    call_command("login_link", *names, stdout=out)
    return out.getvalue().strip()


def test_name_and_password_log_in_and_lead_back(client: Client) -> None:
    make_user("ada", "correct horse battery")
    form = {"login": "ada", "password": "correct horse battery", "next": "/ask/"}
    assert client.post("/login/", form).headers["Location"] == "/ask/"
    assert is_logged_in(client)


def test_nobody_learns_which_names_exist(client: Client) -> None:
    make_user("ada", "correct horse battery")
    make_user("link-only")
    inactive = make_user("gone", "correct horse battery")
    User.objects.filter(pk=inactive.pk).update(is_active=False)
    pages = {
        _without_form_values(client.post("/login/", {"login": name, "password": password}).content.decode(), name)
        for name, password in [
            ("ada", "wrong"),
            ("nobody", "wrong"),
            ("link-only", ""),
            ("gone", "correct horse battery"),
        ]
        if password
    }
    assert len(pages) == 1
    assert "This name and password do not go together." in pages.pop()


def _without_form_values(page: str, name: str) -> str:
    lines = [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]
    return "\n".join(lines).replace(f'value="{name}"', "")


def test_a_login_does_not_lead_to_another_site(client: Client) -> None:
    make_user("ada", "correct horse battery")
    form = {"login": "ada", "password": "correct horse battery", "next": "https://evil.example/"}
    assert client.post("/login/", form).headers["Location"] == "/"


def test_logging_out_needs_a_post(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/logout/").status_code == 405
    assert is_logged_in(client)
    assert client.post("/logout/").headers["Location"] == "/login/"
    assert not is_logged_in(client)


def test_of_two_who_use_a_link_one_gets_in(rf: Any) -> None:
    user = make_user()
    token = login_links.make(user).removeprefix("/login/link/").removesuffix("/")
    login_links.use(_request(rf), token)
    with pytest.raises(login_links.LoginLinkError):
        login_links.use(_request(rf), token)


def _request(rf: Any) -> HttpRequest:
    request: HttpRequest = rf.post("/")
    request.session = Client().session
    return request
