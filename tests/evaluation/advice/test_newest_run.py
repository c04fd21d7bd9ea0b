"""What the advisor learns of the newest run: of the model that answers now, and of no other."""

import pytest

from evaluation.advice import advisor, live_figures, newest_run
from evaluation.models import EvaluationArm, EvaluationResult, HumanGrade
from llm.models import ServingRole
from tests.rows.cases import make_case_set, make_cases, make_results, make_run
from tests.rows.make import make_deployment

pytestmark = pytest.mark.django_db


def test_it_is_the_newest_run_of_the_model_that_answers_now() -> None:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="a-model", dimensions=None)
    run = make_run(make_case_set(make_cases(4)))
    assert newest_run.figures()["graded_cases"].source == "The model that answers now was not evaluated yet."
    make_results(run, EvaluationArm.RAG, right=bool)
    broken = list(EvaluationResult.objects.values_list("pk", flat=True)[:2])
    EvaluationResult.objects.filter(pk__in=broken).update(has_passed=False, layer="style")
    HumanGrade.objects.filter(result__in=broken).update(is_factual=None, note="only a note")
    found = newest_run.figures()
    assert (found["graded_cases"].value, found["style_gap"].value, found["style_failures"].value) == (2, 0.5, 1.0)
    assert (found["style_gap"].source, found["retrieval_failures"].value) == (f"Run {run.pk}, 4 cases", 0.0)
    advice = advisor.advise(live_figures.read())
    assert "98 are missing" in advice.blockers[0]
    make_deployment(ServingRole.ANSWER, provider="openai", model="another", dimensions=None)
    assert newest_run.figures()["style_gap"].value is None
