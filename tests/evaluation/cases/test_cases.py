"""Cases as rows: made of answers, kept out of training, frozen in sets."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from bot.models import Feedback, Message, Outcome
from evaluation.cases import case_sets, collecting, erasing, keeping_apart
from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.case_sets import CaseSetError
from evaluation.cases.keeping_apart import TrainedOnError
from evaluation.cases.past_answers import CaseError
from evaluation.models import CaseSet, CaseSetLine, EvaluationArm, EvaluationCase, ExpectedBehaviour
from evaluation.runs import keeping
from llm.models import ServingRole
from tests.rows.cases import make_case_set, make_cases, make_results, make_run
from tests.rows.examples import make_example, make_examples
from tests.rows.make import make_deployment
from tests.rows.web_rows import make_answer, make_citation, make_question, make_user
from tuning.datasets import freezing
from tuning.examples import proposing
from tuning.models import ExampleState, TrainingExample

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _embedding(db: None) -> None:
    make_deployment()


@pytest.fixture
def answer() -> Message:
    asked = make_question(make_user("ada"), "How are annual plans refunded? Ask ada@example.com")
    found = make_answer(asked)
    make_citation(found, path="refunds.md")
    return found


def test_an_answer_becomes_a_case_without_what_names_a_person(answer: Message) -> None:
    case = collecting.add_answer(answer, by=None)
    assert case.question == "How are annual plans refunded? Ask [EMAIL_1]"
    assert (case.expected, case.gold, case.reference) == ("answer", ["refunds.md"], "Within 30 days [1].")
    assert case.thread == f"conversation {answer.conversation_id}"
    assert collecting.add_answer(answer, by=None) == case
    assert EvaluationCase.objects.count() == 1


def test_what_a_person_said_better_is_the_reference(answer: Message) -> None:
    Feedback.objects.create(message=answer, person="U1", is_positive=False, better_answer="Within 30 days, in full.")
    assert collecting.add_answer(answer, by=None).reference == "Within 30 days, in full."


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [(Outcome.NOT_IN_DOCS, "refuse"), (Outcome.CLARIFY, "clarify"), (Outcome.ESCALATED, "escalate")],
)
def test_what_was_done_is_expected(outcome: Outcome, expected: str) -> None:
    case = collecting.add_answer(make_answer(make_question(make_user()), outcome=outcome), by=None)
    assert (case.expected, case.reference) == (expected, "")


def test_what_came_to_nothing_is_no_case(answer: Message) -> None:
    with pytest.raises(CaseError, match="Only an answer"):
        collecting.add_answer(answer.asked, by=None)
    failed = make_answer(make_question(make_user("bob"), trace_id="2" * 32), outcome=Outcome.PROVIDER_ERROR)
    with pytest.raises(CaseError, match="Only an answer"):
        collecting.add_answer(failed, by=None)


def test_a_case_is_barred_from_training(answer: Message) -> None:
    example = proposing.propose(answer, by=None)
    collecting.add_answer(answer, by=None)
    example.refresh_from_db()
    assert example.state == ExampleState.BARRED
    assert TrainingExample.objects.count() == 1


def test_a_question_of_a_file_is_kept_out_of_datasets_with_all_that_says_the_same() -> None:
    make_examples(12)
    question = TrainingExample.objects.order_by("id")[0].question
    collecting.add_drafts([CaseDraft(question=question.upper(), place="line 1")], origin="cases.jsonl", by=None)
    dataset = freezing.freeze("first")
    assert (dataset.barred, dataset.lines.count()) == (1, 11)


def test_what_is_approved_for_training_or_was_learnt_is_refused(answer: Message) -> None:
    make_examples(12)
    example = proposing.propose(answer, by=None)
    approved = make_example("refunds of ours")
    TrainingExample.objects.filter(pk=example.pk).delete()
    TrainingExample.objects.filter(pk=approved.pk).update(message=answer)
    with pytest.raises(TrainedOnError, match="approved for training"):
        collecting.add_answer(answer, by=None)
    dataset = freezing.freeze("first")
    TrainingExample.objects.filter(pk=approved.pk).update(state=ExampleState.REJECTED)
    with pytest.raises(TrainedOnError, match="were trained on this answer"):
        collecting.add_answer(answer, by=None)
    assert not EvaluationCase.objects.exists()
    asked = collecting.add_drafts([CaseDraft(question=approved.question)], origin="a", by=None).cases
    other = make_cases(1)
    assert keeping_apart.learnt(make_case_set([*asked, *other]), dataset) == asked


def test_the_same_case_twice_is_one() -> None:
    drafts = [CaseDraft(question="Same?", place="line 1"), CaseDraft(question="Same?", place="line 2")]
    assert collecting.add_drafts(drafts, origin="a", by=None).known == 1
    again = collecting.add_drafts(drafts[:1], origin="b", by=None)
    assert (again.cases, again.known) == ([], 1)
    assert EvaluationCase.objects.get().origin == "a, line 1"
    stricter = CaseDraft(question="Same?", expected=ExpectedBehaviour.REFUSE)
    assert len(collecting.add_drafts([stricter], origin="b", by=None).cases) == 1


def test_a_set_is_named_by_what_is_in_it() -> None:
    cases = make_cases(4)
    first = make_case_set(cases)
    assert (first.size, first.clusters) == (4, 4)
    assert make_case_set(cases, "again").checksum == first.checksum
    assert make_case_set(cases[:3], "fewer").checksum != first.checksum
    case_sets.check(first)


def test_cases_that_ask_the_same_are_one_cluster() -> None:
    twice = [CaseDraft(question="How long is the free trial?"), CaseDraft(question="how long is the free trial")]
    threaded = [CaseDraft(question="Apples?", thread="a"), CaseDraft(question="What of invoices?", thread="a")]
    cases = collecting.add_drafts([*twice, *threaded], origin="a", by=None).cases
    assert make_case_set(cases).clusters == 2


def test_nobody_changes_what_is_frozen_but_an_erased_case_is_emptied(answer: Message) -> None:
    case = collecting.add_answer(answer, by=None)
    frozen, other = make_case_set([case]), make_cases(1)[0]
    changes: tuple[Callable[[], Any], ...] = (
        lambda: EvaluationCase.objects.filter(pk=case.pk).update(question="Another?"),
        lambda: EvaluationCase.objects.filter(pk=case.pk).update(must_include=["x"]),
        lambda: EvaluationCase.objects.filter(pk=case.pk).update(expected="refuse"),
        lambda: CaseSet.objects.update(name="other"),
        lambda: CaseSetLine.objects.update(cluster=9),
        lambda: CaseSetLine.objects.all().delete(),
        lambda: CaseSetLine.objects.create(case_set=frozen, case=other, ordinal=2, cluster=2, checksum="x"),
    )
    for change in changes:
        with pytest.raises(IntegrityError), transaction.atomic():
            change()
    answer.delete()
    case.refresh_from_db()
    assert case.message is None
    empty = {"question": "", "history": [], "reference": "", "must_include": [], "must_not_include": [], "gold": []}
    EvaluationCase.objects.filter(pk=case.pk).update(**empty)
    with pytest.raises(IntegrityError), transaction.atomic():
        EvaluationCase.objects.filter(pk=case.pk).update(question="Back again?")
    case_sets.check(frozen)


def test_a_case_that_is_in_no_set_may_still_be_changed() -> None:
    case = make_cases(1)[0]
    EvaluationCase.objects.filter(pk=case.pk).update(must_include=["30 days"])


def test_a_set_needs_a_name_of_its_own_and_a_case() -> None:
    with pytest.raises(CaseSetError, match="no case yet"):
        case_sets.freeze("first", by=None)
    make_case_set()
    with pytest.raises(CaseSetError, match="called first already"):
        case_sets.freeze(" first ", by=None)
    with pytest.raises(CaseSetError, match="needs a name"):
        case_sets.freeze("  ", by=None)


def test_what_a_set_can_show_is_said() -> None:
    said = " ".join(make_case_set().warnings)
    assert "3 cases" in said
    assert "No case expects a refusal" in said


def test_what_is_erased_is_gone_from_cases_and_from_what_was_answered(answer: Message) -> None:
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    case = collecting.add_answer(answer, by=None)
    frozen = make_case_set([case, *make_cases(1)])
    run = make_run(frozen)
    make_results(run, EvaluationArm.RAG, right=lambda _: True)
    loose_answer = make_answer(make_question(make_user("bob"), "Where is the audit log?", trace_id="3" * 32))
    loose = collecting.add_answer(loose_answer, by=None)
    assert erasing.erase([answer.pk, loose_answer.pk]) == 2
    assert not EvaluationCase.objects.filter(pk=loose.pk).exists()
    case.refresh_from_db()
    assert (case.question, case.reference, case.message) == ("", "", None)
    assert [(each.answer, each.has_passed) for each in run.results.filter(case=case)] == [("", None)]
    assert [asked.question for asked, _ in keeping.pending(make_run(frozen))] == ["What about annual plans here?"]
