"""What is a question to the bot, and that it is kept once, however often and in whatever order it is delivered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.inbox import addressing, receiving
from bot.inbox.addressing import Verdict
from bot.models import (
    AnswerMode,
    Channel,
    ChannelKind,
    Conversation,
    Delivery,
    Message,
    Platform,
    Question,
    QuestionState,
)
from bot.questions import queue
from bot.surroundings.utterances import Utterance
from tests.rows.questions import incoming

pytestmark = pytest.mark.django_db

FIRST = incoming().message_id


def test_a_message_and_its_mention_are_one_question_in_either_order() -> None:
    mention = incoming(is_mention=True)
    for delivery_key in ("message", "app_mention", "message", "history"):
        receiving.receive(replace(mention, delivery_key=delivery_key))
    assert Question.objects.count() == 1


def test_a_channel_is_known_to_be_private_whichever_of_its_events_comes_first() -> None:
    mention, message = incoming(is_mention=True), incoming(is_mention=True, kind=ChannelKind.GROUP)
    for first, second in ((mention, message), (message, mention)):
        Channel.objects.all().delete()
        receiving.receive(first)
        receiving.receive(second)
        assert Channel.objects.get().kind == ChannelKind.GROUP


def test_what_is_not_for_the_bot_leaves_no_row() -> None:
    assert receiving.receive(incoming("Good morning")).verdict == Verdict.IGNORE
    assert receiving.receive(incoming("Who is in?", thread_id="1699999999.000001")).verdict == Verdict.IGNORE
    assert not Question.objects.exists()


@pytest.mark.parametrize(
    ("mode", "text", "verdict"),
    [
        (AnswerMode.MENTION, "How do refunds work?", Verdict.IGNORE),
        (AnswerMode.QUESTIONS, "How do refunds work", Verdict.ASK),
        (AnswerMode.QUESTIONS, "Wie geht das", Verdict.ASK),
        (AnswerMode.QUESTIONS, "Thanks for that!", Verdict.IGNORE),
        (AnswerMode.ALL, "Thanks for that!", Verdict.IGNORE),
        (AnswerMode.ALL, "Refunds, then.", Verdict.ASK),
    ],
)
def test_the_mode_of_a_channel_decides(mode: AnswerMode, text: str, verdict: Verdict) -> None:
    receiving.receive(incoming())
    Channel.objects.update(mode=mode)
    assert receiving.receive(incoming(text, 2)).verdict == verdict


def test_a_renamed_channel_keeps_its_settings_and_a_new_one_of_its_name_gets_none() -> None:
    receiving.receive(incoming(channel_name="help"))
    Channel.objects.update(mode=AnswerMode.ALL)
    receiving.receive(incoming("x", 2, channel_name="old-help"))
    receiving.receive(incoming("x", 3, channel="C9", channel_name="help"))
    assert {each.external_id: (each.name, each.mode) for each in Channel.objects.all()} == {
        "C1": ("old-help", "all"),
        "C9": ("help", "mention"),
    }


def test_a_conversation_sleeps_after_a_day() -> None:
    receiving.receive(incoming(is_mention=True))
    thread = "1700000000.000001"
    assert receiving.receive(incoming("And?", 2, thread_id=thread)).verdict == Verdict.ASK
    Conversation.objects.update(last_active_at=timezone.now() - timedelta(hours=25))
    assert receiving.receive(incoming("And?", 3, thread_id=thread)).verdict == Verdict.IGNORE


def test_who_asks_too_much_is_told_each_time_they_call_and_others_come_first() -> None:
    for number in range(14):
        receiving.receive(incoming(f"Question {number}?", number, is_mention=True))
    receiving.receive(incoming("And mine?", 99, is_mention=True, author="U2"))
    states = list(Question.objects.filter(asker="U1").values_list("state", flat=True))
    assert (states.count("waiting"), states.count("refused")) == (10, 4)
    assert Delivery.objects.filter(kind="notice").count() == 4
    claimed = [queue.claim([Platform.SLACK]) for _ in range(2)]
    assert [each.asker for each in claimed if each] == ["U1", "U2"]


def test_a_daily_limit_is_said_with_its_number() -> None:
    receiving.receive(incoming(is_mention=True))
    Channel.objects.update(daily_limit=1)
    receiving.receive(incoming("Another?", 2, is_mention=True))
    assert "as many of your questions today as I may: 1." in Delivery.objects.get().body["text"]


def test_a_channel_that_is_off_says_so_when_called() -> None:
    receiving.receive(incoming())
    Channel.objects.update(is_enabled=False)
    receiving.receive(incoming("Hello?", 2, is_mention=True))
    assert "switched off" in Delivery.objects.get().body["text"]


def test_questions_of_a_conversation_are_claimed_in_their_order_one_at_a_time() -> None:
    receiving.receive(incoming("First?", 1, is_mention=True))
    receiving.receive(incoming("Second?", 2, is_mention=True, thread_id="1700000000.000001"))
    first = queue.claim([Platform.SLACK])
    assert first is not None
    assert first.text == "First?"
    assert queue.claim([Platform.SLACK]) is None
    Question.objects.filter(pk=first.pk).update(state=QuestionState.DONE)
    second = queue.claim([Platform.SLACK])
    assert second is not None
    assert second.text == "Second?"


def test_a_claim_runs_out_and_the_next_one_counts_as_another_attempt() -> None:
    receiving.receive(incoming(is_mention=True))
    assert queue.claim([Platform.SLACK]) is not None
    assert queue.claim([Platform.SLACK]) is None
    Question.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    again = queue.claim([Platform.SLACK])
    assert again is not None
    assert again.attempts == 2


def test_a_silence_is_not_undone_by_reading_the_history_again() -> None:
    thread = "1700000000.000001"
    receiving.receive(incoming(is_mention=True))
    receiving.receive(incoming("I take over.", 2, author="U2", thread_id=thread))
    receiving.receive(incoming("While silent?", 3, thread_id=thread))
    receiving.receive(incoming("Again?", 4, is_mention=True, thread_id=thread))
    receiving.receive(incoming("While silent?", 3, thread_id=thread, delivery_key="history 3"))
    receiving.receive(incoming("I take over.", 2, author="U2", thread_id=thread, delivery_key="history 2"))
    assert [each.text for each in Question.objects.all()] == ["How?", "Again?"]
    assert Conversation.objects.get().silenced_at is None


@pytest.mark.parametrize("text", ["stop", "Stop!", "please stop", "be quiet", "Stopp"])
def test_stop_is_understood(text: str) -> None:
    assert addressing.STOP.match(text)
    assert not addressing.STOP.match(f"how do I {text} a subscription")


def test_kinds_of_channels_that_are_direct_need_no_mention() -> None:
    assert receiving.receive(incoming(kind=ChannelKind.DIRECT, channel="D1")).verdict == Verdict.ASK


def test_thanks_get_a_word_and_cost_nothing() -> None:
    receiving.receive(incoming(is_mention=True))
    thanks = receiving.receive(incoming("Danke, perfekt!", 2, thread_id=FIRST))
    assert thanks.verdict == Verdict.SMALL_TALK
    assert Delivery.objects.get(kind="notice").body["text"] == "Gern geschehen!"
    assert Question.objects.filter(state=QuestionState.WAITING).count() == 1
    assert not Message.objects.exists()


def test_a_nod_is_let_go_unless_it_answers_the_bot() -> None:
    receiving.receive(incoming(is_mention=True))
    assert receiving.receive(incoming("ok", 2, thread_id=FIRST)).verdict == Verdict.IGNORE
    conversation = Conversation.objects.get()
    Message.objects.create(
        conversation=conversation, speaker="bot", outcome="answered", text="Which plan, the annual one?", trace_id="1"
    )
    assert receiving.receive(incoming("yes", 3, thread_id=FIRST)).verdict == Verdict.ASK


def test_thanks_of_somebody_else_silence_nobody() -> None:
    receiving.receive(incoming(is_mention=True))
    assert receiving.receive(incoming("Thanks, great!", 2, thread_id=FIRST, author="U2")).verdict == Verdict.IGNORE
    assert Conversation.objects.get().silenced_at is None


def test_greetings_between_people_are_no_business_of_the_bot() -> None:
    receiving.receive(incoming(is_mention=True))
    Channel.objects.update(mode=AnswerMode.ALL)
    assert receiving.receive(incoming("Good morning all", 2)).verdict == Verdict.IGNORE
    assert receiving.receive(incoming("hi", 3, is_mention=True)).verdict == Verdict.SMALL_TALK


@pytest.mark.parametrize("text", ["No.", "Yes", "Nein!", "Oui", "sí", "いいえ", "Yes, thanks"])
def test_a_yes_or_no_of_somebody_else_answers(text: str) -> None:
    receiving.receive(incoming(is_mention=True))
    assert receiving.receive(incoming(text, 2, thread_id=FIRST, author="U2")).verdict == Verdict.TAKEN_OVER
    assert Conversation.objects.get().silenced_by == "U2"


@pytest.mark.parametrize("text", ["ok", "Got it", "👍", "Alles klar", "Understood, thank you"])
def test_a_nod_of_somebody_else_answers_nobody(text: str) -> None:
    receiving.receive(incoming(is_mention=True))
    assert receiving.receive(incoming(text, 2, thread_id=FIRST, author="U2")).verdict == Verdict.IGNORE


@pytest.mark.parametrize("unfit", ["\x00", "\ud800"])
def test_what_no_database_takes_is_left_out_wherever_it_stands(unfit: str) -> None:
    name = f"An{unfit}n"
    quoted = (Utterance(f"Is it{unfit}?", "U2", name, is_quoted=True),)
    receiving.receive(
        incoming(f"How{unfit}?", is_mention=True, author_name=name, channel_name=name, unread=(name,), quoted=quoted)
    )
    question = Question.objects.get()
    assert (question.text, question.asker_name, question.unread) == ("How?", "Ann", ["Ann"])
    assert (question.quoted[0]["text"], question.quoted[0]["name"]) == ("Is it?", "Ann")
