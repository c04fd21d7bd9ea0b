"""A bot process that cannot go on says why in one sentence and ends; one that may yet go on stays."""

import threading
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command
from pytest_django.fixtures import Settings

from bot.inbox.catching_up import CatchUp
from bot.management.commands import runbot
from bot.running import running
from tests.fakes.discord.fake import FakeDiscord, Http
from tests.fakes.slack.fake import Error, FakeSlack
from tests.harness import bots

pytestmark = pytest.mark.django_db(transaction=True)


def attended(platform: str, seconds: float = 15.0) -> str:
    """Why the bot of a platform ended by itself; empty when it was still there after some seconds."""
    stopping = threading.Event()
    timer = threading.Timer(seconds, stopping.set)
    timer.start()
    try:
        with runbot.falls() as fallen, running(platform, threads=2) as crew:
            return runbot.attend(crew, stopping, fallen, lambda: None)
    finally:
        timer.cancel()


@pytest.mark.parametrize("platform", ["slack", "discord"])
def test_without_a_token_there_is_one_sentence_and_a_status(platform: str, settings: Settings) -> None:
    settings.PROCESSES = {"web": "web", "worker": "qcluster"}
    with pytest.raises(CommandError, match=f"{platform.upper()}_BOT_TOKEN is not set") as caught:
        call_command("runbot", platform)
    assert caught.value.returncode == 1


def test_a_token_that_discord_refuses_is_the_end(discord: FakeDiscord, settings: Settings) -> None:
    settings.DISCORD_BOT_TOKEN = "wrong"
    assert "Discord refuses DISCORD_BOT_TOKEN" in attended("discord")


@pytest.mark.parametrize("name", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_a_token_that_slack_refuses_is_the_end(slack: FakeSlack, settings: Settings, name: str) -> None:
    setattr(settings, name, "xapp-wrong" if "APP" in name else "xoxb-wrong")
    fault = attended("slack")
    assert fault.startswith(f"Slack refuses {name} (")
    assert "wrong" not in fault


def test_a_platform_that_is_away_is_waited_for(
    discord: FakeDiscord, slack: FakeSlack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.discord.bot.FIRST_PAUSE", 0.05)
    monkeypatch.setattr("bot.platforms.slack.bot.PATIENCE", (0.05, 0.05, 0.05))
    discord.script("GET", r"/users/@me$", *[Http(403)] * 2)
    slack.script("auth.test", Error("fatal_error"), Error("service_unavailable"))
    for platform in ("discord", "slack"):
        with running(platform, threads=2) as crew:
            bots.until(lambda crew=crew: crew.bot.is_connected, "it is connected after all")  # type: ignore[misc]
            assert crew.bot.fault == ""


def test_a_thread_that_ends_by_an_error_ends_the_process(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_listener: object) -> None:
        raise KeyError("what nobody thought of")

    monkeypatch.setattr("bot.platforms.slack.listener.SocketListener._watch", broken)
    assert attended("slack") == "The thread slack-socket has ended; what went wrong is above."


def test_a_round_of_reading_again_that_fails_is_not_the_last(
    slack: FakeSlack, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rounds: list[int] = []
    whole: Callable[[CatchUp], bool] = CatchUp._catch_up

    def broken_once(catch_up: CatchUp) -> bool:
        rounds.append(1)
        if len(rounds) == 1:
            raise KeyError("what nobody thought of")
        return whole(catch_up)

    monkeypatch.setattr(CatchUp, "_catch_up", broken_once)
    with running("slack", threads=2) as crew:
        catch_up = CatchUp(crew.bot.messenger, "slack")
        catch_up.start()
        catch_up.request()
        bots.until(lambda: rounds, "a round was begun")
        catch_up.request()
        bots.until(lambda: len(rounds) > 1, "and another")
        catch_up.stop()
    assert "cut short" in caplog.text
    assert "what nobody thought of" in caplog.text
