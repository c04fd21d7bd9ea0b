"""Every address asks for a login but those named here; a new one that does not fails this test."""

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {"login", "login_link", "healthz", "readyz"}
SIGNED = {"slack_events"}  # Slack signs what it sends there; tests/bot/platforms/test_slack_http.py
ARGUMENTS = {
    "<int:pk>": "1", "<int:case>": "1", "<str:token>": "x", "<str:kind>": "csv", "<str:name>": "default",
    "<str:split>": "train",
}  # fmt: skip


def patterns(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, str]]:
    for pattern in resolver.url_patterns:
        place = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield pattern.name or place, place
        else:
            yield from patterns(pattern, place)


# How one logs in is the business of django-allauth; tests/dashboard/guard/test_access.py says which of it is open.
ADDRESSES = {name: place for name, place in patterns(get_resolver()) if "accounts/" not in place}


def address(place: str) -> str:
    for argument, value in ARGUMENTS.items():
        place = place.replace(argument, value)
    assert "<" not in place, f"ARGUMENTS needs a value for {place}"
    return f"/{place}"


def test_the_open_addresses_exist() -> None:
    assert set(ADDRESSES) >= OPEN


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "head", "options"])
@pytest.mark.parametrize("name", sorted(set(ADDRESSES) - OPEN - SIGNED))
def test_a_stranger_is_sent_to_the_login(client: Client, name: str, method: str) -> None:
    path = address(ADDRESSES[name])
    reply = getattr(client, method)(path)
    assert reply.status_code == 302
    assert reply.headers["Location"] == f"/login/?next={path}"


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(OPEN))
def test_an_open_address_answers_a_stranger(client: Client, name: str) -> None:
    assert client.get(address(ADDRESSES[name])).status_code in {200, 410}
