"""Whoever waits is told how many questions are before theirs, and told again only when that changes."""

import io
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.models import Channel, Conversation, Platform, Question, QuestionState, Workspace
from bot.platforms.console import ConsoleMessenger
from bot.questions.places import MOST, Places
from tests.rows.questions import make_question_row

pytestmark = pytest.mark.django_db


class Telling(ConsoleMessenger):
    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.told: list[tuple[str, int]] = []

    def queued(self, question: Question, before: int) -> None:
        self.told.append((question.text, before))


def waiting(channel: Channel, text: str, seconds: float) -> Question:
    conversation = Conversation.objects.create(platform=Platform.SLACK, channel=channel)
    question = make_question_row(None, channel, text=text, conversation=conversation, message_id=text)
    then = timezone.now() - timedelta(seconds=seconds)
    Question.objects.filter(pk=question.pk).update(created_at=then, ranked_at=then)
    return question


def test_each_is_told_its_place_and_again_when_it_changes() -> None:
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1")
    channel = Channel.objects.create(workspace=workspace, external_id="C1")
    first, *_ = [waiting(channel, text, seconds) for text, seconds in (("a", 30), ("b", 20), ("c", 10), ("new", 0))]
    messenger = Telling()
    places = Places(messenger, ["slack"], lambda: True)
    places.tell()
    places.tell()
    assert sorted(messenger.told) == [("a", 0), ("b", 1), ("c", 2)]
    messenger.told.clear()
    Question.objects.filter(pk=first.pk).update(state=QuestionState.ANSWERING)
    places.tell()
    assert sorted(messenger.told) == [("b", 0), ("c", 1)]
    Places(messenger, ["discord"], lambda: True).tell()
    assert len(messenger.told) == 2


def test_only_those_who_come_next_are_told() -> None:
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1")
    channel = Channel.objects.create(workspace=workspace, external_id="C1")
    for number in range(MOST + 5):
        waiting(channel, f"{number:03}", 100 - number)
    messenger = Telling()
    Places(messenger, ["slack"], lambda: True).tell()
    assert sorted(text for text, _ in messenger.told) == [f"{number:03}" for number in range(MOST)]
