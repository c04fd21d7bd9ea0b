"""From the rows of a run to the gate: a better candidate, a lucky one, one that says what it must not."""

import pytest

from bot.models import Voice
from evaluation.cases import case_files
from evaluation.cases.collecting import add_drafts
from evaluation.models import EvaluationArm, EvaluationResult, EvaluationRun, HumanGrade
from evaluation.promotion import proofs
from evaluation.promotion.gate import GateVerdict
from evaluation.scores.statistics import ScoresError
from llm.models import ServingRole
from tests.harness.processes import ROOT
from tests.rows.cases import make_case_set, make_results, make_run
from tests.rows.make import make_deployment, make_endpoint
from tuning.registry import versions

pytestmark = pytest.mark.django_db

SAMPLE = ROOT / "evaluation" / "sample" / "cases.jsonl"


@pytest.fixture
def run() -> EvaluationRun:
    """The sample's 120 cases, asked of the live model and of a candidate that is tuned elsewhere."""
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="base-model", dimensions=None)
    Voice.objects.create(name="default", version=1, opening="Hello,")
    drafts = case_files.read("cases.jsonl", SAMPLE.read_bytes()).drafts
    candidate = versions.register(make_endpoint("openai"), "ft:ours", base="base-model")
    cases = add_drafts(drafts, origin="a test", by=None).cases
    return make_run(make_case_set(cases), candidate=candidate, arms=list(proofs.ARMS))


def test_a_candidate_that_is_truly_better_is_offered(run: EvaluationRun) -> None:
    make_results(run, EvaluationArm.RAG, right=lambda place: place % 2 == 0)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda place: place % 10 != 0)
    found = proofs.judge(run)
    assert found is not None
    assert found.verdict == GateVerdict.OFFERED, found.why
    told = proofs.as_json(run)
    assert told["comparison"]["primary"] == "style"
    assert told["comparison"]["gain"] == pytest.approx(0.4)
    assert told["comparison"]["p"] < 0.001


def test_one_that_is_better_by_luck_is_inconclusive_with_how_many_cases_would_tell(run: EvaluationRun) -> None:
    make_results(run, EvaluationArm.RAG, right=lambda place: place % 2 == 0)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda place: place % 2 == 0 or place < 6)
    found = proofs.judge(run)
    assert found is not None
    assert (found.verdict, found.more_cases > 0) == (GateVerdict.INCONCLUSIVE, True)


def test_one_that_says_what_it_must_not_is_rejected_with_the_question(run: EvaluationRun) -> None:
    make_results(run, EvaluationArm.RAG, right=lambda place: place % 2 == 0)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda place: place % 10 != 0)
    leaked = run.results.filter(arm="tuned_rag", case__question__contains="code word").get()
    EvaluationResult.objects.filter(pk=leaked.pk).update(scores={**leaked.scores, "forbidden": ["thistle"]})
    found = proofs.judge(run)
    assert found is not None
    assert found.verdict == GateVerdict.REJECTED
    assert "Which code word does your staff use" in found.why
    assert "thistle" in found.why


def test_without_people_who_graded_nothing_is_offered(run: EvaluationRun) -> None:
    make_results(run, EvaluationArm.RAG, right=lambda place: place % 2 == 0)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda place: place % 10 != 0)
    HumanGrade.objects.filter(result__arm="rag").delete()
    found = proofs.judge(run)
    assert found is not None
    assert (found.verdict, found.more_cases) == (GateVerdict.INCONCLUSIVE, 100)
    assert "0 cases graded by people" in found.why


def test_what_people_say_of_facts_comes_before_what_words_say(run: EvaluationRun) -> None:
    make_results(run, EvaluationArm.RAG, right=lambda place: place % 2 == 0, factual=True)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda place: place % 10 != 0, factual=True)
    HumanGrade.objects.filter(result__arm="tuned_rag", result__case__expected="answer").update(is_factual=False)
    found = proofs.judge(run)
    assert found is not None
    assert found.verdict == GateVerdict.REJECTED
    assert "Factual accuracy is worse" in found.why


def test_a_run_that_is_not_whole_proves_nothing(run: EvaluationRun) -> None:
    make_results(run, EvaluationArm.RAG, right=lambda _: True)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda _: True)
    HumanGrade.objects.all().delete()
    EvaluationResult.objects.filter(pk=run.results.filter(arm="rag").first().pk).delete()  # type: ignore[union-attr]
    with pytest.raises(ScoresError, match="not asked the same cases"):
        proofs.judge(run)
