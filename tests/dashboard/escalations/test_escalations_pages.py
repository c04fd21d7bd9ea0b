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


def test_the_talk_goes_on_from_the_page_until_it_is_closed(owner: Client, things: Things) -> None:
    address = reverse("escalation", kwargs=things["escalation"])
    escalation = Escalation.objects.get()
    owner.post(address, {"text": "Which plan is it?", "then": "go_on"})
    escalation.refresh_from_db()
    assert (escalation.state, escalation.claimed_by, escalation.claimed_by_name) == ("claimed", "@keeper", "keeper")
    escalation.remarks.create(is_of_team=False, person="U1", name="Ann Asker", text="The yearly one.")
    page = owner.get(address).content.decode()
    assert page.index("Which plan is it?") < page.index("The yearly one.")
    assert "Ann Asker" in page
    owner.post(reverse("conclude", kwargs=things["escalation"]))
    escalation.refresh_from_db()
    assert (escalation.state, escalation.answer, escalation.answered_by_name) == (
        "answered", "Which plan is it?", "keeper",
    )  # fmt: skip
    assert "Closed" in owner.get(address).content.decode()
    owner.post(reverse("conclude", kwargs=things["escalation"]))  # sent twice, it stays closed
    owner.post(reverse("conclude", kwargs=things["escalation"]), {"then": "reopen"})
    escalation.refresh_from_db()
    assert escalation.state == "claimed"
    told = [each.body["text"] for each in Delivery.objects.filter(kind=DeliveryKind.HANDOFF).order_by("part")]
    assert [each.split(".")[0] for each in told] == [
        "keeper has taken your question and will answer you here",
        "keeper has closed this",
        "keeper has taken your question and will answer you here",
    ]


def test_what_nobody_is_told_of_is_said_on_the_first_page_and_on_the_board(owner: Client, things: Things) -> None:
    assert "nobody gets a message about it" in owner.get(reverse("home")).content.decode()
    assert "nobody gets a message about it" in owner.get(reverse("escalations")).content.decode()
    owner.post(reverse("claim", kwargs=things["claim"]))
    assert "nobody gets a message" not in owner.get(reverse("home")).content.decode()
