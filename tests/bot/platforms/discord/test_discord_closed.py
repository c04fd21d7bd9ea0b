"""Discord, where the place that an answer belongs in is closed while it is written: nobody waits for ever."""

from collections.abc import Callable, Iterator

import pytest

from bot.models import Question
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
MAY = [
    "view_channel", "send_messages", "embed_links", "read_message_history", "create_public_threads",
    "send_messages_in_threads",
]  # fmt: skip


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    """With a bot that may do what its invitation asks for."""
    with bots.running("discord"):
        server = Server(discord)
        discord.set_permissions(server.channel, MAY)
        yield server
    assert discord.live_mentions == []


def begun(server: Server, fake_providers: FakeProviders) -> int:
    """A thread in which the answer is being written."""
    fake_providers.script("pause")
    thread = server.mention()
    bots.until(lambda: server.own(thread), "it is worked at")
    bots.until(lambda: fake_providers.requests, "the model writes")
    return thread


def whole(server: Server, place: int) -> str:
    bots.until(lambda: any(each["components"] for each in server.own(place)), "the answer is there")
    bots.until(lambda: Question.objects.get().state == "done", "it is done")
    (answer,) = [each for each in server.own(place) if each["components"]]
    assert ASKED in answer["content"]
    return str(answer["content"])


def test_an_archived_thread_is_opened_again(server: Server, fake_providers: FakeProviders) -> None:
    thread = begun(server, fake_providers)
    server.fake.archive(thread)
    fake_providers.released.set()
    whole(server, thread)
    assert len(server.own(thread)) == 1


def test_a_locked_thread_has_its_answer_beside_it(server: Server, fake_providers: FakeProviders) -> None:
    thread = begun(server, fake_providers)
    server.fake.archive(thread, locked=True)
    fake_providers.released.set()
    assert "The thread was closed" in whole(server, server.channel)
    (answer,) = server.own(server.channel)
    assert answer["message_reference"]["message_id"] == str(thread)


def test_a_thread_that_is_locked_and_open_keeps_no_placeholder(server: Server, fake_providers: FakeProviders) -> None:
    thread = begun(server, fake_providers)
    server.fake.lock(thread)
    fake_providers.released.set()
    assert "The thread was closed" in whole(server, server.channel)
    assert server.own(thread) == []


def test_a_thread_that_was_deleted_has_its_answer_where_it_was(server: Server, fake_providers: FakeProviders) -> None:
    thread = begun(server, fake_providers)
    server.fake.remove_channel(thread)
    fake_providers.released.set()
    assert "The thread was closed" in whole(server, server.channel)


@pytest.mark.parametrize(
    "close",
    [
        lambda server: server.fake.remove_channel(server.channel),
        lambda server: server.fake.set_permissions(server.channel, []),
        lambda server: server.fake.set_permissions(server.channel, ["view_channel", "read_message_history"]),
    ],
    ids=["gone", "hidden", "mute"],
)
def test_a_channel_that_is_closed_sends_the_answer_to_its_asker(
    server: Server, fake_providers: FakeProviders, close: Callable[[Server], None]
) -> None:
    thread = begun(server, fake_providers)
    close(server)
    server.fake.remove_channel(thread) if thread in server.fake.world.channels else None
    fake_providers.released.set()
    direct = server.fake.open_dm(server.ann)
    assert ASKED in whole(server, direct)
    first = server.own(direct)[0]["content"]
    assert "could not post this where you asked" in first
    assert f"> {ASKED}" in first


def test_who_takes_no_direct_messages_is_left_to_the_team(server: Server, fake_providers: FakeProviders) -> None:
    begun(server, fake_providers)
    server.fake.remove_channel(server.channel)
    server.fake.close_dm(server.ann)
    fake_providers.released.set()
    bots.until(lambda: Question.objects.get().state == "dead", "it is given up")
    assert Question.objects.get().escalation is not None


def test_a_forum_post_that_is_locked_sends_the_answer_to_its_asker(
    server: Server, fake_providers: FakeProviders
) -> None:
    forum = server.fake.add_channel(name="questions", kind="forum", bot_may=MAY)
    fake_providers.script("pause")
    post = server.fake.start_thread(forum, server.ann, "Refunds", f"<@{server.fake.bot_id}> {ASKED}")
    bots.until(lambda: fake_providers.requests, "the model writes")
    server.fake.archive(post, locked=True)
    fake_providers.released.set()
    whole(server, server.fake.open_dm(server.ann))
