"""A person who wants to be forgotten is: in every table of people's words, and in what was made of them."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django.fixtures import Settings

from bot import retention
from bot.models import (
    Channel,
    Conversation,
    Delivery,
    DeliveryKind,
    Escalation,
    Feedback,
    Message,
    Nomination,
    Platform,
    Question,
    Workspace,
)
from bot.team import nominating
from dashboard.accounts import people
from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from llm.models import UsageRecord
from tests.rows import tables
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_citation, make_question, make_usage, make_user
from tuning.datasets import exporting
from tuning.examples import proposing, reviewing
from tuning.models import Export, ExportLine, TrainingExample

pytestmark = pytest.mark.django_db

PERSON, NAME = "U0ZEBRA42", "Zebra Quagga"
TOKENS = ("zebra", "quagga", "okapi-secret")


def dump() -> str:
    return tables.dump().lower()


def asked_by_the_person() -> Question:
    owner = make_user("owner", is_superuser=True)
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", is_training_allowed=True)
    channel = Channel.objects.create(workspace=workspace, external_id="C1")
    text = "I am Zebra Quagga (okapi-secret). How are plans refunded?"
    answer = make_answer(make_question(owner, text), "Dear Zebra, within 30 days [1].", sent_text="For okapi-secret.")
    Message.objects.filter(pk=answer.pk).update(trace={"question": text, "passages": []})
    Conversation.objects.filter(pk=answer.conversation_id).update(platform=Platform.SLACK)
    make_citation(answer)
    make_usage(answer.trace_id, "0.01")
    question = make_question_row(answer, channel, asker=PERSON, asker_name=NAME, text=text)
    Delivery.objects.create(question=question, kind=DeliveryKind.ANSWER, channel=channel, key="k", body={"text": text})
    Escalation.objects.create(question=question, reason=f"{NAME} wants a person", requested_by=PERSON)
    Feedback.objects.create(message=answer, person=PERSON, is_positive=False, better_answer="okapi-secret")
    Nomination.objects.create(
        message=answer, person=PERSON, person_name=NAME, way="menu", words="okapi-secret", acted_at=timezone.now()
    )
    other = make_answer(make_question(owner, f"Did <@{PERSON}> ask already? Quagga did.", trace_id="3" * 32))
    Message.objects.filter(pk=other.pk).update(trace={"question": f"Did {NAME} ask"})
    Nomination.objects.create(
        message=other, person="U2", way="menu", words=f"{NAME} should ask okapi", acted_at=timezone.now()
    )
    nominating.tell(question, PERSON, f"Dear {NAME}, thank you.")
    return question


def test_nothing_of_the_person_is_left_and_what_was_counted_stays() -> None:
    question = asked_by_the_person()
    before = dump()
    assert all(token in before for token in TOKENS)
    out = io.StringIO()
    call_command("erase", PERSON, "--platform", "slack", "--name", NAME, "--name", "Quagga", stdout=out)
    left = [line for line in dump().splitlines() if any(token in line for token in TOKENS)]
    assert left == []
    assert "1 questions in 1 conversations, 1 opinions" in out.getvalue()
    assert UsageRecord.objects.get().cost is not None
    assert Question.objects.get(pk=question.pk).answer is not None
    assert AuditEntry.objects.get(action="erased").details["questions"] == 1


def test_examples_go_too_and_those_that_had_left_are_named() -> None:
    question = asked_by_the_person()
    owner = make_user("reviewer", is_superuser=True)
    assert question.answer is not None
    item = proposing.propose(question.answer, by=owner)
    reviewing.claim(owner, pk=item.pk)
    item = reviewing.approve(item.pk, owner)
    ExportLine.objects.create(export=Export.objects.create(lines=1), example=item, checksum=item.checksum)
    out = io.StringIO()
    call_command("erase", PERSON, "--platform", "slack", stdout=out)
    assert "retire or retrain" in out.getvalue()
    assert TrainingExample.objects.get().messages == []
    with pytest.raises(exporting.ExportError):
        exporting.export(owner)


def test_an_account_is_nobodys_afterwards() -> None:
    user = make_user("okapi-secret")
    roles.give(user, Role.EDITOR)
    answer = make_answer(make_question(user, "I am okapi-secret"))
    Feedback.objects.create(message=answer, user=user, is_positive=True)
    call_command("erase", "okapi-secret", "--platform", "web", stdout=io.StringIO())
    assert "okapi-secret" not in dump()
    user.refresh_from_db()
    assert (user.is_active, roles.of(user), people.end_sessions(user)) == (False, None, 0)


def test_conversations_are_kept_as_long_as_the_settings_say(settings: Settings) -> None:
    question = asked_by_the_person()
    item = proposing.propose(question.answer, by=None)  # type: ignore[arg-type]
    assert retention.purge() == 0
    long_ago = timezone.now() - timedelta(days=181)
    Conversation.objects.update(last_active_at=long_ago)
    Question.objects.update(created_at=long_ago)
    settings.TRANSCRIPT_DAYS = 0
    assert retention.purge() == 0
    settings.TRANSCRIPT_DAYS = 180
    assert retention.purge() == 2
    assert (Message.objects.count(), Question.objects.count(), UsageRecord.objects.count()) == (0, 0, 1)
    item.refresh_from_db()
    assert item.message is None
