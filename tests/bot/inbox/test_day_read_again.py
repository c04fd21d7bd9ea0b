"""A day of messages, whatever of it arrived at once, whatever was read later, and how often: the same is asked."""

from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest
from django.utils import timezone

from bot import outbox
from bot.inbox import receiving
from bot.messenger import Incoming
from bot.models import AnswerMode, Channel, Conversation, Delivery, Platform, Question, Receipt
from tests.harness.day import ANN, ASKED, DAY, Line
from tests.rows.questions import incoming

pytestmark = pytest.mark.django_db
NOW = timezone.now()
NUMBERS = {line.key: f"1700000000.{number:06}" for number, line in enumerate(DAY, start=1)}
TEXTS = {line.text: line.key for line in DAY}


def said(line: Line, delivery: str = "live") -> Incoming:
    return incoming(
        line.text, message_id=NUMBERS[line.key], author=line.who, author_name=line.who,
        thread_id=NUMBERS[line.under] if line.under else "", is_mention=line.is_mention,
        asked_at=NOW - timedelta(hours=line.ago), delivery_key=f"{delivery}:{line.key}",
    )  # fmt: skip


def read_history() -> None:
    """As catching up does: what is known is left out."""
    channel = Channel.objects.first()
    known = receiving.known(channel, list(NUMBERS.values())) if channel else set()
    for line in DAY:
        if NUMBERS[line.key] not in known:
            receiving.receive(said(line, "history"))


def asked() -> set[str]:
    return {TEXTS[text] for text in Question.objects.values_list("text", flat=True)}


def test_what_was_missed_for_a_day_is_asked_as_if_it_had_been_heard() -> None:
    for line in DAY:
        receiving.receive(said(line))
    assert asked() == ASKED
    Question.objects.all().delete()
    Conversation.objects.all().delete()
    Receipt.objects.all().delete()
    for _ in range(3):
        read_history()
        assert asked() == ASKED


@pytest.mark.parametrize("seed", range(12))
def test_the_same_is_asked_whatever_arrived_live_and_whatever_was_read_later(seed: int) -> None:
    random = Random(seed)  # noqa: S311
    live = [line for line in DAY if line.is_silencing or random.random() < 0.5]
    for line in live:
        receiving.receive(said(line))
    read_history()
    read_history()
    for line in random.sample(live, len(live)):  # delivered once more, in any order
        receiving.receive(said(line, "again"))
    read_history()
    assert asked() == ASKED
    assert Question.objects.count() == len(ASKED)


def test_a_live_event_may_come_after_the_history_was_read() -> None:
    read_history()
    later = Line("later", 0.1, ANN, "And for two years?", "thing", is_asked=True)
    receiving.receive(replace(said(DAY[0]), text=later.text, message_id="1700000000.900000", author=ANN,
                              thread_id=NUMBERS["thing"], asked_at=NOW, delivery_key="x"))  # fmt: skip
    assert Question.objects.filter(text=later.text).exists()


def test_what_was_said_while_a_conversation_slept_is_not_asked_when_it_wakes() -> None:
    thread = "1700000000.000001"
    receiving.receive(incoming("How?", 1, is_mention=True, asked_at=NOW - timedelta(hours=40)))
    late = incoming("And?", 2, thread_id=thread, asked_at=NOW - timedelta(hours=2))
    receiving.receive(late)
    receiving.receive(incoming("And now?", 3, thread_id=thread, is_mention=True, asked_at=NOW - timedelta(hours=1)))
    receiving.receive(replace(late, delivery_key="history"))
    assert [each.text for each in Question.objects.all()] == ["How?", "And now?"]


def test_a_forum_post_is_not_answered_for_being_there_before_the_mention() -> None:
    post = {"kind": "forum", "thread_id": "1700000000.000001", "platform": Platform.DISCORD}
    first = incoming("Refund gone", 1, author="bob", **post)
    receiving.receive(first)
    receiving.receive(incoming("How?", 2, author="bob", is_mention=True, **post))
    receiving.receive(replace(first, delivery_key="ten minutes later"))
    assert [each.text for each in Question.objects.all()] == ["How?"]
    assert Conversation.objects.get().silenced_at is None


def test_twenty_questions_of_a_day_are_not_too_many_at_once() -> None:
    for number in range(20):
        receiving.receive(incoming(f"{number}?", number, is_mention=True, asked_at=NOW - timedelta(hours=20 - number)))
    assert not Question.objects.filter(state="refused").exists()


def test_a_mention_is_judged_by_itself_where_any_message_is_a_question() -> None:
    receiving.receive(incoming("hello", 1))
    Channel.objects.update(mode=AnswerMode.ALL)
    receiving.receive(incoming("How do refunds work", 2))
    receiving.receive(incoming("Somebody is in.", 3, thread_id="1700000000.000002", author="U2"))
    assert Conversation.objects.get().silenced_at
    assert "stay out" in Delivery.objects.get().body["text"]


@pytest.mark.parametrize("words", ["I talked to finance, they refund.", "stop"])
def test_a_silence_that_was_missed_begins_when_it_was_asked_for(words: str) -> None:
    thread = "1700000000.000001"
    receiving.receive(incoming("How?", 1, is_mention=True))
    receiving.receive(incoming("And monthly?", 3, thread_id=thread))  # heard before the silence is known
    missed = incoming(words, 2, thread_id=thread, author="U2", delivery_key="history")
    receiving.receive(missed)
    assert Conversation.objects.get().silenced_at == missed.asked_at
    assert Question.objects.get(text="And monthly?").state == "cancelled"
    receiving.receive(incoming("And weekly?", 4, thread_id=thread))
    assert not Question.objects.filter(text="And weekly?").exists()
    receiving.receive(incoming("And daily?", 5, thread_id=thread, is_mention=True))
    receiving.receive(incoming("For how long?", 6, thread_id=thread))
    assert Question.objects.filter(state="waiting").count() == 3


def test_an_answer_that_is_begun_outlives_a_silence_that_was_missed() -> None:
    receiving.receive(incoming("How?", 1, is_mention=True))
    receiving.receive(incoming("And monthly?", 3, thread_id="1700000000.000001"))
    Question.objects.filter(text="And monthly?").update(state="done")
    receiving.receive(incoming("I take over.", 2, thread_id="1700000000.000001", author="U2"))
    assert set(Question.objects.values_list("state", flat=True)) == {"waiting", "done"}
    assert Conversation.objects.get().silenced_at is not None


@pytest.mark.parametrize("numbers", [(2, 4), (4, 2)])
@pytest.mark.parametrize("words", [("I take over.", "stop"), ("stop", "I take over."), ("Here.", "I take over.")])
def test_of_two_silences_the_earlier_counts_in_whatever_order_they_come(
    numbers: tuple[int, int], words: tuple[str, str]
) -> None:
    thread = "1700000000.000001"
    receiving.receive(incoming("How?", 1, is_mention=True))
    said = [
        incoming(text, number, thread_id=thread, author=f"U{number}")
        for text, number in zip(words, (2, 4), strict=True)
    ]
    for number in numbers:
        receiving.receive(said[number // 2 - 1])
    receiving.receive(incoming("And monthly?", 3, thread_id=thread))
    assert not Question.objects.filter(text="And monthly?").exists()
    assert Conversation.objects.get().silenced_at == said[0].asked_at


def test_a_mode_holds_for_what_is_said_from_then_on() -> None:
    receiving.receive(incoming("hello", 1))
    channel = Channel.objects.get()
    before = incoming("How do refunds work", 2, asked_at=timezone.now() - timedelta(seconds=1))
    receiving.receive(before)
    channel.mode = AnswerMode.ALL
    channel.save()
    receiving.receive(replace(before, delivery_key="history"))
    receiving.receive(replace(before, message_id="3", is_mention=True, delivery_key="a call that was missed"))
    receiving.receive(incoming("And gifts", 4, asked_at=timezone.now()))
    channel.daily_limit = 7
    channel.save()  # another setting, which changes nothing of that
    receiving.receive(incoming("And coupons", 5, asked_at=timezone.now()))
    assert Question.objects.earliest("id").message_id == "3"
    assert [each.text for each in Question.objects.all()] == ["How do refunds work", "And gifts", "And coupons"]


def test_what_was_said_while_a_channel_was_off_is_not_read_when_it_is_switched_on() -> None:
    receiving.receive(incoming("hello", 1))
    channel = Channel.objects.get()
    for is_enabled in (False, True):
        Channel.objects.update(cursor_at=timezone.now() - timedelta(hours=20))
        channel.refresh_from_db()
        channel.is_enabled = is_enabled
        channel.save()
    assert Channel.objects.filter(cursor_at__gt=timezone.now() - timedelta(minutes=1)).exists()


def test_that_the_bot_stays_out_is_said_after_the_answer_that_is_under_way() -> None:
    receiving.receive(incoming("How?", 1, is_mention=True))
    receiving.receive(incoming("I think within 30 days.", 2, thread_id="1700000000.000001", author="U2"))
    Delivery.objects.update(not_before=NOW)
    for state in ("waiting", "answering", "delivering"):
        Question.objects.update(state=state)
        assert outbox.claim([Platform.SLACK]) is None
    Question.objects.update(state="done")
    said = outbox.claim([Platform.SLACK])
    assert said is not None
    assert "stay out" in said.body["text"]
