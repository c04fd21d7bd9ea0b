"""A person answers on a page: a draft is sent as changed, anything else is answered in their words."""

import pytest
from django.test import Client
from django.urls import reverse

from bot.models import Delivery, DeliveryKind, Escalation, EscalationState, Message, Question
from tests.rows.web_rows import make_answer, make_user

pytestmark = pytest.mark.django_db

Things = dict[str, dict[str, object]]


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(make_user("keeper", is_superuser=True))
    return client


def draft(escalation: Escalation) -> Message:
    """Make it a draft that waits."""
    question = escalation.question
    asked = Message.objects.create(
        conversation=question.conversation, speaker="asker", text=question.text, trace_id=question.trace_id
    )
    answer = make_answer(asked, "As drafted.")
    Question.objects.filter(pk=question.pk).update(answer=answer)
    Escalation.objects.filter(pk=escalation.pk).update(is_draft=True)
    return answer


def test_a_draft_is_sent_once_and_what_is_said_later_goes_after_it(owner: Client, things: Things) -> None:
    escalation = Escalation.objects.get()
    answer = draft(escalation)
    address = reverse("escalation", kwargs=things["escalation"])
    assert "As drafted." in owner.get(address).content.decode()
    owner.post(address, {"text": "As changed."})
    answer.refresh_from_db()
    escalation.refresh_from_db()
    assert (answer.sent_text, escalation.state) == ("As changed.", EscalationState.ANSWERED)
    owner.post(address, {"text": "One more thing."})
    answer.refresh_from_db()
    assert answer.sent_text == "As changed."
    assert Delivery.objects.filter(kind=DeliveryKind.HUMAN).count() == 2


def test_a_question_is_answered_in_the_words_of_a_person(owner: Client, things: Things) -> None:
    owner.post(reverse("escalation", kwargs=things["escalation"]), {"text": "Like so."})
    escalation = Escalation.objects.get()
    assert (escalation.state, escalation.answer) == (EscalationState.ANSWERED, "Like so.")
    assert "Like so." in str(Delivery.objects.get(kind=DeliveryKind.HUMAN).body)
