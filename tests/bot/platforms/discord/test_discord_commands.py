"""What Discord offers of the bot: questions while somebody types, help, and commands that follow what they say."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from bot.models import Channel, Citation, Question
from bot.platforms.discord import commands
from knowledge.models import Collection, Visibility
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.discord.rules import check_commands
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    caches["process"].clear()
    with bots.running("discord"):
        yield Server(discord)
    assert [call for call in discord.refusals if call.status != 404] == []


def asked_by_two(server: Server) -> None:
    server.answers(server.mention())
    second = server.fake.post(server.channel, server.bob, f"<@{server.fake.bot_id}> {ASKED}")
    server.answers(second)
    caches["process"].clear()


def typed(server: Server, text: str) -> list[str]:
    reply = server.fake.typed(server.ann, server.channel, "ask", "question", text).wait()
    assert reply["type"] == 8
    return [each["value"] for each in reply["data"]["choices"]]


def test_questions_that_were_answered_are_offered_while_somebody_types(server: Server, shelf: Collection) -> None:
    assert typed(server, "") == []
    asked_by_two(server)
    assert typed(server, "annual ref") == [ASKED]
    assert typed(server, "parental leave") == []
    Collection.objects.filter(pk=shelf.pk).update(visibility=Visibility.INTERNAL)
    Channel.objects.get(external_id=str(server.channel)).collections.add(shelf)
    caches["process"].clear()
    assert typed(server, "annual") == [], "nobody is offered what internal documents answer"
    assert Question.objects.count() == 2, "typing asks nothing"


def test_help_says_how_to_ask_and_what_is_known(server: Server) -> None:
    asked_by_two(server)
    said = server.fake.command(server.ann, server.channel, "help", {}).wait()["data"]
    assert said["flags"] & 1 << 6
    for words in ("/ask", "brings you to a person", "Documents I search here: 1", f"- {ASKED}"):
        assert words in said["content"]
    Channel.objects.filter(external_id=str(server.channel)).update(language="German")
    said = server.fake.command(server.ann, server.channel, "help", {}).wait()["data"]
    assert "Frag mich, wie" in said["content"]
    assert Question.objects.count() == 2


def registrations(discord: FakeDiscord) -> int:
    return sum(call.method == "PUT" and call.path.endswith("/commands") for call in discord.calls)


def test_commands_are_registered_when_they_say_something_else(
    discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch
) -> None:
    for times in (1, 1):
        with bots.running("discord"):
            assert registrations(discord) == times
    wanted = commands.offered()
    wanted[0]["description"] = "Ask something else"
    monkeypatch.setattr(commands, "offered", lambda: wanted)
    with bots.running("discord"):
        assert registrations(discord) == 2


def test_what_is_offered_is_what_discord_takes() -> None:
    check_commands(commands.offered())
    assert {each["name"] for each in commands.offered()} == {"ask", "help", "Ask about this", "Use as example"}


@pytest.mark.parametrize(
    ("known", "wanted", "is_there"),
    [
        ({"id": "1", "name": "a", "nsfw": False}, {"name": "a"}, True),
        ({"name": "a", "options": []}, {"name": "a", "options": [{"name": "b"}]}, False),
        ([{"name": "b", "type": 1}, {"name": "a", "type": 1}], [{"name": "a"}, {"name": "b"}], True),
        ([{"name": "a"}, {"name": "b"}], [{"name": "a"}], False),
        ({"name": "a"}, {"name": "a", "autocomplete": True}, False),
        (None, {"name": "a"}, False),
    ],
)
def test_commands_are_compared_by_all_they_say(known: Any, wanted: Any, is_there: bool) -> None:
    assert commands.are_there(known, wanted) is is_there


def test_a_question_that_rests_on_nothing_any_more_is_not_offered(server: Server) -> None:
    asked_by_two(server)
    Citation.objects.update(document=None)
    caches["process"].clear()
    assert typed(server, "annual") == []
