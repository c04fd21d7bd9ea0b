"""The figures that advice rests on, from rows as they come about; what rows cannot tell is unknown."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from bot.answers import voices
from evaluation.advice import advisor, economics, evaluated, live_figures
from evaluation.advice.evaluated import EvaluatedCase
from evaluation.figures import answer_shapes
from llm.models import Budget, Deployment, ModelPrice
from tests.rows.answer_rows import make_cited, make_past_answer, make_watched_document
from tests.rows.examples import make_example, make_examples
from tests.rows.web_rows import make_models, make_user
from tuning.models import ModelVersion, TrainingExample

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    make_models()
    return make_user()


def test_of_an_empty_install_nothing_is_claimed() -> None:
    found = live_figures.read()
    known = {name for name, figure in found.figures().items() if figure.is_known}
    assert known == {
        "are_sources_shown", "is_classification", "examples", "graded_cases", "is_prompt_tried", "is_trainer_there",
    }  # fmt: skip
    assert all(figure.source.endswith(".") for figure in found.figures().values())
    advice = advisor.advise(found)
    assert (advice.knowledge.verdict, advice.behaviour.verdict) == ("stay_rag", "improve_prompt")
    assert "not known" in advice.economics


def test_questions_a_month_are_extrapolated_and_called_so(user: User) -> None:
    for number in range(6):
        make_past_answer(user, number, days_ago=2 if number else 4)
    figure = live_figures.read().queries_a_month
    assert (figure.value, figure.sample, figure.source) == (6 * 30 // 5, 6, "Extrapolated from 5 days.")
    make_past_answer(user, 9, days_ago=40)
    figure = live_figures.read().queries_a_month
    assert (figure.value, figure.source) == (6, "The last 30 days.")


def test_how_often_what_is_cited_changes_counts_by_how_often_it_is_cited(user: User) -> None:
    still = make_watched_document("still", days=200)
    busy = make_watched_document("busy", days=60, changed=(40, 20))
    make_cited(user, still, 3, first=0)
    make_cited(user, busy, 4, first=10)
    found = live_figures.read()
    assert found.changed_share.value == pytest.approx(4 / 7)
    assert (found.days_between_changes.value, found.days_between_changes.sample) == (30.0, 7)
    make_cited(user, still, 3, first=20)
    found = live_figures.read()
    assert found.changed_share.value == pytest.approx(0.4)
    assert found.days_between_changes.value == 200, "most was not changed in all the time that it was watched"
    assert "Most have not changed once." in found.days_between_changes.source


def test_documents_that_are_new_tell_nothing_yet(user: User) -> None:
    make_cited(user, make_watched_document("new", days=5), 10, first=0)
    found = live_figures.read()
    assert (found.changed_share.value, found.days_between_changes.value) == (None, None)
    assert "watched for 5 days" in found.days_between_changes.source
    make_cited(user, make_watched_document("newer", days=5, changed=(1,)), 1, first=20)
    assert live_figures.read().changed_share.value is None, "one in eleven may come to anything"
    make_cited(user, make_watched_document("newest", days=6, changed=(3,)), 5, first=30)
    assert live_figures.read().changed_share.value == pytest.approx(6 / 16), "so much has changed already"


def test_splitting_the_same_text_otherwise_is_no_change(user: User) -> None:
    make_cited(user, make_watched_document("resplit", days=90, changed=(3,), moved=0), 5, first=0)
    found = live_figures.read()
    assert (found.changed_share.value, found.days_between_changes.value) == (0.0, 90)


def test_a_document_that_is_gone_counts_no_more(user: User) -> None:
    gone = make_watched_document("gone", days=90)
    make_cited(user, gone, 5, first=0)
    gone.live_version = None
    gone.delete()
    assert live_figures.read().changed_share.value is None


def test_tokens_are_those_of_answers_that_a_model_wrote(user: User) -> None:
    """Not of quoted ones, of those that failed before a word, of trials, or of last year."""
    for number in range(3):
        make_past_answer(user, number, tokens=(1000 + 300 * number, 200, 50))
    make_past_answer(user, 10, provider="extractive", tokens=(9000, 0, 900))
    make_past_answer(user, 11, provider="", outcome="over_budget", tokens=(0, 0, 0))
    make_past_answer(user, 12, outcome="provider_error", tokens=(5000, 0, 0))
    make_past_answer(user, 13, days_ago=31, tokens=(9000, 0, 900))
    taken = answer_shapes.measured()
    assert taken is not None
    assert (taken.answers, taken.input, taken.cached, taken.output) == (3, 1300, 200, 50)
    assert (taken.cost, taken.passages) == (Decimal("0.01"), 1.0)
    assert (taken.context, taken.question) == (21, 8)
    assert taken.shape.input == 1300
    found = live_figures.read()
    assert (found.input_tokens.value, found.p95_ms.value, found.cost_an_answer.value) == (1300, 1900.0, Decimal("0.01"))


def test_a_call_without_a_price_makes_the_cost_unknown(user: User) -> None:
    make_past_answer(user, 1)
    make_past_answer(user, 2, cost=None)
    figure = live_figures.read().cost_an_answer
    assert (figure.value, figure.source) == (None, "A call has no price: state one on the page Prices.")


def test_examples_that_ask_the_same_count_once(user: User) -> None:
    make_examples(3)
    make_example("annual plans", question="What should I know about annual plans, before we buy?")
    make_example("seats", state="in_review", reviewed_at=None)
    TrainingExample.objects.update(review_seconds=90.0)
    found = live_figures.read()
    assert (found.examples.value, found.examples.sample, found.seconds_an_example.value) == (3, 4, 90.0)


def test_the_voice_trainers_and_the_budget_are_read(user: User) -> None:
    assert live_figures.read().is_prompt_tried.source == "There is no voice yet."
    voice = voices.next_version("default", {"style_guide": "Warm."})
    assert live_figures.read().is_prompt_tried.value is False
    voices.next_version("default", {"style_guide": "Brief."})
    Budget.objects.create(period="month", limit=20)
    make_past_answer(user, 1, voice=voice, style_faults=["too long"])
    make_past_answer(user, 2, voice=voice)
    found = live_figures.read()
    assert (found.is_prompt_tried.value, found.budget_a_month.value, found.style_faults.value) == (True, 20, 0.5)
    assert found.is_trainer_there.value is True
    assert found.is_trainer_there.source.startswith("OpenAI takes new jobs until 2027-01-06")


def test_what_tuning_would_cost_is_worked_out_from_stated_prices(user: User) -> None:
    for number in range(3):
        make_past_answer(user, number, tokens=(2000, 0, 100))
    live = Deployment.objects.get(role="answer")
    voices.next_version("default", {"style_guide": "w" * 2000})
    assert economics.of_live(answer_shapes.measured()) is None, "there is no tuned model to compare with"
    ModelVersion.objects.create(
        endpoint=live.endpoint, model="tuned", base="a-model", prompt="short", template_hash="h"
    )
    unpriced = economics.of_live(answer_shapes.measured())
    assert unpriced is not None
    assert unpriced.result is None
    for name, price in (("a-model", 10), ("tuned", 5)):
        ModelPrice.objects.create(
            provider="openai", model=name, input_per_million=price, output_per_million=price,
            valid_from=timezone.now() - timedelta(days=1),
        )  # fmt: skip
    found = economics.of_live(answer_shapes.measured())
    assert found is not None
    assert (found.inputs["base_system"], found.result) == (1971, None), "what training cost is not known"
    tuned_system = found.inputs["tuned_system"]
    assert isinstance(tuned_system, int)
    assert 1471 - 10 < tuned_system < 1471, "less the 2,000 signs of the guide, which it has learnt"


def test_what_an_evaluation_tells() -> None:
    layers = ["style"] * 12 + ["format"] * 3 + ["over_refusal"] * 5 + ["retrieval_miss"] * 10 + [""] * 90
    cases = [EvaluatedCase(layer, is_graded=number % 2 == 0) for number, layer in enumerate(layers)]
    found = evaluated.figures(cases, name="run 7", as_of=timezone.now().date())
    assert (found["graded_cases"].value, found["style_gap"].value) == (60, 0.125)
    assert found["style_gap"].interval == pytest.approx((0.0772, 0.196), abs=0.001)
    assert found["retrieval_failures"].value == pytest.approx(1 / 3)
    assert found["style_failures"].source == "run 7, 120 cases, 30 failed"
    perfect = evaluated.figures([EvaluatedCase("", is_graded=True)] * 100, name="run 8", as_of=None)
    assert (perfect["retrieval_failures"].value, perfect["style_gap"].value) == (0.0, 0.0)
    assert evaluated.figures([], name="", as_of=None)["graded_cases"].value == 0
