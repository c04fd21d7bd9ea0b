"""Who may open what: every address, every role, own rows and those of others; and what is done leaves a line."""

from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse

from bot.models import Message
from dashboard import urls as dashboard_urls
from dashboard.accounts import people
from dashboard.guard import audit, roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from tests.dashboard.guard.addresses import rule_of, views
from tests.rows.web_rows import make_user

pytestmark = pytest.mark.django_db

LEVELS: tuple[Role | None, ...] = (None, *Role)


def library_views(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern]:
    for each in patterns:
        if isinstance(each, URLPattern):
            if each.name:  # the others lead from addresses of before to those that have one
                yield each
        elif each.urlconf_module is not dashboard_urls:
            yield from library_views(each.url_patterns)


def client_of(role: Role | None) -> Client:
    user = make_user(f"role-{role.label if role else 'none'}", is_staff=False)
    roles.give(make_user("keeper", is_superuser=True), Role.OWNER)
    roles.give(user, role)
    client = Client()
    client.force_login(user)
    return client


def test_every_view_has_a_rule_and_every_address_with_arguments_is_tried(things: dict[str, dict[str, object]]) -> None:
    for name, view in views():
        rule_of(view)
        pattern = next(each for each in get_resolver().reverse_dict.getlist(name))
        assert bool(pattern[0][0][1]) == (name in things), f"give {name} its arguments in the fixture"


@pytest.mark.parametrize("role", LEVELS, ids=lambda role: role.label if role else "no role")
def test_a_role_opens_what_it_may_and_nothing_else(role: Role | None, things: dict[str, dict[str, object]]) -> None:
    client = client_of(role)
    for name, view in views():
        rule = rule_of(view)
        if rule.is_public or name in ("logout", "slack_installed", "slack_install"):
            continue
        address = reverse(name, kwargs=things.get(name))
        if "GET" in rule.methods:
            expected = not roles.has(client_user(client), rule.read)
            assert (client.get(address).status_code == 403) == expected, f"{role} reads {name}"
        else:
            assert client.get(address).status_code == 405
        if "POST" in rule.methods and not roles.has(client_user(client), rule.write):
            before = AuditEntry.objects.count()
            assert client.post(address).status_code == 403, f"{role} writes {name}"
            assert AuditEntry.objects.count() == before


def client_user(client: Client) -> Any:
    return User.objects.get(pk=client.session["_auth_user_id"])


def test_who_is_not_logged_in_gets_the_login_page_alone(things: dict[str, dict[str, object]]) -> None:
    for name, view in views():
        rule = rule_of(view)
        if rule.is_public or name == "logout":
            continue
        address = reverse(name, kwargs=things.get(name))
        reply = Client().get(address) if "GET" in rule.methods else Client().post(address)
        assert (reply.status_code, reply.headers["Location"].split("?")[0]) == (302, "/login/"), name


# Of the library: how one gets in, which takes no account.
GETTING_IN = {
    "account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password",
    "account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done",
    "account_confirm_email", "account_email_verification_sent", "account_confirm_login_code", "mfa_authenticate",
    "socialaccount_login_cancelled", "socialaccount_login_error", "socialaccount_signup", "openid_connect_login",
    "openid_connect_callback",
}  # fmt: skip


def test_of_the_library_only_what_lets_people_in_is_open() -> None:
    tried = 0
    for pattern in library_views(get_resolver().url_patterns):
        try:
            address = reverse(str(pattern.name))
        except NoReverseMatch:
            assert pattern.name in GETTING_IN, pattern.name
            continue
        if pattern.name not in GETTING_IN:
            reply = Client().get(address)
            assert reply.status_code in (302, 404, 405), pattern.name
            assert "login" in reply.headers.get("Location", "login"), pattern.name
            tried += 1
    assert tried > 5
    for name in ("account_signup", "account_reset_password", "account_email", "account_confirm_login_code"):
        assert Client().get(reverse(name)).status_code == 404, "nobody signs up, and no mail is sent"


def test_what_belongs_to_another_is_not_there_for_those_without_a_role(things: dict[str, dict[str, object]]) -> None:
    client = client_of(None)
    assert client.get(reverse("conversation", kwargs=things["conversation"])).status_code == 404
    assert client.get(reverse("passage", kwargs=things["passage"])).status_code == 404
    assert client.post(reverse("feedback", kwargs=things["feedback"])).status_code == 404


def test_unsafe_requests_without_a_token_are_refused(things: dict[str, dict[str, object]]) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_user("root", is_superuser=True))
    for name, view in views():
        if "POST" in rule_of(view).methods and name != "slack_events":
            assert strict.post(reverse(name, kwargs=things.get(name))).status_code == 403, name


def test_what_is_changed_leaves_a_line_and_the_change_goes_with_it(things: dict[str, dict[str, object]]) -> None:
    client = client_of(Role.EDITOR)
    client.post(reverse("set_visibility", kwargs=things["set_visibility"]), {"visibility": "internal"})
    entry = AuditEntry.objects.exclude(action="logged_in").get()
    assert (entry.actor, entry.action, entry.details["to"]) == ("role-editor", "set_visibility", "internal")
    assert (
        client.post(reverse("set_visibility", kwargs=things["set_visibility"]), {"visibility": "x"}).status_code == 422
    )
    assert AuditEntry.objects.exclude(action="logged_in").count() == 1


def test_the_log_is_only_added_to_and_a_change_behind_its_back_is_found() -> None:
    for number in range(5):
        audit.write(None, "tried", str(number), {"größe": number, "list": [1, "zwei"]})
    assert audit.verify().broken_at is None
    for statement in ("UPDATE dashboard_auditentry SET actor = 'x'", "DELETE FROM dashboard_auditentry"):
        with (
            pytest.raises(DatabaseError, match="only ever added to"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
    third = AuditEntry.objects.order_by("id")[2]
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE dashboard_auditentry DISABLE TRIGGER audit_is_kept")
        cursor.execute("UPDATE dashboard_auditentry SET details = '{}' WHERE id = %s", [third.pk])
    assert audit.verify().broken_at == third.pk
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM dashboard_auditentry WHERE id = %s", [third.pk])
    assert audit.verify().broken_at == third.pk + 1


def test_the_last_owner_stays_and_a_shut_account_is_out_everywhere() -> None:
    owner = make_user("root", is_superuser=True)
    with pytest.raises(roles.LastOwnerError):
        roles.give(owner, Role.EDITOR)
    client = client_of(Role.VIEWER)
    assert client.get("/conversations/").status_code == 200
    people.shut(client_user(client))
    assert client.get("/conversations/").status_code == 302


def test_messages_are_there_for_every_kind_of_row(things: dict[str, dict[str, object]]) -> None:
    """Each page of an owner renders over rows that exist."""
    client = client_of(Role.OWNER)
    for name, view in views():
        rule = rule_of(view)
        if rule.is_public or "GET" not in rule.methods or name in ("slack_installed", "conversation", "doctor"):
            continue
        reply = client.get(reverse(name, kwargs=things.get(name)))
        assert reply.status_code in (200, 302), name
    assert Message.objects.exists()
