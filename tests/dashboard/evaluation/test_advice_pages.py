"""The pages of advice: honest where nothing is known, whole where something is, and quick."""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from bot.answers import voices
from dashboard.guard import roles
from dashboard.guard.roles import Role
from llm.models import ModelPrice
from tests.rows.answer_rows import make_cited, make_past_answer, make_watched_document
from tests.rows.examples import make_examples
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer(client: Client) -> User:
    user = make_user("vera", is_staff=False)
    roles.give(make_user("root", is_superuser=True), Role.OWNER)
    roles.give(user, Role.VIEWER)
    client.force_login(user)
    return user


def page(client: Client, name: str = "advice", **asked: object) -> str:
    return client.get(reverse(name), asked).content.decode()


def test_an_empty_install_is_told_what_is_not_known(client: Client, viewer: User) -> None:
    shown = page(client)
    assert "No verdict on tuning is worth much before 100 cases are graded: 100 are missing." in shown
    assert "6 of 22 figures are known." in shown
    assert "Nobody has asked anything yet." in shown
    assert "there is no tuned model to compare with" in shown
    calculators = page(client, "calculators")
    assert "No model has written an answer in the last 30 days" in calculators
    assert 'id="result"' not in calculators, "there is nothing to begin with"
    assert "Nothing is known of these" not in calculators, "and nobody has asked yet"


def test_the_verdicts_stand_there_with_their_trace(client: Client, viewer: User) -> None:
    make_models()
    make_cited(viewer, make_watched_document("Refunds", days=60, changed=(40, 20, 10)), 3, first=0)
    voices.next_version("default", {"style_guide": "Warm."})
    make_examples(2)
    shown = page(client)
    assert "Stay with retrieval" in shown
    assert "Improve the prompt" in shown
    assert shown.count("decides</span>") == 2
    assert "20 days" in shown
    assert "1 document that 3 citations lead to." in shown
    assert "With 100 graded" not in shown
    assert "Where the sources disagree" in shown
    assert reverse("voices") in shown


def test_a_button_leads_only_where_one_may_go(client: Client, viewer: User) -> None:
    assert f'btn-primary" href="{reverse("voices")}"' in page(client)
    assert reverse("review") not in page(client).split("</nav>")[1]


def test_the_calculators_begin_with_real_answers(client: Client, viewer: User) -> None:
    make_models()
    for number in range(3):
        make_past_answer(viewer, number, tokens=(2000, 0, 100))
    ModelPrice.objects.create(
        provider="openai", model="a-model", input_per_million=2, output_per_million=10, valid_from="2020-01-01T00:00Z"
    )
    assert "An answer costs $0.0050, 90 a month $0.45." in page(client, "calculators")
    assert "An answer costs $0.0030" in page(
        client, "calculators", calculator="query", system=0, context=1000, question=0
    )
    assert "The passages of 90 answers cost" in page(client, "calculators", calculator="context")
    begun = page(client, "calculators", calculator="break-even")
    assert 'id="result"' not in begun
    assert 'value="openai:a-model"' in begun


def test_a_break_even_is_worked_out_and_never_is_shown_plainly(client: Client, viewer: User) -> None:
    asked = {
        "calculator": "break-even", "system": 1500, "context": 2000, "question": 50, "output": 200, "tuned_system": 0,
        "base_input_price": "0.15", "base_output_price": "0.60", "tuned_input_price": "0.30", "training": 25,
        "tuned_output_price": "1.20", "months": 6,
    }  # fmt: skip
    assert "Never, at any volume: an answer of the tuned model costs $0.00020 more" in page(
        client, "calculators", **asked
    )
    assert "A tune lasts for more than 0 months." in page(client, "calculators", **{**asked, "months": 0})
    wrong = page(client, "calculators", **{**asked, "system": "many"})
    assert "Enter a whole number." in wrong
    missing = page(client, "calculators", calculator="query", input_price=1, system=5)
    assert "Nothing is known of these: tokens of passages (--context)" in missing
    assert "An answer" in page(client, "calculators", calculator="<script>")


def test_the_pages_are_quick_and_ask_the_database_little(
    client: Client, viewer: User, django_assert_max_num_queries: object
) -> None:
    make_models()
    make_cited(viewer, make_watched_document("Refunds", days=60, changed=(10,)), 20, first=0)
    make_examples(22)
    for name in ("advice", "calculators"):
        with django_assert_max_num_queries(26 if name == "advice" else 12, info=name):  # type: ignore[operator]
            begun = time.perf_counter()
            assert client.get(reverse(name)).status_code == 200
            assert time.perf_counter() - begun < 3
