"""A model that obeys whatever stands in a document: what it writes reaches people as words and nothing else."""

import math
from pathlib import Path

import pytest

from bot.models import Question
from knowledge.models import Collection
from knowledge.retrieval.search import retrieve
from llm import client
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.hostile import HOSTILE, faults
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import FakeSlack, visible_text
from tests.fakes.slack.workspace import CHANNEL, Workspace
from tests.harness import bots
from tests.rows.make import make_file, make_indexed

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

ECHO = "\n\n".join([*HOSTILE, *reversed(HOSTILE)])


@pytest.fixture
def evil(fake_providers: FakeProviders, shelf: Collection, tmp_path: Path) -> FakeProviders:
    """Echoes every hostile text of a document, in pieces as they come from a model, and cites another one, so that it
    is shown, and its addresses are not those of a source."""
    make_indexed(shelf, make_file(tmp_path, "evil.txt", f"Odds and ends\n\n{ECHO}"))
    found = retrieve(ASKED, collections=[shelf.pk], k=6, trace_id=client.new_trace_id(), deadline=math.inf)
    other = next(place for place, hit in enumerate(found.hits) if not hit.path.endswith("evil.txt"))
    pieces = [ECHO[at : at + 40] for at in range(0, len(ECHO), 40)]
    fake_providers.blocks = [("Annual plans are refunded ", (other,)), ("\n\n", ()), *((piece, ()) for piece in pieces)]
    return fake_providers


@pytest.mark.usefixtures("evil")
def test_on_discord_nobody_is_called_and_nothing_is_previewed(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        server = Server(discord)
        thread = server.mention()
        server.answers(thread)
        posts = server.own(thread)
    assert discord.live_mentions == []
    assert discord.refusals == []
    assert len(posts) > 1
    assert all(each["flags"] & 4 for each in posts)
    words = [line for each in posts for line in each["content"].splitlines() if not line.startswith("-# ")]
    assert faults("\n".join(words)) == []
    assert "evil.com/?q=secret" in "\n".join(words)


@pytest.mark.usefixtures("evil")
def test_on_slack_nobody_is_called_and_nothing_is_previewed(slack: FakeSlack) -> None:
    workspace = Workspace(slack)
    with bots.running("slack"):
        thread = workspace.mention()
        workspace.answers(thread)
    (answer,) = workspace.own(CHANNEL, thread)
    markdown = "\n".join(block["text"] for block in answer["blocks"] if block["type"] == "markdown")
    assert faults(markdown or visible_text(answer)) == []
    sent = [call for call in slack.calls if call.method.startswith("chat.")]
    assert [call.response.get("error") for call in sent if not call.response["ok"]] in (
        [],
        ["streaming_state_conflict"],
    )
    for call in sent:
        assert "<!channel" not in str(call.params)
        assert "<@U1" not in str(call.params.get("markdown_text", ""))
        if call.method == "chat.postMessage":
            assert call.params["unfurl_links"] in (False, "0", 0)


@pytest.mark.usefixtures("evil")
def test_a_hostile_question_is_quoted_to_the_team_as_words(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        server = Server(discord)
        server.mention(f"{ASKED} @everyone <@&123> https://evil.com")
        bots.until(lambda: Question.objects.filter(state="done").exists(), "it is answered")
    assert discord.live_mentions == []
