"""Who asks for a person, in the message itself, is handed to one; no model is asked, and what the asker reads is so."""

from io import StringIO

import pytest

from bot.inbox import receiving
from bot.models import Channel, ChannelKind, Conversation, Delivery, Escalation, Message, Outcome, Platform, Question
from bot.platforms.console import ConsoleMessenger
from bot.questions import queue, replying
from knowledge.models import Collection
from llm.models import UsageRecord
from tests.fakes.providers.fake import FakeProviders
from tests.rows.questions import incoming

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]

WISH = "Can I talk to a human, please?"


def received(text: str) -> Question:
    question = receiving.receive(incoming(text, platform=Platform.CONSOLE, kind=ChannelKind.DIRECT)).question
    assert question is not None
    return question


def answered() -> Message:
    claimed = queue.claim([Platform.CONSOLE])
    assert claimed is not None
    replying.reply(claimed, ConsoleMessenger(StringIO()))
    return Message.objects.get(trace_id=claimed.trace_id, speaker="bot")


def read_by_asker(question: Question) -> list[str]:
    return [each.body["text"] for each in Delivery.objects.filter(question=question, channel=question.channel)]


def team_of(question: Question) -> Channel:
    team = Channel.objects.create(workspace=question.channel.workspace, external_id="team")
    Channel.objects.filter(pk=question.channel_id).update(escalation_channel=team)
    return team


def test_without_a_team_it_is_kept_on_the_board(fake_providers: FakeProviders) -> None:
    question = received(WISH)
    UsageRecord.objects.all().delete()
    message = answered()
    assert message.outcome == Outcome.ESCALATED
    assert (fake_providers.requests, UsageRecord.objects.count()) == ([], 0)
    escalation = Escalation.objects.get()
    assert (escalation.question, escalation.state, escalation.requested_by) == (question, "open", question.asker)
    (text,) = read_by_asker(question)
    assert "on the team's board" in text
    assert not Delivery.objects.filter(kind="escalation").exists()


def test_with_a_team_its_channel_gets_the_question_and_the_asker_one_word() -> None:
    question = received(WISH)
    team = team_of(question)
    message = answered()
    (text,) = read_by_asker(question)
    assert "passed this on to the team" in text == message.text
    post = Delivery.objects.get(kind="escalation")
    assert post.channel == team
    assert "Can I talk to a human" in post.body["text"]
    assert "The asker wants a person." in post.body["text"]
    assert "no answer" not in post.body["text"]
    assert Conversation.objects.get(pk=question.conversation_id).silenced_at is not None


def test_no_button_offers_the_person_who_was_asked_for() -> None:
    question = received(WISH)
    answered()
    assert Delivery.objects.get(question=question, kind="answer").body["buttons"] == []


def test_where_drafts_are_written_a_wish_is_no_draft() -> None:
    question = received(WISH)
    team_of(question)
    Channel.objects.filter(pk=question.channel_id).update(is_drafting=True)
    answered()
    assert not Escalation.objects.get().is_draft
    assert "passed this on" in read_by_asker(question)[0]


def test_a_question_about_people_is_answered(fake_providers: FakeProviders, shelf: Collection) -> None:
    received("How does the human resources team get refunds of annual plans?")
    assert answered().outcome == Outcome.ANSWERED
    assert fake_providers.requests
    assert not Escalation.objects.exists()
