"""What was caught in an answer before it was shown: seen at a glance, counted, found."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bot.answers import guarding, trace
from bot.answers.trace import Became, Caught
from bot.claims.checking import Fault
from bot.models import Message, Outcome
from dashboard.rendering import words
from tests.rows.web_rows import make_answer, make_question, make_user

pytestmark = pytest.mark.django_db

FAULTS = [*Fault, guarding.UNMARKED, guarding.BESIDE]


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("root", is_superuser=True)
    client.force_login(user)
    return user


def caught_one(user: User, **fields: Any) -> Message:
    answer = make_answer(make_question(user, "How are <b>plans</b> refunded?", trace_id="c" * 32), caught=1, **fields)
    found = Caught("Plans are refunded within <b>45 days</b>.", Fault.NUMBER, "45 days", Became.REMOVED)
    answer.trace |= (
        trace.Trace(caught=(found,), written="<i>As it was</i>", mending="No time.").as_json() | answer.trace
    )
    answer.save()
    return answer


def test_a_transcript_shows_it_with_what_the_model_wrote(client: Client, owner: User) -> None:
    answer = caught_one(owner)
    page = client.get(reverse("transcript", args=[answer.conversation_id])).content.decode()
    for said in ("Caught before it was shown", "Taken out", words.FAULTS[Fault.NUMBER], "45 days", "No time."):
        assert said in page
    assert "&lt;i&gt;As it was" in page
    assert "<b>45 days</b>" not in page


def test_an_answer_in_which_nothing_was_caught_says_nothing_of_it(client: Client, owner: User) -> None:
    answer = make_answer(make_question(owner))
    page = client.get(reverse("transcript", args=[answer.conversation_id])).content.decode()
    assert "Caught before" not in page


def test_the_overview_counts_such_answers_and_leads_to_them(client: Client, owner: User) -> None:
    other = make_answer(make_question(owner, "What else is there?", trace_id="d" * 32))
    answer = caught_one(owner, outcome=Outcome.NOT_IN_DOCS)
    page = client.get(reverse("home")).content.decode()
    address = next(part.split('"')[0] for part in page.split('href="') if "claims=caught" in part).replace("&amp;", "&")
    assert f"claims=caught&amp;since={answer.created_at:%Y}" in page
    found = client.get(address).content.decode()
    assert f"#answer-{answer.pk}" in found
    assert f"#answer-{other.pk}" not in found


def test_every_fault_and_what_becomes_of_it_has_words() -> None:
    assert set(words.FAULTS) == set(FAULTS)
    assert set(words.BECAME) == set(Became)
