"""Whoever waits in the queue on Discord reads how many were before them, until the answer stands in its place."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.messenger import Messenger
from bot.models import Delivery, Question
from bot.running import running
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
WAITS = "⏳"


class Queue(Server):
    """A server whose bot answers one question at a time, and is busy with the first."""

    def __init__(self, fake: FakeDiscord, messenger: Messenger) -> None:
        super().__init__(fake)
        self.messenger = messenger
        self.first = self.mention()
        bots.until(lambda: Question.objects.filter(state="answering"), "the first is being answered")

    def said(self, place: int) -> list[str]:
        return [each["content"] for each in self.own(place)]

    def waiting(self, text: str) -> int:
        """A question that waits, once its asker is told."""
        thread = self.mention(text)
        bots.until(lambda: any(each.startswith(WAITS) for each in self.said(thread)), f"{text} is told to wait")
        bots.until(lambda: self.row(thread).deliveries.exclude(message_id=""), "and that is kept")
        return thread

    def row(self, thread: int) -> Question:
        return Question.objects.select_related("channel__workspace", "conversation").get(message_id=str(thread))


@pytest.fixture
def line(discord: FakeDiscord, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch) -> Iterator[Queue]:
    monkeypatch.setattr("bot.questions.places.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("bot.questions.places.WAITED_SECONDS", 0.0)
    monkeypatch.setattr("bot.questions.worker.SWEEP_SECONDS", 0.1)
    fake_providers.script("pause")
    with running("discord", threads=1) as crew:
        bots.until(lambda: crew.bot.is_connected, "the bot is connected")
        yield Queue(discord, crew.bot.messenger)
        fake_providers.released.set()


def test_each_is_told_once_and_the_answer_grows_in_the_same_message(line: Queue, fake_providers: FakeProviders) -> None:
    second, third = line.waiting("Are monthly plans refunded?"), line.waiting("Are gifts refunded?")
    assert "Yours is the next" in line.said(second)[0]
    assert "before yours: 1." in line.said(third)[0]
    ids = [each["id"] for thread in (second, third) for each in line.own(thread)]
    fake_providers.released.set()
    answers = [each for thread in (line.first, second, third) for each in line.answers(thread)]
    assert [each["id"] for each in answers[1:]] == ids
    assert not any(WAITS in each["content"] for each in answers)


def test_what_says_that_a_question_waits_goes_with_the_question(line: Queue, fake_providers: FakeProviders) -> None:
    second = line.waiting("Are monthly plans refunded?")
    line.fake.delete(line.channel, second)
    bots.until(lambda: not line.own(second), "it is taken away")
    assert line.row(second).state == "cancelled"
    fake_providers.released.set()
    line.answers(line.first)


@pytest.mark.parametrize("state", ["answering", "delivering", "done"])
def test_whoever_looked_at_the_queue_too_long_ago_says_nothing(
    line: Queue, fake_providers: FakeProviders, state: str
) -> None:
    second = line.waiting("Are monthly plans refunded?")
    question = line.row(second)
    fake_providers.released.set()
    (answer,) = line.answers(second)
    Question.objects.filter(pk=question.pk).update(state=state)
    line.messenger.queued(question, 3)
    assert line.own(second) == [answer]
    Question.objects.filter(pk=question.pk).update(state="done")


def test_a_word_whose_sender_died_is_found_and_no_second_one_stays(
    line: Queue, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = line.waiting("Are monthly plans refunded?")
    Delivery.objects.filter(question=line.row(second)).update(message_id="")
    line.fake.nonce_seconds = 0.0  # Discord knows it for minutes, and these have passed
    monkeypatch.setattr("bot.outbox.SWEEP_AFTER", timedelta(0))
    fake_providers.released.set()
    line.answers(second)
    bots.until(lambda: len(line.own(second)) == 1, "the lost one is swept up")
    assert not line.said(second)[0].startswith(WAITS)
