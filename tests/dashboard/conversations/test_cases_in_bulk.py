"""Evaluation cases made of answers in the list: those that were ticked, or all that match."""

import re
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from bot.erasing import ERASED
from bot.models import Citation, Conversation, Message, Outcome, Platform, Speaker
from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from evaluation.cases import collecting
from evaluation.models import EvaluationCase
from tests.harness.browser import logged_in
from tests.rows.examples import make_example
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning.models import ExampleState, TrainingExample


@pytest.fixture
def reviewer(client: Client, db: None) -> User:
    make_models()
    user = make_user("rae")
    roles.give(user, Role.REVIEWER)
    client.force_login(user)
    return user


def make_many(user: User, count: int) -> list[Message]:
    """So many answers, each in a conversation of its own, with a citation."""
    start = Message.objects.count() + 1
    rooms = Conversation.objects.bulk_create(Conversation(platform=Platform.WEB, user=user) for _ in range(count))
    rows = []
    for place, room in enumerate(rooms, start=start):
        known = {"conversation": room, "trace_id": f"{place:032x}"}
        rows.append(Message(speaker=Speaker.ASKER, text=f"Question {place}?", trace={"collections": []}, **known))
        rows.append(Message(speaker=Speaker.BOT, text="So it is [1].", outcome=Outcome.ANSWERED, **known))
    made = [each for each in Message.objects.bulk_create(rows) if each.speaker == Speaker.BOT]
    Citation.objects.bulk_create(
        Citation(message=each, number=1, title="A", path="a.md", quote="So.", passage="So.") for each in made
    )
    return made


def press(client: Client, query: str = "", **data: Any) -> str:
    """The page that follows."""
    reply = client.post(f"{reverse('add_cases')}?{query}", data, follow=True)
    assert reply.status_code == 200
    return str(reply.content.decode())


def test_what_was_ticked_are_cases_and_what_cannot_be_is_told(client: Client, reviewer: User) -> None:
    plain, known, learnt, erased, failed, orphan, named = make_many(reviewer, 7)
    collecting.add_answer(known, by=None)
    TrainingExample.objects.filter(pk=make_example("refunds").pk).update(message=learnt)
    Message.objects.filter(trace_id=erased.trace_id).update(text=ERASED)
    Message.objects.filter(pk=failed.pk).update(outcome=Outcome.PROVIDER_ERROR)
    Message.objects.filter(trace_id=orphan.trace_id, speaker=Speaker.ASKER).delete()
    asked = Message.objects.filter(trace_id=named.trace_id, speaker=Speaker.ASKER)
    asked.update(text="My name is Jane Roe, is jane@example.com known?")
    chosen = [each.pk for each in (plain, known, learnt, erased, failed, orphan, named)]
    page = press(client, which="chosen", answer=[*chosen, 10**9, plain.pk])
    assert "2 evaluation cases made, kept out of training; 1 known already. From 1 of them was taken" in page
    for reason in ("approved for training", "was erased", "Only an answer", "question is gone", "deleted meanwhile"):
        assert re.search(rf"Left out, 1: [^<]*{reason}", page), reason
    made = EvaluationCase.objects.get(message=named)
    assert made.question == "My name is [NAME_1], is [EMAIL_1] known?"
    assert (made.gold, made.created_by) == (["a.md"], reviewer)
    assert AuditEntry.objects.get(action="add_cases").details == {"cases": 2, "left": 5}
    assert "0 evaluation cases made, kept out of training; 3 known already." in press(
        client, which="chosen", answer=[plain.pk, known.pk, named.pk]
    )
    assert EvaluationCase.objects.count() == 3
    assert "Choose the answers first" in press(client, which="chosen")


def test_a_thousand_take_hardly_more_queries_than_ten(client: Client, reviewer: User) -> None:
    make_many(reviewer, 10)
    newest = Message.objects.latest("id").pk
    with CaptureQueriesContext(
        connection,
    ) as few:
        press(client, which="all", newest=newest)
    make_many(reviewer, 1000)
    newest = Message.objects.latest("id").pk
    started = time.perf_counter()
    with CaptureQueriesContext(connection) as many:
        page = press(client, which="all", newest=newest)
    took = time.perf_counter() - started
    sys.stdout.write(f"1,000 cases of answers: {took:.2f} s, {len(many)} queries; 10: {len(few)} queries\n")
    assert "1,000 evaluation cases made, kept out of training; 10 known already." in page
    assert EvaluationCase.objects.count() == 1010
    assert TrainingExample.objects.filter(state=ExampleState.BARRED).count() == 1010
    assert len(many) <= 4 * len(few)


def test_all_that_match_are_those_the_page_showed(client: Client, reviewer: User) -> None:
    first = make_many(reviewer, 3)
    refused = make_answer(make_question(reviewer, "Is it so?", trace_id="f" * 32), outcome=Outcome.NOT_IN_DOCS)
    listed = client.get(reverse("conversations") + "?outcome=answered").content.decode()
    assert "Make cases of all 3 that match" in listed
    newest = re.findall(r'name="newest" value="(\d+)"', listed)[0]
    make_many(reviewer, 1)
    press(client, "outcome=answered", which="all", newest=newest)
    assert set(EvaluationCase.objects.values_list("message", flat=True)) == {each.pk for each in first}
    press(client, which="chosen", answer=[refused.pk])
    assert EvaluationCase.objects.get(message=refused).expected == "refuse"
    for query, cursor in (("rating=sideways", newest), ("outcome=answered", "")):
        assert "Look at the list again" in press(client, query, which="all", newest=cursor)
    assert client.get(reverse("add_cases")).status_code == 405


def test_all_that_match_words_are_those_and_no_others(client: Client, reviewer: User) -> None:
    make_many(reviewer, 5)
    listed = client.get(reverse("conversations") + "?text=question+3").content.decode()
    action = re.findall(r'formaction="([^"]*)"', listed)[-1].replace("&amp;", "&")
    newest = re.findall(r'name="newest" value="(\d+)"', listed)[0]
    client.post(action, {"which": "all", "newest": newest})
    assert [case.question for case in EvaluationCase.objects.all()] == ["Question 3?"]


def test_nothing_is_half_written(client: Client, reviewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_many(reviewer, 3)
    monkeypatch.setattr(collecting, "STEP", 1)
    with connection.cursor() as cursor:  # the last of them is refused by the database
        cursor.execute(
            "CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF NEW.message_id = {made[-1].pk} THEN RAISE 'no'; END IF; RETURN NEW; END $$;"
            "CREATE TRIGGER refuse BEFORE INSERT ON evaluation_evaluationcase FOR EACH ROW"
            " EXECUTE FUNCTION pg_temp.refuse()"
        )
    client.raise_request_exception = False
    reply = client.post(reverse("add_cases"), {"which": "chosen", "answer": [each.pk for each in made]})
    assert reply.status_code == 500
    assert not EvaluationCase.objects.exists()
    assert not TrainingExample.objects.exists()


def test_more_than_can_be_made_are_refused(client: Client, reviewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting, "MOST", 2)
    made = make_many(reviewer, 3)
    assert "At most 2 cases can be made at once" in press(client, which="all", newest=made[-1].pk)
    assert not EvaluationCase.objects.exists()


@pytest.fixture
def page(chromium: Browser, site: str, transactional_db: None) -> Iterator[Page]:
    make_models()
    with logged_in(chromium, site, make_user("ada", is_superuser=True)) as page:
        yield page


@pytest.mark.browser
def test_ticked_answers_are_cases_after_one_press(page: Page) -> None:
    make_many(User.objects.get(), 4)
    page.goto("/conversations/")
    page.get_by_label("All on this page").check()
    page.get_by_label("Choose: Question 1?").uncheck()
    page.get_by_role("button", name="Make 3 evaluation cases").click()
    expect(page.locator("body")).to_contain_text("3 evaluation cases made, kept out of training.")
    assert EvaluationCase.objects.count() == 3
