"""What every answer of the web process carries, what Django's own examination says, and where keys may not be found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bot.models import Platform, Workspace
from bot.platforms import workspaces
from bot.platforms.workspaces import Tokens
from llm.models import Endpoint
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.harness.processes import ROOT
from tests.rows import tables
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db

PAGES = (
    "home",
    "conversations",
    "documents",
    "costs",
    "models",
    "install",
    "people",
    "audit",
)
PLANTED = [f"sk-planted-{number}-abcdefghijklmnop" for number in range(10)]


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("root", is_superuser=True)
    client.force_login(user)
    return user


@pytest.mark.usefixtures("owner")
def test_every_page_says_how_a_browser_has_to_treat_it(client: Client) -> None:
    for name in PAGES:
        for visitor in (client, Client()):
            headers = visitor.get(reverse(name)).headers
            policy = headers["Content-Security-Policy"]
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            assert "default-src 'none'" in policy
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "same-origin"
            assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
            assert headers["X-Frame-Options"] == "DENY"
        assert "no-store" in client.get(reverse(name)).headers.get("Cache-Control", "")


def test_django_finds_nothing_to_warn_of_in_production(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PUBLIC_URL": "https://parley.example.com",
        "SECRET_KEY": "a-long-key-of-many-different-signs-0123456789-abcdefghijkl",
        "DATABASE_URL": "postgresql:///none",
        "PARLEY_HOME": str(tmp_path),
    }
    command = [sys.executable, str(ROOT / "manage.py"), "check", "--deploy", "--fail-level", "WARNING"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "no issues" in done.stdout) == (0, True), done.stderr


def test_keys_are_in_no_table_no_page_and_no_log(
    client: Client, owner: User, fake_providers: FakeProviders, caplog: pytest.LogCaptureFixture
) -> None:
    make_models()
    for number, key in enumerate(PLANTED[:8]):
        form = {"name": f"e{number}", "provider": "openai", "base_url": fake_providers.openai_url, "key": key}
        client.post(reverse("new_endpoint"), {**form, "is_private_allowed": "on"})
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1")
    workspaces.install(workspace, Tokens(PLANTED[8], PLANTED[9]), scopes="")
    fake_providers.script(Refusal(401, f"Incorrect API key provided: {PLANTED[0]}.", "auth"))
    tried = client.post(reverse("try_endpoint", args=[Endpoint.objects.get(name="e0").pk]), {"model": "m"})
    pages = "".join(client.get(reverse(name)).content.decode() for name in PAGES) + tried.content.decode()
    assert User.objects.filter(pk=owner.pk).exists()
    for key in PLANTED:
        for where, text in (("table", tables.dump()), ("page", pages), ("log", caplog.text)):
            assert key not in text, where
