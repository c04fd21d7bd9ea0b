"""The look for surplus replies after an attempt that was cut short: what it takes away, and when it is made again."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.messenger import Messenger
from bot.models import Channel, Delivery, Question
from bot.platforms.slack.web_api import call, client_for
from bot.questions import sweeping
from tests.fakes.slack.fake import Error, FakeSlack
from tests.fakes.slack.workspace import CHANNEL, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def answered(slack: FakeSlack, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Workspace, Messenger, str]]:
    """A workspace, what speaks there, and a thread with an answer that is due for a look."""
    monkeypatch.setattr("bot.questions.worker.SWEEP_SECONDS", 600.0)  # the test makes the look itself
    with bots.running("slack") as crew:
        workspace = Workspace(slack)
        thread = workspace.mention()
        workspace.answers(thread)
        Question.objects.update(sweep_at=timezone.now() - timedelta(seconds=1))
        yield workspace, crew.bot.messenger, thread


def test_what_nobody_knows_of_is_taken_away(answered: tuple[Workspace, Messenger, str]) -> None:
    workspace, messenger, thread = answered
    client = client_for(Channel.objects.get(external_id=CHANNEL).workspace)
    call(client, "chat.postMessage", channel=CHANNEL, thread_ts=thread, text="It was")
    assert sweeping.sweep(["slack"], messenger) == 1
    assert [each["ts"] for each in workspace.own(CHANNEL, thread)] == [Delivery.objects.get().message_id]
    assert sweeping.sweep(["slack"], messenger) == 0
    assert Question.objects.get().sweep_at is None


def test_an_answer_that_somebody_took_away_is_not_looked_for_for_ever(
    answered: tuple[Workspace, Messenger, str],
) -> None:
    _, messenger, _ = answered
    delivery = Delivery.objects.select_related("channel__workspace").get()
    messenger.delete(delivery.channel, delivery.message_id)
    sweeping.sweep(["slack"], messenger)
    assert Question.objects.get().sweep_at is None


@pytest.mark.parametrize(("code", "is_again"), [("fatal_error", True), ("channel_not_found", False)])
def test_a_look_that_fails_is_made_again_where_that_may_help(
    answered: tuple[Workspace, Messenger, str], code: str, *, is_again: bool
) -> None:
    workspace, messenger, _ = answered
    workspace.fake.script("conversations.replies", Error(code))
    sweeping.sweep(["slack"], messenger)
    assert (Question.objects.get().sweep_at is not None) == is_again
