"""What a bot finds of its own on a platform, after an attempt that was cut short: its post, and those too many."""

from collections.abc import Iterator

import pytest

from bot.messenger import Messenger
from bot.models import Channel, Delivery, DeliveryKind, Question
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.slack.web_api import call, client_for
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.workspace import ANN, CHANNEL, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def on_slack(slack: FakeSlack) -> Iterator[tuple[Workspace, Messenger]]:
    with bots.running("slack") as crew:
        yield Workspace(slack), crew.bot.messenger


@pytest.fixture
def on_discord(discord: FakeDiscord) -> Iterator[tuple[Server, DiscordMessenger]]:
    with bots.running("discord") as crew:
        assert isinstance(crew.bot.messenger, DiscordMessenger)
        yield Server(discord), crew.bot.messenger


def forgotten(kind: DeliveryKind = DeliveryKind.ANSWER) -> Delivery:
    """A delivery whose message nobody noted."""
    Delivery.objects.filter(kind=kind).update(message_id="")
    return Delivery.objects.get(kind=kind)


def said_on_slack(text: str, thread: str) -> str:
    """A message of the bot that carries no mark, as one that is streamed carries none."""
    client = client_for(Channel.objects.get(external_id=CHANNEL).workspace)
    return str(call(client, "chat.postMessage", channel=CHANNEL, thread_ts=thread, text=text)["ts"])


def said_on_discord(messenger: DiscordMessenger, place: int, text: str, question: int | None = None) -> str:
    """A message of the bot; with the buttons of a question, if one is given."""
    button = {"type": 2, "style": 2, "label": "Ask a human", "custom_id": f"parley:human:{question}"}
    rows = [{"type": 1, "components": [button]}] if question else []
    body = {"content": text, "components": rows}
    return str(messenger._session.ask("POST", "/channels/{channel_id}/messages", body, channel_id=place)["id"])


def test_slack_knows_its_post_by_the_key_and_a_stream_by_having_none(on_slack: tuple[Workspace, Messenger]) -> None:
    workspace, messenger = on_slack
    thread = workspace.mention()
    (answer,) = workspace.answers(thread)
    stream = said_on_slack("It was", thread)
    delivery = forgotten()
    assert messenger.find(delivery) == answer["ts"]
    messenger.delete(delivery.channel, answer["ts"])
    assert messenger.find(delivery) == stream
    delivery.part = 2
    assert messenger.find(delivery) == "", "no later part is streamed"


def test_slack_finds_a_shared_answer_outside_of_threads(on_slack: tuple[Workspace, Messenger]) -> None:
    workspace, messenger = on_slack
    workspace.fake.command(ANN, CHANNEL, ASKED)
    bots.until(lambda: "[1]" in str(workspace.fake.ephemerals(CHANNEL, ANN)), "the answer is there")
    workspace.fake.press(CHANNEL, workspace.fake.ephemerals(CHANNEL, ANN)[0]["ts"], "parley:share", ANN)
    bots.until(lambda: Delivery.objects.filter(kind=DeliveryKind.SHARED, state="sent").exists(), "it is shared")
    assert messenger.find(forgotten(DeliveryKind.SHARED)) == workspace.own(CHANNEL)[0]["ts"]


def test_slack_has_a_surplus_only_beside_the_answer(on_slack: tuple[Workspace, Messenger]) -> None:
    workspace, messenger = on_slack
    thread = workspace.mention()
    workspace.answers(thread)
    question = Question.objects.get()
    assert messenger.surplus(question) == []
    stream = said_on_slack("It was", thread)
    assert messenger.surplus(question) == [stream]
    forgotten()
    assert messenger.surplus(question) == []


def test_discord_knows_its_post_by_the_thread(on_discord: tuple[Server, DiscordMessenger]) -> None:
    server, messenger = on_discord
    thread = server.mention()
    (answer,) = server.answers(thread)
    assert messenger.find(forgotten()) == answer["id"]
    Delivery.objects.update(message_id=answer["id"])
    looking = said_on_discord(messenger, thread, "Looking")
    assert messenger.find(Delivery.objects.get()) == looking


def test_discord_leaves_what_belongs_to_another_question(on_discord: tuple[Server, DiscordMessenger]) -> None:
    server, messenger = on_discord
    thread = server.mention()
    server.answers(thread)
    question = Question.objects.get()
    other = said_on_discord(messenger, thread, "Of another question", question.pk + 1)
    assert messenger.find(Delivery.objects.get()) == ""
    assert messenger.surplus(question) == []
    ours = said_on_discord(messenger, thread, "A second time", question.pk)
    assert messenger.find(Delivery.objects.get()) == ours
    assert messenger.surplus(question) == [ours]
    assert other in [each["id"] for each in server.own(thread)]


def test_discord_has_a_surplus_only_beside_the_answer(on_discord: tuple[Server, DiscordMessenger]) -> None:
    server, messenger = on_discord
    thread = server.mention()
    server.answers(thread)
    said_on_discord(messenger, thread, "Looking")
    question = Question.objects.get()
    assert len(messenger.surplus(question)) == 1
    forgotten()
    assert messenger.surplus(question) == []


def test_discord_finds_a_shared_answer_by_its_buttons(on_discord: tuple[Server, DiscordMessenger]) -> None:
    server, messenger = on_discord
    asked = server.fake.command(server.ann, server.channel, "ask", {"question": ASKED})
    bots.until(lambda: asked.original and asked.original.get("components"), "the answer is there")
    share = f"parley:share:{Question.objects.get().pk}"
    server.fake.press(server.channel, int(asked.original["id"]), share, server.ann)  # type: ignore[index]
    bots.until(lambda: Delivery.objects.filter(kind=DeliveryKind.SHARED, state="sent").exists(), "it is shared")
    said_on_discord(messenger, server.channel, "Something else")
    assert messenger.find(forgotten(DeliveryKind.SHARED)) == server.own(server.channel)[0]["id"]


def test_discord_finds_a_direct_answer_by_what_it_replies_to(on_discord: tuple[Server, DiscordMessenger]) -> None:
    server, messenger = on_discord
    direct = server.fake.open_dm(server.ann)
    server.fake.post(direct, server.ann, ASKED)
    (answer,) = server.answers(direct)
    said_on_discord(messenger, direct, "Something else")
    assert messenger.surplus(Question.objects.get()) == [], "there is no thread"
    assert messenger.find(forgotten()) == answer["id"]
