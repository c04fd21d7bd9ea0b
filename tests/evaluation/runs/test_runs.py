"""Runs: the same cases asked of several arms, by the code of production, over real protocols."""

from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from bot.answers import prompts
from bot.models import Voice
from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.collecting import add_drafts
from evaluation.models import EvaluationArm, EvaluationResult, EvaluationRun, ExpectedBehaviour, RunState
from evaluation.runs import execution, run_reports, starting
from evaluation.runs.starting import RunError
from knowledge.models import Collection
from llm.calling import retry
from llm.models import Budget, ModelPrice, Period, PromptVariant, Purpose, ServingRole, UsageRecord
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.fakes.providers.wire import chat
from tests.rows.cases import make_case_set, make_cases, make_run
from tests.rows.examples import make_examples
from tests.rows.make import make_collection, make_deployment, make_endpoint, make_file, make_indexed
from tuning.datasets import freezing
from tuning.models import ModelVersion
from tuning.registry import versions

pytestmark = pytest.mark.django_db

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
QUESTION = "Can annual plans be refunded?"


@pytest.fixture(autouse=True)
def public(tmp_path: Path, fake_providers: FakeProviders) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    collection = make_collection()
    make_indexed(collection, make_file(tmp_path, "refunds.md", REFUNDS))
    fake_providers.blocks = [("Annual plans can be refunded in full within 30 days. ", (0,))]
    return collection


@pytest.fixture
def candidate() -> ModelVersion:
    return versions.register(make_endpoint("openai"), "ft:ours", base="gpt-6-luna")


def make_drafts(*drafts: CaseDraft) -> EvaluationRun:
    return make_run(make_case_set(add_drafts(drafts, origin="a test", by=None).cases))


def results(run: EvaluationRun) -> dict[tuple[int, str], EvaluationResult]:
    return {(each.case_id, each.arm): each for each in run.results.all()}


def test_four_arms_are_asked_the_same_cases(candidate: ModelVersion, fake_providers: FakeProviders) -> None:
    draft = CaseDraft(question=QUESTION, gold=("refunds.md",), must_include=("30 days",))
    case_set = make_case_set(add_drafts([draft], origin="a test", by=None).cases)
    run = make_run(case_set, candidate=candidate)
    assert run.arms == ["base", "rag", "tuned", "tuned_rag"]
    done = execution.run(run.pk)
    assert done is not None
    assert (done.state, done.results.count()) == (RunState.DONE, 4)
    assert [each.scores["factual"] for each in done.results.all()] == [True] * 4
    asked = sorted((request.body["model"], REFUNDS[11:40] in str(request.body)) for request in fake_providers.requests)
    assert asked == [("ft:ours", False), ("ft:ours", True), ("gpt-6-luna", False), ("gpt-6-luna", True)]
    over = results(run)[(case_set.cases.get().pk, "rag")]
    assert (over.has_passed, over.scores["retrieval_rank"], over.citations[0]["path"]) == (True, 1, "refunds.md")
    assert over.scores["citations"] == {"validity": 1.0, "precision": 1.0, "recall": 1.0}
    alone = results(run)[(case_set.cases.get().pk, "base")]
    assert (alone.has_passed, alone.scores["grounded"], alone.scores["citations"]) == (True, None, None)
    assert set(UsageRecord.objects.filter(provider="openai").values_list("purpose", flat=True)) == {Purpose.EVALUATE}


def test_it_is_asked_in_the_words_of_production(fake_providers: FakeProviders) -> None:
    voice = Voice.objects.create(name="default", version=1, style_guide="Be calm.", opening="Hello,")
    run = make_drafts(CaseDraft(question=QUESTION))
    execution.run(run.pk)
    over, alone = sorted((request.body["messages"][0]["content"] for request in fake_providers.requests), key=len)[::-1]
    manner = prompts.Manner(voice)
    assert over == prompts.build(QUESTION, [], may_search=True, manner=manner).system
    assert alone == prompts.build_alone(QUESTION, manner=manner).system
    assert {each.arm: each.layer for each in run.results.all()} == {"rag": "", "base": "style"}  # production adds it
    assert run.template_hashes == {"rag": prompts.template_hash()}


def test_a_model_that_has_learnt_the_voice_is_asked_without_it(fake_providers: FakeProviders) -> None:
    Voice.objects.create(name="default", version=1, style_guide="Be calm.")
    make_examples(12)
    dataset = freezing.freeze("voice", prompt=PromptVariant.SHORT)
    tuned = versions.register(make_endpoint("openai"), "ft:short", base="gpt-6-luna", dataset=dataset)
    cases = add_drafts([CaseDraft(question=QUESTION)], origin="a", by=None).cases
    run = make_run(make_case_set(cases), candidate=tuned, arms=[EvaluationArm.TUNED_RAG])
    execution.run(run.pk)
    assert "Be calm." not in str(fake_providers.requests[0].body)
    assert run.template_hashes == {"tuned_rag": prompts.template_hash(PromptVariant.SHORT)}


def test_what_a_candidate_was_trained_on_shows_nothing_about_it() -> None:
    make_examples(12)
    dataset = freezing.freeze("voice")
    tuned = versions.register(make_endpoint("openai"), "ft:known", base="gpt-6-luna", dataset=dataset)
    known = dataset.lines.select_related("example")[0].example
    assert known is not None
    cases = add_drafts([CaseDraft(question=known.question)], origin="a", by=None).cases
    with pytest.raises(RunError, match="was trained on what 1 of the cases ask"):
        make_run(make_case_set(cases), candidate=tuned)


def test_a_frozen_run_gives_every_arm_the_passages_of_the_first(candidate: ModelVersion, tmp_path: Path) -> None:
    run = make_run(
        make_case_set(make_cases(2)),
        candidate=candidate,
        is_frozen=True,
        arms=[EvaluationArm.RAG, EvaluationArm.TUNED_RAG],
    )
    execution.run(run.pk)
    searched = UsageRecord.objects.filter(purpose=Purpose.EMBED_QUESTION, trace_id__in=_traces(run)).count()
    assert (searched, run.results.count()) == (2, 4)
    by_case: dict[int, list[object]] = {}
    for each in run.results.all():
        by_case.setdefault(each.case_id, []).append([hit["chunk_id"] for hit in each.trace["passages"]])
    assert all(first == second for first, second in by_case.values())


def _traces(run: EvaluationRun) -> list[str]:
    return list(run.results.values_list("trace_id", flat=True))


def test_refusals_questions_back_and_wishes_for_a_person_end_as_they_do_in_production(
    fake_providers: FakeProviders,
) -> None:
    fake_providers.blocks = [("NOT_IN_DOCS", ())]
    run = make_drafts(
        CaseDraft(question="Who founded the company?", expected=ExpectedBehaviour.REFUSE),
        CaseDraft(question="???", expected=ExpectedBehaviour.CLARIFY),
        CaseDraft(question="I want to talk to a human.", expected=ExpectedBehaviour.ESCALATE),
        CaseDraft(question=QUESTION, gold=("refunds.md",), must_include=("30 days",)),
    )
    execution.run(run.pk)
    found = {each.case.question: (each.outcome, each.layer) for each in run.results.filter(arm="rag")}
    assert found == {
        "Who founded the company?": ("not_in_docs", ""),
        "???": ("clarify", ""),
        "I want to talk to a human.": ("escalated", ""),
        QUESTION: ("not_in_docs", "over_refusal"),
    }
    scores = run_reports.scores(run)[EvaluationArm.RAG]
    assert (scores.over, scores.under, scores.factual, scores.grounded) == (1.0, 0.0, 0.0, None)
    assert scores.counted["grounded"] == 0


def test_a_provider_that_keeps_failing_stops_the_run_and_is_asked_again_when_it_is_resumed(
    fake_providers: FakeProviders,
) -> None:
    run = make_run(make_case_set(make_cases(8)), arms=[EvaluationArm.BASE])
    fake_providers.script("", *[Refusal(401, "No such key.")] * execution.MOST_ERRORS)
    stopped = execution.run(run.pk)
    assert stopped is not None
    assert (stopped.state, stopped.results.filter(has_passed=None).count()) == (RunState.STOPPED, 5)
    assert "5 answers of the arm base in a row failed" in stopped.reason
    assert run_reports.scores(stopped)[EvaluationArm.BASE].errors == 5
    before = len(fake_providers.requests)
    starting.resume(stopped)
    done = execution.run(run.pk)
    assert done is not None
    assert (done.state, done.results.count(), done.results.filter(has_passed=None).count()) == (RunState.DONE, 8, 0)
    assert len(fake_providers.requests) - before == 7
    with pytest.raises(RunError, match="is done"):
        starting.resume(done)


def test_a_budget_is_kept(fake_providers: FakeProviders) -> None:
    case_set = make_case_set(make_cases(6))
    ModelPrice.objects.create(
        provider="openai", model="gpt-6-luna", input_per_million=Decimal(100_000), output_per_million=Decimal(0),
        valid_from=timezone.now(),
    )  # fmt: skip
    run = make_run(case_set, arms=[EvaluationArm.BASE], budget=Decimal(25))
    stopped = execution.run(run.pk)
    assert stopped is not None
    spent = sum(each.cost or 0 for each in stopped.results.all())
    assert (stopped.state, 0 < spent <= 25) == (RunState.STOPPED, True)
    assert "Resume the run with a larger one" in stopped.reason
    assert 0 < stopped.results.count() < 6
    starting.resume(stopped, budget=Decimal(1000))
    assert getattr(execution.run(run.pk), "state", None) == RunState.DONE


def make_price() -> None:
    ModelPrice.objects.create(
        provider="openai", model="gpt-6-luna", input_per_million=10, output_per_million=10, valid_from=timezone.now()
    )


def test_a_budget_reaches_a_run_that_waits_or_runs(candidate: ModelVersion) -> None:
    make_price()
    run = make_run(make_case_set(make_cases()), arms=[EvaluationArm.BASE])
    starting.resume(run, budget=Decimal(100))
    assert (run.state, run.budget) == (RunState.WAITING, Decimal(100))

    def lower(done: int, _total: int) -> None:
        if done == 1:
            starting.resume(EvaluationRun.objects.get(pk=run.pk), budget=Decimal("0.0001"))

    stopped = execution.run(run.pk, lower)
    assert stopped is not None
    assert (stopped.state, stopped.budget, stopped.results.count()) == (RunState.STOPPED, Decimal("0.0001"), 1)
    unpriced = make_run(stopped.case_set, candidate=candidate)
    with pytest.raises(RunError, match="costs is not known"):
        starting.resume(unpriced, budget=Decimal(1))


def test_what_failed_was_paid_for(fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch) -> None:
    make_price()
    monkeypatch.setattr(retry, "FIRST_PAUSE", 0.001)
    run = make_run(make_case_set(make_cases()), arms=[EvaluationArm.BASE], budget=Decimal(100))
    fake_providers.script(*[chat("")] * retry.ATTEMPTS * 3)
    execution.run(run.pk)
    assert run.results.filter(has_passed=None).count() == 3
    run.refresh_from_db()
    starting.resume(run, budget=Decimal("0.0001"))
    assert not run.results.exists()
    stopped = execution.run(run.pk)
    assert stopped is not None
    assert (stopped.state, stopped.results.count()) == (RunState.STOPPED, 0)


def test_a_budget_that_cannot_be_kept_is_refused(candidate: ModelVersion) -> None:
    with pytest.raises(RunError, match="costs is not known"):
        make_run(candidate=candidate, budget=Decimal(5))


def test_the_budget_of_the_install_stops_a_run_before_it_asks(fake_providers: FakeProviders) -> None:
    Budget.objects.create(period=Period.DAY, limit=Decimal(0))
    run = make_run(arms=[EvaluationArm.BASE])
    stopped = execution.run(run.pk)
    assert stopped is not None
    assert (stopped.state, stopped.results.count(), fake_providers.requests) == (RunState.STOPPED, 0, [])
    assert "The budget, $0 a day" in stopped.reason


def test_an_arm_that_cannot_be_asked_says_why() -> None:
    case_set = make_case_set(make_cases(1))
    with pytest.raises(RunError, match="asks a candidate; name one"):
        make_run(case_set, arms=[EvaluationArm.TUNED])
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    with pytest.raises(RunError, match="nothing but those to quote from"):
        make_run(case_set, arms=[EvaluationArm.BASE])
    assert make_run(case_set).arms == ["rag"]


def test_a_run_that_is_stopped_by_hand_asks_no_further(fake_providers: FakeProviders) -> None:
    run = make_run(make_case_set(make_cases(4)), arms=[EvaluationArm.BASE])

    def press_stop(done: int, _total: int) -> None:
        if done == 2:
            assert starting.stop(run, "Stopped by ada.")

    stopped = execution.run(run.pk, press_stop)
    assert stopped is not None
    assert (stopped.state, stopped.reason, stopped.results.count()) == (RunState.STOPPED, "Stopped by ada.", 2)
    assert len(fake_providers.requests) == 3  # the one that was under way is not kept
    assert not starting.stop(stopped, "again")


def test_nobody_changes_what_was_answered() -> None:
    run = make_drafts(CaseDraft(question=QUESTION))
    execution.run(run.pk)
    for change in ({"answer": "Better."}, {"arm": "tuned"}, {"cost": Decimal(0)}, {"outcome": "blocked"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            EvaluationResult.objects.update(**change)
