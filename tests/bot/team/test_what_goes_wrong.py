"""What people write to each other through the bot when things come twice, late, at once, or are meant badly."""

from typing import Any

import pytest
from django.utils import timezone

from bot.models import (
    Channel,
    Delivery,
    Escalation,
    Question,
    Remark,
)
from bot.questions import receiving
from bot.team import escalations, pressing, talking
from tests.rows import questions

pytestmark = pytest.mark.django_db

BOB = {"by": "U2", "name": "Bob"}


@pytest.fixture
def question() -> Question:
    """One of U1 in a thread of the channel C1, whose team is told in T."""
    channel = questions.make_channel()
    team = Channel.objects.create(workspace=channel.workspace, external_id="CT", name="team")
    Channel.objects.filter(pk=channel.pk).update(escalation_channel=team)
    reception = receiving.receive(questions.incoming("<@B> How?", is_mention=True))
    assert reception.question is not None
    return Question.objects.get(pk=reception.question.pk)


def handed_over(question: Question) -> Escalation:
    """With the team, whose post is there."""
    escalations.request(question, by="U1")
    Delivery.objects.filter(kind="escalation").update(state="sent", message_id="1700000000.777")
    return Escalation.objects.get(question=question)


def says(text: str, number: int = 100, **more: Any) -> Remark | None:
    """The asker writes in the thread of their question, now; the remark that became of it."""
    given = {"thread_id": "1700000000.000001", "asked_at": timezone.now(), **more}
    receiving.receive(questions.incoming(text, number, **given))
    return Remark.objects.filter(message_id=f"1700000000.{number:06}").first()


def told(kind: str) -> list[str]:
    return [each.body["text"] for each in Delivery.objects.filter(kind=kind).order_by("part")]


@pytest.mark.parametrize("text", ["", "\u200b", "\x00", "\ufeff \n"])
def test_words_that_nobody_sees_are_not_passed_on(question: Question, text: str) -> None:
    handed_over(question)
    assert says(text) is None
    said = pressing.submit("write", str(question.pk), {"text": text}, person="U1", person_name="Ann")
    assert said.text == "What shall they read?"
    assert told("asker") == []
    escalations.claim(question, **BOB)
    says(text, 101, channel="CT", thread_id="1700000000.777", author="U2")
    assert told("human") == []


def test_characters_that_a_database_refuses_are_left_out(question: Question) -> None:
    handed_over(question)
    says("It \x00is\ud800 urgent.")
    assert told("asker") == ["> It is urgent."]


def test_an_edit_that_leaves_nothing_to_see_is_shown_all_the_same(question: Question) -> None:
    handed_over(question)
    says("Look.")
    changed = questions.incoming("\u200b", 100, thread_id="1700000000.000001")
    assert talking.change(changed)
    assert told("asker") == ["> …"]


def test_a_question_that_comes_again_while_people_have_it_is_not_passed_on(question: Question) -> None:
    says("And monthly plans?", 100)
    assert Question.objects.count() == 2
    handed_over(question)
    assert says("And monthly plans?", 100) is None
    assert Question.objects.count() == 2
