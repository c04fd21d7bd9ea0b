"""A day that nobody listened to, on both platforms: what was asked is answered, and nothing else, however often the
history is read and whatever is delivered once more."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bot.inbox import catching_up
from bot.models import Channel, Conversation, Delivery, Question, QuestionState
from bot.models import Workspace as WorkspaceRow
from bot.running import Running
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.workspace import ANN, BOB, CHANNEL, Workspace
from tests.harness import bots, day
from tests.harness.day import ASKED, DAY, Line

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
TEXTS = {line.text: line.key for line in DAY}
EDITED = "How are refunds paid out?"
OVER = [QuestionState.DONE, QuestionState.REFUSED]


def gone_for_a_day() -> None:
    """As if the bot, which knows its channels, had listened last a day ago."""
    before = timezone.now() - timedelta(hours=23.9)
    WorkspaceRow.objects.update(listened_at=before)
    Channel.objects.update(cursor_at=before)


def asked() -> set[str]:
    return {TEXTS.get(text, text) for text in Question.objects.values_list("text", flat=True)}


def is_settled(wanted: set[str]) -> bool:
    return asked() >= wanted and not Question.objects.exclude(state__in=OVER).exists()


def read_again(crew: Running) -> None:
    for channel in Channel.objects.select_related("workspace"):
        Channel.objects.filter(pk=channel.pk).update(cursor_at=timezone.now() - timedelta(hours=23.9))
        channel.refresh_from_db()
        assert catching_up.catch_up(channel, crew.bot.messenger) == 0


def check(wanted: set[str]) -> None:
    """Each of them is there once, and each has one answer, or the word that the bot stays out."""
    assert asked() == wanted
    assert Question.objects.count() == len(wanted)
    told = Delivery.objects.filter(part=1, kind__in=["answer", "notice"], state="sent")
    assert sorted(told.values_list("question", flat=True)) == sorted(Question.objects.values_list("pk", flat=True))


def test_on_slack(slack: FakeSlack) -> None:
    workspace = Workspace(slack)
    slack.add_user("U3", name="cid")
    slack.redelivery_delays = ()
    with bots.running("slack"):
        bots.until(lambda: WorkspaceRow.objects.filter(listened_at__isnull=False).exists(), "it has looked once")
    gone_for_a_day()
    people, ids = {day.ANN: ANN, day.BOB: BOB, day.CID: "U3"}, dict[str, str]()
    for line in DAY:
        slack.ago = line.ago * 3600
        text = f"<@{slack.bot_user_id}> {line.text}" if line.is_mention else line.text
        ids[line.key] = slack.post(CHANNEL, people[line.who], text, thread_ts=ids.get(line.under))
    slack.ago = 3600.0
    slack.edit(CHANNEL, workspace.mention("How are refnds paid?"), f"<@{slack.bot_user_id}> {EDITED}")
    slack.delete(CHANNEL, workspace.mention("Never mind me"))
    slack.ago = 0.0
    with bots.running("slack") as crew:
        bots.until(lambda: is_settled(ASKED | {EDITED}), "all is answered")
        for _ in range(2):
            read_again(crew)
        channel = slack.channels[CHANNEL]
        for key in ("same", "early", "follow", "meanwhile", "first", "of ann"):  # events that come after all
            message = next(each for each in slack.messages(CHANNEL) if each["ts"] == ids[key])
            event = {name: message[name] for name in ("type", "user", "text", "ts", "thread_ts", "team")}
            slack.send_event(event | {"channel": CHANNEL, "channel_type": channel.kind, "event_ts": message["ts"]})
        slack.wait_acked()
        bots.until(lambda: is_settled(ASKED | {EDITED}), "nothing more is under way")
    check(ASKED | {EDITED})
    assert Conversation.objects.get(thread_id=ids["talk"]).silenced_at is not None
    assert Conversation.objects.get(thread_id=ids["thing"]).silenced_at is None


def test_on_discord(discord: FakeDiscord) -> None:
    server = Server(discord)
    forum = discord.add_channel(name="questions", kind="forum")
    people = {day.ANN: server.ann, day.BOB: server.bob, day.CID: discord.add_user("cid")}
    with bots.running("discord"):
        bots.until(lambda: WorkspaceRow.objects.filter(listened_at__isnull=False).exists(), "it has looked once")
    gone_for_a_day()
    threads = _said_on_discord(discord, forum, server.channel, people)
    discord.ago = 3600.0
    edited = server.mention("How are refnds paid?")
    discord.edit(server.channel, edited, f"<@{discord.bot_id}> {EDITED}")
    discord.delete(server.channel, server.mention("Never mind me"))
    discord.ago = 0.0
    with bots.running("discord") as crew:
        bots.until(lambda: is_settled(ASKED | {EDITED}), "all is answered")
        for _ in range(2):
            read_again(crew)
        for line in DAY:
            if line.under or line.key == "talk":
                discord.tell_again(*threads[line.key])
        bots.until(lambda: is_settled(ASKED | {EDITED}), "nothing more is under way")
        read_again(crew)
    check(ASKED | {EDITED})
    assert Conversation.objects.get(thread_id=str(threads["talk"][0])).silenced_at is not None
    assert Conversation.objects.get(thread_id=str(threads["thing"][0])).silenced_at is None


def _said_on_discord(
    discord: FakeDiscord, forum: int, channel: int, people: dict[str, int]
) -> dict[str, tuple[int, int]]:
    """The day, one of its threads as a post of a forum; where each message stands, and its id."""
    found: dict[str, tuple[int, int]] = {}
    for line in DAY:
        discord.ago = line.ago * 3600
        text = f"<@{discord.bot_id}> {line.text}" if line.is_mention else line.text
        if not line.under:
            found[line.key] = _begun(discord, forum if line.key == "talk" else channel, people[line.who], text, line)
            continue
        thread = found[line.under][0]
        found[line.key] = (thread, discord.post(thread, people[line.who], text))
    return found


def _begun(discord: FakeDiscord, place: int, who: int, text: str, line: Line) -> tuple[int, int]:
    """A post of the forum, or a message that others write under."""
    if line.key == "talk":
        post = discord.start_thread(place, who, "Refunds", text, on=None)
        return post, post
    message = discord.post(place, who, text)
    if any(each.under == line.key for each in DAY):
        discord.start_thread(place, who, "About it", "…", on=message)
        return message, message
    return place, message
