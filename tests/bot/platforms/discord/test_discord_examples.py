"""Answers nominated on Discord as examples: by the menu of a message and by a reaction, through the real library."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches

from bot.models import Channel, Nomination, NominationState, Workspace
from bot.team import nominating
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
MENU = "Use as example"


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    with bots.running("discord"):
        yield Server(discord)
    assert [call for call in discord.refusals if call.status != 404] == []
    assert discord.live_mentions == []


@pytest.fixture
def helpers(server: Server) -> int:
    """A role that Bob has."""
    role = server.fake.add_role("helpers")
    server.fake.give_role(server.bob, role)
    return role


@pytest.fixture
def answer(server: Server, helpers: int) -> dict[str, Any]:
    """An answer on a server that allows training and trusts the role."""
    thread = server.mention()
    (answer,) = server.answers(thread)
    configure(is_training_allowed=True, proposers=[f"&{helpers}"])
    return {**answer, "thread": thread, "number": int(answer["id"])}


def configure(**changes: Any) -> None:
    Workspace.objects.update(**changes)
    caches["process"].clear()


def choose(server: Server, user: int, answer: dict[str, Any]) -> str:
    """What whoever chose "Use as example" is told, by them alone."""
    told = server.fake.context_menu(user, answer["thread"], answer["number"], MENU).wait()
    assert told["data"]["flags"] & 64
    return str(told["data"]["content"])


def test_a_trusted_role_nominates_an_answer_once(server: Server, answer: dict[str, Any]) -> None:
    assert choose(server, server.ann, answer) == nominating.NOT_YOU
    assert not Nomination.objects.exists()
    assert choose(server, server.bob, answer) == nominating.THANKS
    assert choose(server, server.bob, answer) == nominating.AGAIN
    kept = Nomination.objects.get()
    assert (kept.person, kept.person_name, kept.way) == (str(server.bob), "bob", "menu")


def test_people_are_trusted_by_name_and_by_default_whoever_reads_the_channel_of_the_team(
    server: Server, answer: dict[str, Any]
) -> None:
    configure(proposers=[str(server.ann)])
    assert choose(server, server.bob, answer) == nominating.NOT_YOU
    assert choose(server, server.ann, answer) == nominating.THANKS
    configure(proposers=[])
    assert choose(server, server.bob, answer) == nominating.NOBODY
    row = Workspace.objects.get()
    hidden = server.fake.add_channel(name="team", everyone_may_view=False)
    team = Channel.objects.create(workspace=row, external_id=str(hidden), name="team")
    row.send_questions_to(team)
    assert choose(server, server.bob, answer) == nominating.NOT_YOU
    Channel.objects.filter(pk=team.pk).update(external_id=str(server.fake.add_channel(name="open")))
    assert choose(server, server.bob, answer) == nominating.THANKS


def test_where_training_is_not_allowed_the_page_is_named_and_nothing_kept(
    server: Server, answer: dict[str, Any]
) -> None:
    configure(is_training_allowed=False)
    assert "/training/#allowed" in choose(server, server.bob, answer)
    server.fake.react(answer["thread"], answer["number"], server.bob)
    direct = server.fake.open_dm(server.bob)
    bots.until(lambda: server.own(direct), "Bob is told")
    assert "/training/#allowed" in server.own(direct)[0]["content"]
    assert not Nomination.objects.exists()


def test_a_reaction_nominates_and_its_end_takes_that_back(server: Server, answer: dict[str, Any]) -> None:
    def is_state(state: str) -> None:
        bots.until(lambda: [each.state for each in Nomination.objects.all()] == [state], f"it is {state}")

    place = (answer["thread"], answer["number"])
    server.fake.react(*place, server.ann)
    server.fake.react(*place, server.bob, "🎉")
    server.fake.react(*place, server.bob, "⭐\ufe0f")
    is_state("waiting")
    assert Nomination.objects.get().person == str(server.bob)
    server.fake.react(*place, server.bob, is_gone=True)
    is_state("withdrawn")
    server.fake.react(*place, server.bob)
    is_state("waiting")
    Nomination.objects.update(state=NominationState.PROPOSED)
    server.fake.react(*place, server.bob, is_gone=True)
    is_state("leaving")
    for emoji in ("⭐", None):
        Nomination.objects.update(state=NominationState.KNOWN)
        server.fake.clear_reactions(*place, "🎉")
        server.fake.clear_reactions(*place, emoji)
        is_state("withdrawn")


def test_what_a_colleague_wrote_in_the_thread_stands_in_for_the_answer(server: Server, answer: dict[str, Any]) -> None:
    written = server.fake.post(answer["thread"], server.bob, "It is 14 days.")
    elsewhere = server.fake.post(server.channel, server.bob, "Lunch?")
    assert choose(server, server.bob, {"thread": server.channel, "number": elsewhere}) == nominating.NOT_OURS
    assert choose(server, server.bob, {**answer, "number": written}) == nominating.THANKS
    assert Nomination.objects.get().words == "It is 14 days."


def test_the_menu_is_offered_in_servers_after_an_update_of_an_older_install(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        bots.until(lambda: len(discord.commands) == 4, "the commands are there")
    assert {each["name"]: each["contexts"] for each in discord.commands}[MENU] == [0]
    puts = [call for call in discord.calls if call.method == "PUT" and call.path.endswith("/commands")]
    with bots.running("discord"):
        pass
    assert [call for call in discord.calls if call.method == "PUT" and call.path.endswith("/commands")] == puts
