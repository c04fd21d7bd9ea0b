"""Every conversation of docs/platforms.md on both platforms, and what everybody read, against what is written down.

`pytest tests/bot/scripts --write-scripts` writes down anew what is read; look at the difference as an asker would.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.models import Channel, Workspace
from knowledge.models import Collection
from tests.bot.scripts.discord_stage import DiscordStage
from tests.bot.scripts.scripts import DOCUMENTS, ON_DISCORD_ALONE, SCRIPTS
from tests.bot.scripts.slack_stage import SlackStage
from tests.bot.scripts.stage import Stage
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.workspace import TEAM
from tests.fakes.slack.workspace import Workspace as SlackWorkspace
from tests.harness import bots
from tests.rows import web_rows

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("library")]

ROOT = Path(__file__).resolve().parents[3]
WRITTEN = Path(__file__).parent / "written"
HEADING = "## Conversations, step by step"


@pytest.fixture
def library(shelf: Collection) -> None:
    """What the documents say in these conversations."""
    for title, text in DOCUMENTS.items():
        web_rows.make_document(shelf, title, text)


@pytest.fixture
def slack_stage(slack: FakeSlack, fake_providers: FakeProviders) -> Iterator[Stage]:
    workspace = SlackWorkspace(slack)
    with bots.running("slack"):
        known(str(slack.team_id), TEAM)
        bots.until(lambda: Channel.objects.filter(name="help"), "the names of the channels are known")
        yield SlackStage(workspace, fake_providers)


@pytest.fixture
def discord_stage(discord: FakeDiscord, fake_providers: FakeProviders) -> Iterator[Stage]:
    with bots.running("discord"):
        server = Server(discord)
        server.team = discord.add_channel(name="team")
        bots.until(lambda: Workspace.objects.filter(platform="discord", name__gt=""), "the server is known")
        known(Workspace.objects.get(name__gt="").external_id, str(server.team))
        yield DiscordStage(server, fake_providers)


def known(workspace: str, team: str) -> None:
    """Questions for people go to the team's channel."""
    bots.until(lambda: Workspace.objects.filter(external_id=workspace), "the workspace is known")
    of = Workspace.objects.get(external_id=workspace)
    channel, _ = Channel.objects.get_or_create(workspace=of, external_id=team, defaults={"name": "team"})
    of.send_questions_to(channel)


WALKED = [
    (name, platform) for name in SCRIPTS for platform in ("slack", "discord")
    if platform == "discord" or name not in ON_DISCORD_ALONE
]  # fmt: skip


@pytest.mark.parametrize(("name", "platform"), WALKED)
def test_a_conversation_reads_as_it_is_written_down(name: str, platform: str, request: pytest.FixtureRequest) -> None:
    stage: Stage = request.getfixturevalue(f"{platform}_stage")
    SCRIPTS[name](stage)
    stage.quiet()
    read = stage.text()
    written = WRITTEN / f"{name.replace(' ', '_')}.{platform}.txt"
    if request.config.getoption("--write-scripts"):
        written.parent.mkdir(exist_ok=True)
        written.write_text(read)
    assert read == written.read_text()
    assert stage.model.blocks_in_turn == [], "the model was asked less often than the script says"


def test_nothing_is_written_down_that_nobody_walks() -> None:
    walked = {f"{name.replace(' ', '_')}.{platform}.txt" for name, platform in WALKED}
    assert {each.name for each in WRITTEN.iterdir()} == walked


def test_the_page_and_the_scripts_name_the_same_conversations() -> None:
    page = (ROOT / "docs" / "platforms.md").read_text().partition(HEADING)[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([a-z][^|]*?) \|", page, re.MULTILINE)[1:] == list(SCRIPTS)
