"""Bots that run in the process of the test, against a local platform."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.core.cache import caches
from django.db import connection
from pytest_django.fixtures import Settings

from bot.platforms.slack import web_api
from bot.platforms.windows import Windows
from bot.running import Running
from bot.running import running as run_bot
from knowledge.models import Collection
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import FakeSlack
from tests.rows import web_rows
from tests.rows.make import make_collection

PATIENCE = 20.0


@contextmanager
def running(platform: str) -> Iterator[Running]:
    """What `manage.py runbot` runs, in the process of the test."""
    with run_bot(platform, threads=8) as crew:
        until(lambda: crew.bot.is_connected, "the bot is connected")
        yield crew


def until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until `condition` holds; fails with `what` did not come about."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"After {seconds:g} s it is still not so: {what}")
        time.sleep(0.02)
        connection.close()


@pytest.fixture
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorter looks at the queues and at the gateway than an install takes."""
    monkeypatch.setattr("bot.questions.worker.POLL_SECONDS", 0.1)
    monkeypatch.setattr("bot.platforms.discord.bot.READY_SECONDS", 0.05)
    monkeypatch.setattr("bot.platforms.slack.listener.WATCH_SECONDS", 0.1)


@pytest.fixture
def discord(settings: Settings, _quick: None) -> Iterator[FakeDiscord]:
    """A local Discord, and settings that point there."""
    with FakeDiscord() as fake:
        settings.DISCORD_BOT_TOKEN = fake.token
        settings.DISCORD_API_URL, settings.DISCORD_GATEWAY_URL = fake.api_url, fake.gateway_url
        yield fake


@pytest.fixture
def shelf(fake_providers: FakeProviders, transactional_db: None) -> Collection:
    """A public collection with a document about refunds, and a model that writes."""
    web_rows.make_models()
    shelf = make_collection()
    web_rows.make_document(shelf)
    return shelf


@pytest.fixture
def slack(settings: Settings, _quick: None) -> Iterator[FakeSlack]:
    """A local Slack, and settings that point there. A call that comes although we were asked to wait is a fault."""
    caches["process"].clear()
    caches["default"].delete("windows:slack")
    web_api.windows = Windows("slack")
    with FakeSlack() as fake:
        settings.SLACK_BOT_TOKEN, settings.SLACK_APP_TOKEN = fake.bot_token, fake.app_token
        settings.SLACK_SIGNING_SECRET, settings.SLACK_API_URL = fake.signing_secret, fake.url
        yield fake
        assert fake.early == []
