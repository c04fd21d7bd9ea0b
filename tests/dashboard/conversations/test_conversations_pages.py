"""Conversations of all platforms: found, read, exported without harm, corrected."""

import csv
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import hypothesis
import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from bot.models import (
    Channel,
    Delivery,
    DeliveryKind,
    Escalation,
    EscalationState,
    Feedback,
    Message,
    Outcome,
    Platform,
    Question,
    Workspace,
)
from dashboard.conversations import exchanges, export
from dashboard.models import AuditEntry
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_citation, make_question, make_usage, make_user

pytestmark = pytest.mark.django_db

TRACES = iter(f"{number:032x}" for number in range(5000, 9000))


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("root", is_superuser=True)
    client.force_login(user)
    return user


def answered(user: User, text: str = "How are plans refunded?", **fields: Any) -> Message:
    return make_answer(make_question(user, text, trace_id=next(TRACES)), **fields)


def asked_on_slack(user: User, **fields: Any) -> Question:
    workspace, _ = Workspace.objects.get_or_create(platform=Platform.SLACK, external_id="T1")
    channel, _ = Channel.objects.get_or_create(workspace=workspace, external_id="C1", name="help")
    message = answered(user, **fields)
    message.conversation.channel, message.conversation.platform = channel, Platform.SLACK
    message.conversation.save()
    return make_question_row(message, channel, asker_name="Ann")


def test_each_filter_finds_what_it_names(owner: User) -> None:
    plain = answered(owner)
    dear = answered(
        owner, "And the export?", cost=Decimal("0.5"), total_ms=9000, model="b", outcome=Outcome.NOT_IN_DOCS
    )
    slack = asked_on_slack(owner).answer
    Feedback.objects.create(message=plain, person="U1", is_positive=False)
    document = make_citation(plain).document_id
    assert document is None
    tomorrow = (timezone.now() + timedelta(days=1)).date()
    cases: list[tuple[dict[str, Any], list[Any]]] = [
        ({}, [slack, dear, plain]),
        ({"outcome": "not_in_docs"}, [dear]),
        ({"model": "b"}, [dear]),
        ({"least_cost": Decimal("0.1")}, [dear]),
        ({"least_seconds": 5.0}, [dear]),
        ({"platform": "slack"}, [slack]),
        ({"channel": slack.conversation.channel}, [slack]),  # type: ignore[union-attr]
        ({"rating": "down"}, [plain]),
        ({"rating": "up"}, []),
        ({"rating": "none"}, [slack, dear]),
        ({"text": "export"}, [dear]),
        ({"text": '"within 30 days"'}, [slack, dear, plain]),
        ({"since": tomorrow}, []),
        ({"until": tomorrow}, [slack, dear, plain]),
    ]
    for wanted, expected in cases:
        assert list(Message.objects.matching(wanted)) == expected, wanted


def test_pages_follow_each_other_without_a_gap(owner: User) -> None:
    made = [answered(owner).pk for _ in range(exchanges.PER_PAGE + 3)]
    first = exchanges.page(Message.objects.matching({}), before=None)
    second = exchanges.page(Message.objects.matching({}), before=first.older)
    shown = [each.answer.pk for each in (*first.exchanges, *second.exchanges)]
    assert (shown, second.older) == (made[::-1], None)


def test_the_list_takes_few_queries_however_long_it_is(
    client: Client, owner: User, django_assert_max_num_queries: object
) -> None:
    for _ in range(30):
        asked_on_slack(owner)
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert client.get(reverse("conversations")).status_code == 200


def test_a_transcript_takes_few_queries_too(client: Client, owner: User, django_assert_max_num_queries: object) -> None:
    question = asked_on_slack(owner)
    for number in range(20):
        asked = Message.objects.create(
            conversation=question.conversation, speaker="asker", text=f"{number}?", trace_id=next(TRACES)
        )
        make_citation(make_answer(asked))
        make_usage(asked.trace_id, "0.01")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        page = client.get(reverse("transcript", args=[question.conversation_id])).content.decode()
    assert "$0.01" in page


@pytest.mark.parametrize(
    "cell",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1+1", "=cmd|' /C calc'!A0", "＝1"],  # noqa: RUF001
)
def test_no_cell_starts_a_formula(client: Client, owner: User, cell: str) -> None:
    answered(owner, cell)
    reply = client.get(reverse("export_conversations", args=["csv"]))
    text = b"".join(reply.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    (row,) = csv.DictReader(io.StringIO(text, newline=""))
    assert row["question"] == f"'{cell}"
    assert export.safe("plain, and 1-2") == "plain, and 1-2"


def test_an_export_fits_the_filter_and_is_in_the_log(client: Client, owner: User) -> None:
    answered(owner)
    answered(owner, "Other?", outcome=Outcome.NOT_IN_DOCS)
    reply = client.get(reverse("export_conversations", args=["jsonl"]) + "?outcome=not_in_docs")
    (line,) = b"".join(reply.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert json.loads(line)["question"] == "Other?"
    assert AuditEntry.objects.get(action="conversations_exported").details == {"outcome": "not_in_docs"}


def test_a_correction_is_posted_where_the_question_was_asked(client: Client, owner: User) -> None:
    question = asked_on_slack(owner)
    client.post(reverse("correct", args=[question.answer_id]), {"answer": "Within 14 days, in fact."})
    delivery = Delivery.objects.get(question=question, kind=DeliveryKind.HUMAN)
    assert "Within 14 days" in delivery.body["text"]
    assert Message.objects.get(trace_id=question.trace_id, speaker="bot").sent_text == "Within 14 days, in fact."


def test_a_person_claims_and_answers_on_the_board(client: Client, owner: User) -> None:
    question = asked_on_slack(owner)
    escalation = Escalation.objects.create(question=question, reason="The asker wants a person.")
    client.post(reverse("claim", args=[escalation.pk]))
    client.post(reverse("escalation", args=[escalation.pk]), {"text": "I have refunded it."})
    escalation.refresh_from_db()
    assert (escalation.state, escalation.claimed_by, escalation.answer) == (
        EscalationState.ANSWERED, "@root", "I have refunded it.",
    )  # fmt: skip
    body = Delivery.objects.get(question=question, kind=DeliveryKind.HUMAN).body
    assert ("I have refunded it." in body["text"], body.get("about", "")) == (True, "")


def test_hostile_text_is_shown_as_text(client: Client, owner: User) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    question = asked_on_slack(owner, text=evil)
    Feedback.objects.create(message=Message.objects.get(text=evil), person="U1", is_positive=False, better_answer=evil)
    Escalation.objects.create(question=question, reason=evil[:200], answer=evil)
    for address in ("conversations", "escalations", "home"):
        page = client.get(reverse(address)).content.decode()
        assert "<script>alert" not in page, address
        assert "<img src=x" not in page, address
    page = client.get(reverse("transcript", args=[question.conversation_id])).content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@given(st.text(max_size=200))
@hypothesis.settings(max_examples=500, deadline=None)
def test_any_cell_comes_back_as_it_was_and_starts_no_formula(cell: str) -> None:
    cell = cell.replace("\x00", "")
    written = io.StringIO(newline="")
    csv.writer(written).writerow([export.safe(cell)])
    rows = list(csv.reader(io.StringIO(written.getvalue(), newline="")))
    read = rows[0][0] if rows and rows[0] else ""
    assert read.removeprefix("'") == cell.removeprefix("'")
    assert not read.lstrip().startswith(("=", "+", "-", "@"))
