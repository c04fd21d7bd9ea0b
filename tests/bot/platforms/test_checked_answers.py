"""An answer that was streamed with a claim that no passage holds: what is read in the end is without it."""

import json
from io import StringIO

import pytest
from django.core.management import call_command

from bot.models import Message
from bot.wording import phrases
from bot.wording.speech import ENGLISH
from knowledge.models import Collection
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.providers.protocols import Block
from tests.fakes.slack.fake import FakeSlack, visible_text
from tests.fakes.slack.workspace import CHANNEL, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

LEFT = "Plans can be cancelled [1]. Later they run out [1]. Plans can be cancelled, and they run out later [1]."
NOTE = ENGLISH.say(phrases.LEFT_OPEN)


@pytest.fixture(autouse=True)
def _wrong(fake_providers: FakeProviders) -> None:
    """A model that is slow enough to be seen, and wrong twice."""
    fake_providers.seconds = 2.4
    wrong: list[Block] = [("Annual plans are refunded within 45 days [1]. ", ()), (LEFT, ())]
    fake_providers.blocks_in_turn = [wrong, wrong]


def test_on_slack(slack: FakeSlack) -> None:
    workspace = Workspace(slack)
    with bots.running("slack"):
        thread = workspace.mention()
        workspace.answers(thread)
    posts = workspace.own(CHANNEL, thread)
    said = "\n".join(map(visible_text, posts))
    assert "45 days" in json.dumps([call.params for call in slack.calls])  # while it was written
    assert (LEFT in said, NOTE in said, "45 days" in json.dumps(posts)) == (True, True, False)
    refused = {call.response.get("error") for call in slack.calls if not call.response.get("ok", True)}
    assert refused <= {"streaming_state_conflict"}  # edited before Slack knew that it was complete: done again


def test_on_discord(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        server = Server(discord)
        thread = server.mention()
        server.answers(thread)
        said = "\n".join(each["content"] for each in server.own(thread))
    assert (LEFT in said, NOTE in said, "45 days" in said) == (True, True, False)
    assert Message.objects.get(speaker="bot").caught == 2


def test_in_a_terminal_where_it_was_read_while_it_was_written(
    shelf: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    out = StringIO()
    call_command("ask", ASKED, stdout=out)
    streamed, said, checked = out.getvalue().partition(ENGLISH.say(phrases.REPLACED))
    assert "45 days" in streamed
    assert (bool(said), LEFT in checked, NOTE in checked, "45 days" in checked) == (True, True, True, False)
