"""What stands around a question is read on both platforms, and is part of it; and says so where it cannot be."""

from collections.abc import Iterator

import pytest

from bot.answers import trace
from bot.answers.replays import replay
from bot.models import Channel, Conversation, Message, Question, Speaker
from bot.models import Workspace as WorkspaceRow
from bot.platforms.discord.session import IN_THREAD
from tests.fakes.discord.fake import FakeDiscord, Http
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import Error, FakeSlack, RateLimited, visible_text
from tests.fakes.slack.workspace import ANN, BOB, CHANNEL, DIRECT, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
POINTING = "can you answer this?"


def wait_for_history() -> None:
    """Until the history is read that is read at every start."""
    bots.until(lambda: WorkspaceRow.objects.filter(listened_at__isnull=False).exists(), "it has looked once")


@pytest.fixture
def workspace(slack: FakeSlack) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    slack.add_user("UALERT", name="alerts", is_bot=True)
    with bots.running("slack"):
        wait_for_history()
        yield workspace


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    with bots.running("discord"):
        wait_for_history()
        yield Server(discord)


def around(text: str = "") -> list[tuple[str, str]]:
    """Who said what around the question with this text, or the only one."""
    asked = Message.objects.get(speaker=Speaker.ASKER, **({"text": text} if text else {}))
    return [(each.label, each.text) for each in trace.reach(asked).surroundings]


def last_prompt(fake_providers: FakeProviders) -> str:
    return str(fake_providers.requests[-1].body["messages"][-1]["content"])


def test_a_mention_in_a_thread_on_slack_is_about_what_stands_there(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    slack = workspace.fake
    fake_providers.blocks_in_turn = [[(ASKED, ())]]  # what the question is understood as
    root = slack.post(CHANNEL, BOB, ASKED)
    slack.post(CHANNEL, "UALERT", "ALERT: refunds are down", thread_ts=root)
    slack.post(CHANNEL, BOB, "It is for customer 4711.", thread_ts=root)
    slack.post(CHANNEL, ANN, "No idea, sorry.", thread_ts=root)
    workspace.mention(POINTING, thread_ts=root)
    workspace.answers(root)
    assert around() == [("bob", ASKED), ("bob", "It is for customer 4711."), ("ann (who asks)", "No idea, sorry.")]
    assert "ann (who asks): No idea, sorry." in last_prompt(fake_providers)
    assert "ALERT" not in str(fake_providers.requests[-1].body)
    answer = Message.objects.get(speaker=Speaker.BOT)
    assert trace.of(answer).question == ASKED
    assert replay(answer).is_exact
    assert len(slack.calls_of("conversations.replies")) == 1


def test_a_post_of_a_forum_and_a_thread_on_a_message_are_read_on_discord(
    server: Server, fake_providers: FakeProviders
) -> None:
    discord = server.fake
    fake_providers.blocks_in_turn = [[(ASKED, ())], [("It is [1].", (0,))], [(ASKED, ())]]
    forum = discord.add_channel(name="questions", kind="forum")
    post = discord.start_thread(forum, server.bob, "Refund gone", ASKED)
    discord.post(post, server.bob, "Anybody?")
    discord.post(post, server.ann, f"<@{discord.bot_id}> {POINTING}")
    server.answers(post)
    assert around() == [("bob", f"Refund gone\n\n{ASKED}"), ("bob", "Anybody?")]
    message = discord.post(server.channel, server.bob, "Are plans refunded in full?")
    thread = discord.start_thread(server.channel, server.ann, "About it", "I wonder, too", on=message)
    discord.post(thread, server.ann, f"<@{discord.bot_id}> help please")
    server.answers(thread)
    assert around("help please") == [
        ("bob", "Are plans refunded in full?"), ("ann (who asks)", "I wonder, too"),
    ]  # fmt: skip


def test_a_long_thread_on_discord_keeps_its_beginning(server: Server) -> None:
    forum = server.fake.add_channel(name="questions", kind="forum")
    post = server.fake.start_thread(forum, server.bob, "Refund gone", ASKED)
    server.fake.post_many(post, server.bob, [f"Line {number}" for number in range(60)])
    server.fake.post(post, server.ann, f"<@{server.fake.bot_id}> {POINTING}")
    server.answers(post)
    found = around()
    assert found[0] == ("bob", f"Refund gone\n\n{ASKED}")
    assert [text for _, text in found[1:]] == [f"Line {number}" for number in range(41, 60)]


def test_a_post_that_fills_what_is_read_begins_once(server: Server) -> None:
    alerts = server.fake.add_user("alerts", is_bot=True)
    forum = server.fake.add_channel(name="questions", kind="forum")
    post = server.fake.start_thread(forum, server.bob, "Refund gone", ASKED)
    server.fake.post_many(post, alerts, [f"Line {number}" for number in range(IN_THREAD - 1)])
    server.fake.post(post, server.ann, f"<@{server.fake.bot_id}> {POINTING}")
    server.answers(post)
    assert around() == [("bob", f"Refund gone\n\n{ASKED}")]


@pytest.mark.parametrize("brings_reply", [True, False])
def test_a_reply_on_discord_is_about_what_it_replies_to(server: Server, brings_reply: bool) -> None:
    message = server.fake.post(server.channel, server.bob, ASKED)
    asked = server.mention("^", reply_to=message, brings_reply=brings_reply)
    server.answers(asked)
    assert around() == [("bob (quoted)", ASKED)]


def test_what_was_forwarded_is_the_question_and_previews_of_pages_are_not(workspace: Workspace) -> None:
    slack = workspace.fake
    source = slack.post(CHANNEL, BOB, ASKED)
    preview = {"service_name": "Example", "title": "What?", "text": "Buy now?", "from_url": "https://example.com"}
    first = workspace.mention("", forwards=(CHANNEL, source))
    workspace.answers(first)
    second = workspace.mention("is this still so?", forwards=(CHANNEL, source), attachments=(preview,))
    workspace.answers(second)
    third = slack.post(DIRECT, ANN, "", forwards=(CHANNEL, source))
    workspace.answers(third, channel=DIRECT)
    assert [each.text for each in Question.objects.all()] == [ASKED, "is this still so?", ASKED]
    assert around("is this still so?") == [("bob (quoted)", ASKED)]


def test_what_was_forwarded_on_discord_is_the_question(server: Server) -> None:
    source = server.fake.post(server.channel, server.bob, ASKED)
    direct = server.fake.open_dm(server.ann)
    server.fake.forward(direct, server.ann, server.channel, source)
    server.answers(direct)
    elsewhere = server.fake.add_channel(name="elsewhere")
    forwarded = server.fake.forward(elsewhere, server.bob, server.channel, source)
    server.fake.context_menu(server.ann, elsewhere, forwarded, "Ask about this").wait()
    server.answers(forwarded)
    server.fake.forward(direct, server.ann, server.channel, source, has_snapshot=False)
    server.answers(direct, 2)
    assert [each.text for each in Question.objects.all()] == [ASKED, ASKED, ASKED]


@pytest.mark.parametrize("fault", [Error("missing_scope"), RateLimited(30)])
def test_a_thread_that_cannot_be_read_is_said_where_nothing_else_is_asked(
    workspace: Workspace, fault: Error | RateLimited
) -> None:
    root = workspace.fake.post(CHANNEL, BOB, ASKED)
    workspace.fake.script("conversations.replies", fault)
    workspace.mention(POINTING, thread_ts=root)
    (answer,) = workspace.answers(root)
    assert "could not read the messages above" in visible_text(answer)
    workspace.fake.script("conversations.replies", fault)
    workspace.mention(ASKED, thread_ts=root)
    assert "[1]" in visible_text(workspace.answers(root, 2)[-1])


def test_a_thread_that_cannot_be_read_on_discord_is_said(server: Server) -> None:
    message = server.fake.post(server.channel, server.bob, ASKED)
    thread = server.fake.start_thread(server.channel, server.ann, "About it", "Hm", on=message)
    server.fake.script("GET", rf"/channels/{thread}/messages", Http(403, {"code": 50001, "message": "Missing Access"}))
    server.fake.post(thread, server.ann, f"<@{server.fake.bot_id}> {POINTING}")
    bots.until(lambda: "could not read the messages above" in str(server.own(thread)), "it is said")


def test_whom_slack_does_not_name_leaves_the_others_their_names(workspace: Workspace) -> None:
    slack = workspace.fake
    root = slack.post(CHANNEL, ANN, ASKED)
    slack.post(CHANNEL, BOB, "Same for gifts?", thread_ts=root)
    slack.script("users.info", Error("user_not_found"))
    workspace.mention(POINTING, thread_ts=root)
    workspace.answers(root)
    assert around() == [("Somebody (who asks)", ASKED), ("bob", "Same for gifts?")]


def test_a_question_that_points_at_nothing_is_asked_back(workspace: Workspace) -> None:
    (answer,) = workspace.answers(workspace.mention("can you answer this?"))
    assert "do not see what you point at" in visible_text(answer)


def test_a_call_without_a_word_is_about_the_thread(workspace: Workspace) -> None:
    root = workspace.fake.post(CHANNEL, BOB, ASKED)
    workspace.mention("", thread_ts=root)
    workspace.answers(root)
    assert around() == [("bob", ASKED)]


def test_ask_about_this_makes_its_author_a_party(workspace: Workspace) -> None:
    slack = workspace.fake
    message = slack.post(CHANNEL, BOB, ASKED)
    slack.shortcut(ANN, CHANNEL, message)
    workspace.answers(message)
    slack.post(CHANNEL, BOB, "And monthly plans?", thread_ts=message)
    workspace.answers(message, 2)
    assert Conversation.objects.get().silenced_at is None


def test_ask_about_this_makes_its_author_a_party_on_discord(server: Server) -> None:
    message = server.fake.post(server.channel, server.bob, ASKED)
    server.fake.context_menu(server.ann, server.channel, message, "Ask about this")
    server.answers(message)
    server.fake.post(message, server.bob, "And monthly plans?")
    server.answers(message, 2)
    assert Conversation.objects.get().silenced_at is None


def test_a_private_question_in_a_thread_on_discord_reads_it(server: Server) -> None:
    message = server.fake.post(server.channel, server.bob, ASKED)
    thread = server.fake.start_thread(server.channel, server.ann, "About it", "Hm", on=message)
    asked = server.fake.command(server.ann, thread, "ask", {"question": POINTING})
    bots.until(lambda: asked.original and asked.original.get("components"), "the answer is there")
    assert around() == [("bob", ASKED), ("ann (who asks)", "Hm")]
    assert Channel.objects.get(external_id=str(server.channel)).conversation_set.count() == 1


def test_what_the_team_and_a_shared_answer_say_stands_there_too(workspace: Workspace) -> None:
    slack = workspace.fake
    slack.command(ANN, CHANNEL, ASKED)
    bots.until(lambda: "[1]" in str(slack.ephemerals(CHANNEL, ANN)), "the answer is there")
    (private,) = slack.ephemerals(CHANNEL, ANN)
    slack.press(CHANNEL, private["ts"], "parley:share", ANN)
    bots.until(lambda: workspace.own(CHANNEL), "it is shared")
    shared = workspace.own(CHANNEL)[0]["ts"]
    slack.post(CHANNEL, BOB, f"<@{slack.bot_user_id}> is that so?", thread_ts=shared)
    workspace.answers(shared, 2)
    ((label, text),) = around("is that so?")
    assert label == "An answer that was shared"
    assert ASKED in text


def test_of_a_thread_that_is_longer_than_slack_tells_its_beginning_is_read(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.platforms.slack.history.IN_THREAD", 4)
    root = workspace.fake.post(CHANNEL, BOB, ASKED)
    for number in range(9):
        workspace.fake.post(CHANNEL, BOB, f"Line {number}", thread_ts=root)
    workspace.mention(POINTING, thread_ts=root)
    workspace.answers(root)
    assert around() == [("bob", ASKED)]
