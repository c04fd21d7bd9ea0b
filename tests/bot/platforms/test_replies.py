"""A reply on Discord to an answer of the bot is for the bot, where there is no thread that says so."""

from collections.abc import Iterator

import pytest

from bot.answers import trace
from bot.models import Conversation, Message, Question, Speaker
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
MORE = "And are monthly plans refunded?"


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    with bots.running("discord"):
        yield Server(discord)


def test_a_reply_goes_on_where_there_can_be_no_thread(server: Server) -> None:
    voice = server.fake.add_channel(name="lounge", kind="voice")
    server.fake.post(voice, server.ann, f"<@{server.fake.bot_id}> {ASKED}")
    (answer,) = server.answers(voice)
    server.fake.post(voice, server.bob, "+1", reply_to=int(answer["id"]))
    said = server.fake.post(voice, server.ann, "I wonder.")
    server.fake.post(voice, server.bob, "So do I?", reply_to=said)
    server.fake.post(voice, server.ann, MORE, reply_to=int(answer["id"]), ping_reply=False)
    server.answers(voice, 2)
    server.fake.post(voice, server.bob, "Are yearly plans?", reply_to=int(answer["id"]), brings_reply=False)
    server.answers(voice, 3)
    assert [each.text for each in Question.objects.all()] == [ASKED, MORE, "Are yearly plans?"]
    assert Conversation.objects.count() == 1


def test_a_reply_to_a_shared_answer_is_about_it(server: Server) -> None:
    asked = server.fake.command(server.ann, server.channel, "ask", {"question": ASKED})
    bots.until(lambda: asked.original and asked.original.get("components"), "the answer is there")
    share = f"parley:share:{Question.objects.get().pk}"
    server.fake.press(server.channel, int(asked.original["id"]), share, server.ann)  # type: ignore[index]
    bots.until(lambda: server.own(server.channel), "it is shared")
    reply = server.fake.post(server.channel, server.bob, MORE, reply_to=int(server.own(server.channel)[0]["id"]))
    server.answers(reply)
    (around,) = trace.reach(Message.objects.get(speaker=Speaker.ASKER, text=MORE)).surroundings
    assert around.label == "An answer that was shared (quoted)"
    assert ASKED in around.text
    assert Question.objects.get(text=MORE).conversation.thread_id == str(reply)
