"""What people nominate on platforms, or improve, waits for a review after the next minute, once."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from bot.erasing import ERASED
from bot.models import (
    Channel,
    Delivery,
    Escalation,
    EscalationState,
    Feedback,
    Message,
    Nomination,
    NominationState,
    Outcome,
    Platform,
    Workspace,
)
from bot.team import escalations
from tests.rows.make import make_collection
from tests.rows.questions import make_question_row
from tests.rows.web_rows import PASSAGE, make_answer, make_document, make_models, make_question, make_user
from tuning import tasks
from tuning.examples import improvements, nominations, proposing, reviewing
from tuning.models import TrainingExample

pytestmark = pytest.mark.django_db
TRACES = iter(f"{number:032x}" for number in range(9000, 9999))


@pytest.fixture
def answer() -> Callable[..., Message]:
    """Makes answers to questions in a channel of a workspace that allows training."""
    user = make_user("ada")
    workspace = Workspace.objects.create(
        platform=Platform.SLACK, external_id="T1", name="Acme", is_training_allowed=True
    )
    channel = Channel.objects.create(workspace=workspace, external_id="C1", name="help")

    def make(text: str = "Within 30 days [1].", **fields: Any) -> Message:
        message = make_answer(make_question(user, trace_id=next(TRACES)), text, **fields)
        make_question_row(message, channel)
        return Message.objects.get(pk=message.pk)

    return make


def nominate(message: Message, person: str = "U2", **fields: Any) -> Nomination:
    return Nomination.objects.create(
        **{"message": message, "person": person, "way": "reaction", "acted_at": timezone.now(), **fields}
    )


def settled(nomination: Nomination) -> str:
    nominations.settle()
    nomination.refresh_from_db()
    return nomination.state


def test_a_nomination_becomes_one_example_however_often_it_is_looked_at(answer: Callable[..., Message]) -> None:
    message = answer()
    first, second = nominate(message), nominate(message, "U3")
    assert (nominations.settle(), nominations.settle()) == (2, 0)
    assert [each.state for each in Nomination.objects.all()] == ["proposed", "known"]
    example = TrainingExample.objects.get()
    assert (example.message, example.answer, example.proposed_by) == (message, "Within 30 days [1].", None)
    assert (settled(first), settled(second)) == ("proposed", "known")


def test_the_words_of_a_colleague_are_the_answer_without_their_name(answer: Callable[..., Message]) -> None:
    nominate(answer(outcome=Outcome.PROVIDER_ERROR), person_name="Bob Jones", words="Yours, Bob Jones: 14 days.")
    nominations.settle()
    example = TrainingExample.objects.get()
    assert (example.answer, example.original_answer) == ("Yours, [NAME_1]: 14 days.",) * 2  # nothing was rejected


@pytest.mark.parametrize(("changes", "reason"), [
    ({"text": ERASED}, "was erased"), ({"outcome": Outcome.CLARIFY}, "Only an answer"), ({}, "not allowed"),
])  # fmt: skip
def test_whoever_nominated_is_told_why_it_was_refused(
    answer: Callable[..., Message], changes: dict[str, Any], reason: str
) -> None:
    nomination = nominate(answer(**changes))
    Workspace.objects.update(is_training_allowed=bool(changes))
    assert settled(nomination) == "refused"
    assert reason in nomination.reason
    told = Delivery.objects.get(kind="word")
    assert (told.person, told.is_private, told.part) == ("U2", True, 1)
    assert reason in told.body["text"]
    nominate(nomination.message, "U3", words="")
    nominations.settle()
    assert sorted(Delivery.objects.values_list("person", "part")) == [("U2", 1), ("U3", 2)]
    assert not TrainingExample.objects.exists()


def test_what_is_taken_back_goes_unless_somebody_else_stands_for_it(answer: Callable[..., Message]) -> None:
    message = answer()
    first, second = nominate(message), nominate(message, "U3")
    nominations.settle()
    Nomination.objects.filter(pk=first.pk).update(state=NominationState.LEAVING)
    assert settled(first) == "withdrawn"
    assert TrainingExample.objects.count() == 1
    second.refresh_from_db()
    assert second.state == "proposed"
    Nomination.objects.filter(pk=second.pk).update(state=NominationState.LEAVING)
    assert settled(second) == "withdrawn"
    assert not TrainingExample.objects.exists()


@pytest.mark.parametrize("who", ["a reviewer has it", "a page proposed it too"])
def test_what_a_reviewer_has_stays(answer: Callable[..., Message], who: str) -> None:
    nomination = nominate(answer())
    nominations.settle()
    ada = make_user("bea")
    if who == "a reviewer has it":
        reviewing.claim(ada)
    else:
        proposing.propose(nomination.message, by=ada)
    Nomination.objects.update(state=NominationState.LEAVING)
    assert settled(nomination) == "withdrawn"
    assert nomination.reason == nominations.LATE
    assert TrainingExample.objects.count() == 1


def test_a_human_answer_is_proposed_over_the_passages_of_then(answer: Callable[..., Message]) -> None:
    message = answer("I could not find it.", outcome=Outcome.NOT_IN_DOCS)
    question = message.question
    Escalation.objects.create(question=question, reason="why", state=EscalationState.CLAIMED, claimed_by="U2")
    tasks.take_in()
    assert not TrainingExample.objects.exists()
    escalations.answer(question, by="U2", name="Bob", text="Our moon office knows; nothing written says so.")
    tasks.take_in()
    example = TrainingExample.objects.get()
    assert (example.answer, example.message) == ("Our moon office knows; nothing written says so.", message)
    assert PASSAGE in example.messages[1]["content"]


def test_who_wanted_a_person_at_once_is_answered_over_what_is_found_today(answer: Callable[..., Message]) -> None:
    make_models()
    make_document(make_collection())
    message = answer("Somebody will answer.", outcome=Outcome.ESCALATED, trace={})
    question = message.question
    Escalation.objects.create(question=question, reason="why")
    escalations.answer(question, by="U2", name="Bob", text="Within 30 days.")
    tasks.take_in()
    example = TrainingExample.objects.get()
    assert PASSAGE in example.messages[1]["content"]
    assert example.question == "How are annual plans refunded?"
    assert example.answer == example.original_answer == "Within 30 days."


def test_a_draft_that_was_changed_is_proposed_and_one_that_was_not_is_none(answer: Callable[..., Message]) -> None:
    changed, same = answer("As drafted [1]."), answer("Good as it is [1].")
    for message, text in ((changed, "As a person sent it [1]."), (same, "")):
        question = message.question
        Escalation.objects.create(question=question, reason="A draft to send.", is_draft=True)
        escalations.send_draft(question, by="U2", name="Bob", text=text)
    tasks.take_in()
    tasks.take_in()
    example = TrainingExample.objects.get()
    assert (example.original_answer, example.answer) == ("As drafted [1].", "As a person sent it [1].")


def test_nothing_is_proposed_by_itself_where_that_is_switched_off_or_forbidden(answer: Callable[..., Message]) -> None:
    Message.objects.filter(pk=answer().pk).update(sent_text="As sent.")
    Feedback.objects.create(message=answer(), person="U9", is_positive=False, better_answer="Better.")
    for switch in ({"is_proposing": False}, {"is_proposing": True, "is_training_allowed": False}):
        Workspace.objects.update(**switch)
        assert improvements.propose_improved() == 0
    Workspace.objects.update(is_training_allowed=True)
    assert improvements.propose_improved() == 2
    assert "Ann Example" not in json.dumps(list(TrainingExample.objects.values_list("messages", flat=True)))
