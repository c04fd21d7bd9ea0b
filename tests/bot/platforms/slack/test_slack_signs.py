"""What an asker on Slack sees before the answer: how far it is, their place in the queue, a stop button, and help."""

from collections.abc import Iterator
from typing import Any

import pytest

from bot.models import Channel, Message, Question, QuestionState
from bot.platforms.slack.messenger import SlackMessenger
from bot.wording import phrases
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import Error, FakeSlack, visible_text
from tests.fakes.slack.workspace import ANN, CHANNEL, DIRECT, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def workspace(slack: FakeSlack) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


def statuses(slack: FakeSlack) -> list[str]:
    return [each["status"] for each in list(slack.statuses)]


def test_the_status_says_how_far_it_is_and_the_stop_button_goes_with_the_answer(workspace: Workspace) -> None:
    thread = workspace.mention("Wie werden Jahrespläne erstattet?")
    workspace.answers(thread)
    slack = workspace.fake
    assert statuses(slack) == ["sucht in den Dokumenten…", "liest, was gefunden wurde…"]
    assert slack.statuses[1]["loading_messages"][-1] == "Ich formuliere die Antwort…"
    assert slack.sessions == {(CHANNEL, thread): "active"}
    other = workspace.mention()
    workspace.answers(other)
    assert slack.sessions[CHANNEL, other] == "active"


def test_an_app_that_may_have_no_sessions_is_asked_for_one_once(workspace: Workspace) -> None:
    workspace.fake.script("agents.sessions.setStatus", *[Error("not_allowed_token_type")] * 5)
    for _ in range(2):
        workspace.answers(workspace.mention())
    assert len(workspace.fake.calls_of("agents.sessions.setStatus")) == 1


def test_what_is_stopped_before_a_word_is_there_is_confirmed(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    fake_providers.script("hang")
    thread = workspace.mention()
    slack = workspace.fake
    bots.until(lambda: slack.sessions.get((CHANNEL, thread)) == "processing", "the stop button is there")
    bots.until(lambda: fake_providers.requests, "the model writes")
    slack.user_stops(CHANNEL, thread, ANN)
    bots.until(lambda: Question.objects.get().state == QuestionState.CANCELLED, "it is cancelled")
    fake_providers.released.set()
    bots.until(lambda: workspace.own(CHANNEL, thread), "it is confirmed")
    assert [visible_text(each) for each in workspace.own(CHANNEL, thread)] == [phrases.HALTED.text]
    bots.until(lambda: slack.sessions[CHANNEL, thread] == "active", "the stop button is gone")
    assert statuses(slack)[-1] == ""
    assert not Message.objects.filter(speaker="bot").exists()


def test_who_waits_reads_their_place(workspace: Workspace) -> None:
    thread = workspace.mention()
    workspace.answers(thread)
    question = Question.objects.select_related("channel__workspace", "conversation").get()
    messenger = SlackMessenger()
    messenger.queued(question, 3)
    messenger.queued(question, 0)
    assert statuses(workspace.fake)[-2:] == ["has questions before yours: 3", "takes your question next…"]


@pytest.mark.parametrize("text", ["help", "Hilfe!", "What can you do?", "¿Qué puedes hacer?"])
def test_help_is_given_without_a_search(workspace: Workspace, fake_providers: FakeProviders, text: str) -> None:
    slack = workspace.fake
    told: list[Any] = [slack.command(ANN, CHANNEL, text)["text"]]
    for place, said in ((CHANNEL, f"<@{slack.bot_user_id}> {text}"), (DIRECT, text)):
        asked = slack.post(place, ANN, said)
        bots.until(lambda place=place, asked=asked: workspace.own(place, asked), "it is told")  # type: ignore[misc]
        told.append(visible_text(workspace.own(place, asked)[0]))
    assert len(set(told)) == 1
    assert "/ask" in told[0]
    assert not Message.objects.exists()
    assert fake_providers.requests == []
    assert Channel.objects.count() >= 2
