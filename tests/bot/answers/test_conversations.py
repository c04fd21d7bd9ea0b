"""Asking keeps what was asked and what came of it, whoever stops listening."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from bot.answers import conversations
from bot.answers.asking import QuestionError
from bot.answers.conversations import Delta, Done, Retrieved
from bot.models import Citation, Conversation, Message, Outcome, Platform, Speaker
from knowledge.models import Collection, Visibility
from llm.models import ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed, make_nobody_stand_in

pytestmark = pytest.mark.django_db

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase. Ask in the billing page.\n"
QUESTION = "Can annual plans be refunded?"


@pytest.fixture
def public(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    collection = make_collection()
    make_indexed(collection, make_file(tmp_path, "refunds.md", REFUNDS))
    return collection


def ask(public: Collection, question: str = QUESTION, conversation: Conversation | None = None) -> list[object]:
    return list(
        conversations.ask(question, platform=Platform.CONSOLE, collections=[public.pk], conversation=conversation)
    )


@contextmanager
def renamed(function: str, other: str) -> Iterator[None]:
    """A function of the database under another name, as if it were missing."""
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER FUNCTION {function} RENAME TO {other}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER FUNCTION {other} RENAME TO {function}")


def test_passages_come_first_then_text_then_the_kept_answer(public: Collection) -> None:
    first, *deltas, last = ask(public)
    assert isinstance(first, Retrieved)
    assert all(isinstance(delta, Delta) for delta in deltas)
    assert isinstance(last, Done)
    assert "".join(delta.text for delta in deltas if isinstance(delta, Delta)).strip() == last.message.text


def test_question_answer_and_citations_are_rows_of_one_trace(public: Collection) -> None:
    ask(public)
    asked, answered = Message.objects.order_by("id")
    assert (asked.speaker, asked.text, asked.outcome) == (Speaker.ASKER, QUESTION, "")
    assert answered.trace_id == asked.trace_id
    assert answered.outcome == Outcome.ANSWERED
    assert answered.trace["passages"][0]["path"] == "refunds.md"
    assert answered.trace["prompt_hash"]
    citation = Citation.objects.get()
    assert citation.passage.count(citation.quote) == 1


def test_a_citation_outlives_its_document(public: Collection) -> None:
    ask(public)
    public.document_set.all()[0].delete()
    citation = Citation.objects.get()
    assert citation.document is None
    assert "30 days" in citation.quote


def test_whoever_leaves_early_still_finds_the_answer_later(public: Collection, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    fake_providers.blocks = [("Yes, within 30 days", (0,)), (", in full", (0,))]
    events = conversations.ask(QUESTION, platform=Platform.WEB, collections=[public.pk])
    assert isinstance(next(events), Retrieved)
    assert isinstance(next(events), Delta)
    events.close()
    assert Message.objects.get(speaker=Speaker.BOT).outcome == Outcome.ANSWERED
    assert "in full" in Message.objects.get(speaker=Speaker.BOT).text


@pytest.mark.django_db(transaction=True)
def test_a_bug_on_the_way_is_told_to_the_asker_and_to_the_log(
    public: Collection, caplog: pytest.LogCaptureFixture
) -> None:
    with renamed("parley_search", "parley_search_gone"):
        *_, done = ask(public)
    assert isinstance(done, Done)
    assert done.message.outcome == Outcome.PROVIDER_ERROR
    assert done.message.trace_id[:8] in done.message.text
    assert "parley_search" in caplog.text


def test_nothing_is_kept_of_what_is_no_question(public: Collection) -> None:
    with pytest.raises(QuestionError):
        conversations.ask("", platform=Platform.CONSOLE, collections=[public.pk])
    assert not Conversation.objects.exists()


def test_follow_ups_share_the_conversation(public: Collection) -> None:
    *_, done = ask(public)
    assert isinstance(done, Done)
    ask(public, "And where do I ask?", done.message.conversation)
    assert Conversation.objects.count() == 1
    turns = conversations.history(Conversation.objects.get(), [public.pk])
    assert [turn.role for turn in turns][:2] == ["user", "assistant"]


def test_what_was_said_of_internal_documents_stays_out_of_a_public_turn(public: Collection) -> None:
    internal = make_collection("Internal", Visibility.INTERNAL)
    *_, done = conversations.ask(QUESTION, platform=Platform.WEB, collections=[public.pk, internal.pk])
    assert isinstance(done, Done)
    assert conversations.history(done.message.conversation, [public.pk]) == []
    assert len(conversations.history(done.message.conversation, [public.pk, internal.pk])) == 2


def test_what_was_said_of_documents_that_are_not_known_stays_out(public: Collection) -> None:
    *_, done = ask(public)
    assert isinstance(done, Done)
    Message.objects.update(trace={})
    assert conversations.history(done.message.conversation, [public.pk]) == []


def test_questions_asked_side_by_side_keep_their_own_answers(public: Collection) -> None:
    conversation = Conversation.objects.create(platform=Platform.WEB)
    for speaker, outcome in ((Speaker.ASKER, ""), (Speaker.BOT, Outcome.ANSWERED)):
        for number in "12":
            Message.objects.create(
                conversation=conversation, speaker=speaker, outcome=outcome, text=f"{speaker} {number}",
                trace_id=number * 32, trace={"collections": []},
            )  # fmt: skip
    turns = [turn.text for turn in conversations.history(conversation, [])]
    assert turns == ["asker 1", "bot 1", "asker 2", "bot 2"]


def test_a_failure_after_the_reader_left_is_kept_too(public: Collection) -> None:
    make_deployment(ServingRole.ANSWER, provider="nobody", model="nothing", dimensions=None)
    make_nobody_stand_in()
    events = conversations.ask(QUESTION, platform=Platform.WEB, collections=[public.pk])
    next(events)
    events.close()
    assert Message.objects.get(speaker=Speaker.BOT).outcome == Outcome.PROVIDER_ERROR


@pytest.mark.django_db(transaction=True)
def test_an_answer_is_kept_although_the_connection_broke_meanwhile(public: Collection) -> None:
    events = conversations.ask(QUESTION, platform=Platform.WEB, collections=[public.pk])
    next(events)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other, connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        other.execute("SELECT pg_terminate_backend(%s)", [cursor.fetchone()[0]])
    *_, done = events
    assert isinstance(done, Done)
    assert Message.objects.filter(speaker=Speaker.BOT).count() == 1


def test_what_no_database_can_store_is_left_out_of_an_answer(public: Collection, fake_providers: FakeProviders) -> None:
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    fake_providers.blocks = [("Within\x00 30\x1b[m \ud800days", (0,))]
    *_, done = ask(public)
    assert isinstance(done, Done)
    assert done.message.text == "Within 30[m \ufffddays [1]", "half a character is shown to be one"


def test_an_answer_costs_what_all_its_calls_cost(public: Collection, fake_providers: FakeProviders) -> None:
    *_, free = ask(public)
    assert isinstance(free, Done)
    assert free.message.cost == Decimal(0)
    make_deployment(ServingRole.ANSWER, provider="openai", model="a-model-nobody-has-a-price-for", dimensions=None)
    fake_providers.blocks = [("Yes, within 30 days", (0,))]
    *_, unpriced = ask(public)
    assert isinstance(unpriced, Done)
    assert unpriced.message.outcome == Outcome.ANSWERED
    assert unpriced.message.cost is None
