"""A bot process that is asked to stop: what it was about to answer is answered by the next, once."""

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config import postgres
from tests.bot.questions.delivery_chaos import Bots, Plan, Stage, environment_of, settle
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.providers import fake
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import FakeSlack
from tests.harness.processes import ROOT

ASKED = 12
CONNECTIONS = "4"  # fewer than questions that are answered at once
DRAIN_SECONDS = 10.0


@pytest.fixture
def played() -> Iterator[tuple[Stage, FakeProviders, dict[str, str]]]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        folder.chmod(0o755)  # for the user that PostgreSQL runs as
        url = stack.enter_context(postgres.running(folder / "home"))
        server, provider = fake.start()
        stack.callback(server.server_close)
        stack.callback(server.shutdown)
        slack = stack.enter_context(FakeSlack())
        discord = stack.enter_context(FakeDiscord())
        environment = environment_of(folder, url, Plan(lease=30), provider, slack, discord)
        environment["BOT_CONNECTIONS"] = CONNECTIONS
        subprocess.run([sys.executable, "-m", "tests.rows.delivery_rows"], env=environment, cwd=ROOT, check=True)
        yield Stage(slack, discord, random.Random(0)), provider, environment  # noqa: S311


@pytest.mark.chaos
def test_a_bot_that_is_asked_to_stop_ends_soon_and_another_answers_once(
    played: tuple[Stage, FakeProviders, dict[str, str]], tmp_path: Path
) -> None:
    stage, provider, environment = played
    provider.seconds = 40.0
    bots = Bots(["slack", "discord"], 1, environment, tmp_path / "bots.log", [])
    try:
        stage.slack.wait_connected(60)
        stage.discord.until(lambda: stage.discord.connections, 60)
        for number in range(ASKED):
            stage.ask(number, 0.0)
        stage.discord.until(lambda: len(provider.requests) == ASKED, 30)  # so none waits for a connection
    finally:
        asked_to_stop = time.monotonic()
        ended = bots.stop()
    assert ended == [0, 0]
    assert time.monotonic() - asked_to_stop < DRAIN_SECONDS + 5, "what is under way is given back, not waited for"
    assert not any(any(replies) for replies in stage.replies().values())
    provider.seconds = 0.0
    bots = Bots(["slack", "discord"], 1, environment, tmp_path / "bots.log", [])
    try:
        settle(stage, 25)
    finally:
        bots.stop()
    assert {name: replies for name, replies in stage.replies().items() if replies != [True]} == {}
