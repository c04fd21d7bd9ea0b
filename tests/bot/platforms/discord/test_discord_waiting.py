"""What somebody sees on Discord who waits for an answer."""

from collections.abc import Iterator

import pytest

from bot.models import Question
from tests.fakes.discord.fake import FakeDiscord, Http
from tests.fakes.discord.guild import Server
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def server(discord: FakeDiscord, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setattr("bot.platforms.discord.live.TYPING_SECONDS", 0.05)
    with bots.running("discord"):
        yield Server(discord)
    assert [call for call in discord.refusals if not call.path.endswith("/typing")] == []


def test_the_words_change_and_the_bot_types_until_there_is_something_to_read(
    server: Server, fake_providers: FakeProviders
) -> None:
    fake_providers.script("pause")
    thread = server.mention()
    words = ("📖 Reading", "✍️ Writing")
    bots.until(lambda: any(each["content"].startswith(words) for each in server.own(thread)), "it says how far it is")
    bots.until(lambda: len(server.fake.typing) >= 3, "it is shown to type")
    assert {channel for channel, _ in server.fake.typing} == {thread}
    fake_providers.released.set()
    (answer,) = server.answers(thread)
    assert not answer["content"].startswith(words)
    count = len(server.fake.typing)
    second = server.mention("Are annual plans refunded in full?")
    server.answers(second)
    assert sum(channel == thread for channel, _ in server.fake.typing) <= count + 1, "one may be under way"


def test_nobody_is_told_that_a_question_is_worked_at_which_was_deleted(
    server: Server, fake_providers: FakeProviders
) -> None:
    fake_providers.script("pause")
    thread = server.mention()
    bots.until(lambda: server.own(thread), "it is worked at")
    server.fake.delete(server.channel, thread)
    bots.until(lambda: Question.objects.get().state == "cancelled", "it is cancelled")
    fake_providers.released.set()
    bots.until(lambda: not server.own(thread), "the message is gone")


def test_typing_that_is_refused_keeps_no_answer_from_coming(server: Server) -> None:
    server.fake.script("POST", r"/typing$", Http(403, {"code": 50013, "message": "Missing Permissions"}))
    server.answers(server.mention())
