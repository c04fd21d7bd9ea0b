"""An edit has an effect or is said to come too late; who joins in is said once; what adds nothing silences nobody."""

from collections.abc import Iterator

import pytest
from discord.utils import snowflake_time

from bot.inbox import refusing
from bot.models import Conversation, DeliveryKind, Message, Question
from bot.models import Workspace as WorkspaceRow
from bot.questions import replying
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.workspace import ASKED, BOB, CHANNEL, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
NEW = "How are monthly plans refunded?"
TOO_LATE = "You changed your question while I was writing"


@pytest.fixture
def workspace(slack: FakeSlack) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    with bots.running("discord"):
        yield Server(discord)


def test_an_edit_while_the_answer_is_written_is_said_to_come_too_late_once(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    fake_providers.script("pause")
    thread = workspace.mention()
    bots.until(lambda: fake_providers.requests, "the model writes")
    slack = workspace.fake
    slack.edit(CHANNEL, thread, f"<@{slack.bot_user_id}> {ASKED.upper()}!")  # says the same
    for text in (NEW, f"{NEW} Soon?"):
        slack.edit(CHANNEL, thread, f"<@{slack.bot_user_id}> {text}")
    bots.until(lambda: TOO_LATE in str(workspace.own(CHANNEL, thread)), "it is said")
    fake_providers.released.set()
    workspace.answers(thread, 2)
    assert [TOO_LATE in each["text"] for each in workspace.own(CHANNEL, thread)].count(True) == 1
    assert Question.objects.get().text == ASKED
    slack.edit(CHANNEL, thread, f"<@{slack.bot_user_id}> {NEW}!!")  # long after
    slack.wait_acked()
    assert Question.objects.get().deliveries.filter(kind=DeliveryKind.NOTICE).count() == 1


def test_an_edit_while_the_answer_is_written_is_said_on_discord(server: Server, fake_providers: FakeProviders) -> None:
    fake_providers.script("pause")
    thread = server.mention()
    bots.until(lambda: fake_providers.requests, "the model writes")
    server.fake.edit(server.channel, thread, f"<@{server.fake.bot_id}> {NEW}")
    bots.until(lambda: TOO_LATE in str(server.own(thread)), "it is said")
    fake_providers.released.set()
    server.answers(thread)


def test_an_edit_before_the_words_are_taken_is_what_is_answered(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker has the question already, but not begun with its words."""
    keep, slack = replying._keep_question, workspace.fake

    def edited_just_before(question: Question) -> None:
        slack.edit(CHANNEL, question.message_id, f"<@{slack.bot_user_id}> {NEW}")
        bots.until(lambda: Question.objects.filter(text=NEW).exists(), "the edit is there")
        keep(question)

    monkeypatch.setattr(replying, "_keep_question", edited_just_before)
    thread = workspace.mention()
    workspace.answers(thread)
    assert Message.objects.get(speaker="asker").text == NEW
    assert len(workspace.own(CHANNEL, thread)) == 1


def test_what_adds_nothing_silences_nobody_and_who_joins_in_is_said_once(workspace: Workspace) -> None:
    slack = workspace.fake
    thread = workspace.mention()
    workspace.answers(thread)
    for text in ("+1", "same here", "thanks!", ":tada:"):
        slack.post(CHANNEL, BOB, text, thread_ts=thread)
    slack.wait_acked()
    assert Conversation.objects.get().silenced_at is None
    for text in ("I can take this over.", "It takes two weeks."):
        slack.post(CHANNEL, BOB, text, thread_ts=thread)
    bots.until(lambda: "joined in" in str(workspace.own(CHANNEL, thread)), "it is said")
    workspace.mention("And now?", thread_ts=thread)
    workspace.answers(thread, 3)
    slack.post(CHANNEL, BOB, "No, I have it.", thread_ts=thread)
    slack.wait_acked()
    workspace.settle()
    assert len([each for each in workspace.own(CHANNEL, thread) if "joined in" in each["text"]]) == 1
    assert Conversation.objects.get().silenced_at is not None


def test_each_mention_over_the_limit_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusing, "PER_MINUTE", 1)
    workspace.answers(workspace.mention())
    for number in range(3):
        workspace.mention(f"And number {number}?")
    bots.until(lambda: str(workspace.own(CHANNEL)).count("did not take this one") >= 3 * 2, "each is told")


def test_each_direct_message_over_the_limit_is_told(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusing, "PER_MINUTE", 1)
    direct = server.fake.open_dm(server.ann)
    server.fake.post(direct, server.ann, ASKED)
    server.answers(direct)
    for number in range(2):
        server.fake.post(direct, server.ann, f"And number {number}?")
    bots.until(lambda: str(server.own(direct)).count("did not take this one") == 2, "each is told")


def test_a_mention_that_is_edited_in_begins_the_conversation_then(workspace: Workspace) -> None:
    slack = workspace.fake
    root = slack.post(CHANNEL, BOB, ASKED)
    before = slack.post(CHANNEL, BOB, "I have asked finance, too.", thread_ts=root)
    slack.edit(CHANNEL, root, f"<@{slack.bot_user_id}> {ASKED}")
    workspace.answers(root)
    assert Conversation.objects.get().begun_at.timestamp() > float(before)  # type: ignore[union-attr]


def test_a_mention_that_is_edited_in_begins_the_conversation_then_on_discord(server: Server) -> None:
    bots.until(lambda: WorkspaceRow.objects.filter(listened_at__isnull=False).exists(), "the history is read")
    root = server.fake.post(server.channel, server.bob, ASKED)
    server.fake.start_thread(server.channel, server.ann, "About it", "I have asked finance, too.", on=root)
    server.fake.edit(server.channel, root, f"<@{server.fake.bot_id}> {ASKED}")
    server.answers(root)
    conversation, question = Conversation.objects.get(), Question.objects.get()
    assert conversation.begun_at == question.asked_at > snowflake_time(root)


def test_what_happens_to_a_message_that_was_edited_long_ago_is_no_question(server: Server) -> None:
    discord = server.fake
    bots.until(lambda: WorkspaceRow.objects.filter(listened_at__isnull=False).exists(), "the history is read")
    discord.ago = 30 * 24 * 3600.0
    old = discord.post(server.channel, server.bob, ASKED)
    discord.edit(server.channel, old, f"<@{discord.bot_id}> {ASKED}")
    discord.ago = 0.0
    discord.tell_again(server.channel, old, is_update=True)  # as when somebody pinned it
    server.answers(server.mention(NEW))
    assert [each.text for each in Question.objects.all()] == [NEW]
