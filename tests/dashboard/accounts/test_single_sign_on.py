"""Logging in by the company's identity provider: the real library against a local server that speaks OpenID Connect."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django.fixtures import Settings

from dashboard.guard import roles

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/oidc/company/login/"


class Issuer:
    """What the provider was asked, and who it says somebody is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.claims = {"sub": "s-1", "preferred_username": "grace", "email": "grace@example.com"}
        self.asked: list[dict[str, list[str]]] = []


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Quiet."""

        def do_GET(self) -> None:
            if self.path == "/.well-known/openid-configuration":
                names = {"authorization_endpoint": "authorize", "token_endpoint": "token", "userinfo_endpoint": "me"}
                found = {name: f"{issuer.url}/{place}" for name, place in names.items()}
                return self._say({"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys", **found})
            is_known = self.path == "/me" and self.headers.get("authorization") == "Bearer an-access-token"
            return self._say(issuer.claims) if is_known else self.send_error(401)

        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            issuer.asked.append(form)
            if form.get("code") != ["a-code"] or not form.get("code_verifier"):
                return self.send_error(400)
            return self._say({"access_token": "an-access-token", "token_type": "Bearer", "expires_in": 60})

        def _say(self, told: dict[str, Any]) -> None:
            data = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    return Handler


@pytest.fixture
def issuer(settings: Settings) -> Iterator[Issuer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    issuer = Issuer(f"http://127.0.0.1:{server.server_address[1]}")
    server.RequestHandlerClass = _handler(issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {"provider_id": "company", "name": "Company", "client_id": "parley", "secret": "hush",
           "settings": {"server_url": issuer.url}}  # fmt: skip
    settings.OIDC_ISSUER = issuer.url
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}
    yield issuer
    server.shutdown()
    server.server_close()


def come_back(client: Client, issuer: Issuer, *, code: str = "a-code", state: str = "") -> int:
    sent = client.post(LOGIN)
    address = urlsplit(sent.headers["Location"])
    asked = parse_qs(address.query)
    assert (f"{address.scheme}://{address.netloc}", asked["client_id"]) == (issuer.url, ["parley"])
    assert asked["code_challenge_method"] == ["S256"]
    query = {"code": code, "state": state or asked["state"][0]}
    return client.get("/accounts/oidc/company/login/callback/", query).status_code


def test_a_colleague_comes_in_without_a_role_and_again_as_the_same(issuer: Issuer) -> None:
    first = Client()
    assert come_back(first, issuer) == 302
    user = User.objects.get()
    assert (user.username, roles.of(user), user.has_usable_password()) == ("grace", None, False)
    assert first.session["_auth_user_id"] == str(user.pk)
    assert first.get("/conversations/").status_code == 403
    second = Client()
    assert come_back(second, issuer) == 302
    assert User.objects.count() == 1


def test_an_account_of_the_same_name_is_not_taken_over(issuer: Issuer) -> None:
    owner = User.objects.create_superuser("grace", "grace@example.com")
    client = Client()
    come_back(client, issuer)
    assert client.session.get("_auth_user_id") != str(owner.pk)


def test_what_was_not_begun_here_lets_nobody_in(issuer: Issuer) -> None:
    for client, answer in ((Client(), {"state": "forged"}), (Client(), {"code": "another"})):
        come_back(client, issuer, **answer)
        assert "_auth_user_id" not in client.session
    assert not User.objects.exists()


def test_the_login_page_offers_it_where_it_is_set_up(issuer: Issuer) -> None:
    assert "/accounts/oidc/company/login/" in Client().get("/login/").content.decode()
    assert issuer.asked == []
