"""What a judge is worth beside people, and when it speaks for the facts that nobody graded."""

from collections.abc import Callable

import pytest

from evaluation.cases import erasing
from evaluation.grades import judge_reports, judge_tasks
from evaluation.models import EvaluationResult, EvaluationRun, HumanGrade, Judgement, JudgementKind
from evaluation.promotion import proofs
from llm.models import ServingRole
from tests.rows.graded import make_graded_run, make_grades
from tests.rows.make import make_deployment
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def whole() -> EvaluationRun:
    """Sixty cases of two arms, all judged: every third of the results wrong."""
    make_models()
    judge = make_deployment(ServingRole.JUDGE, provider="openai", model="qwen-judge", dimensions=None)
    run = make_graded_run(60)
    rows = list(run.results.order_by("id"))
    Judgement.objects.bulk_create(
        Judgement(
            result=row, kind=JudgementKind.ANSWER, model=str(judge), trace_id="0" * 32,
            prompt_hash=judge_tasks.HASHES[JudgementKind.ANSWER],
            verdicts={"facts": "wrong" if place % 3 == 0 else "right", "grounded": "yes"},
        )
        for place, row in enumerate(rows)
    )  # fmt: skip
    return run


def grade(run: EvaluationRun, count: int, *, right: Callable[[int], bool]) -> None:
    rows = list(run.results.order_by("id")[:count])
    make_grades(rows, make_user("ada"), "".join("+" if right(place) else "-" for place in range(count)))


def test_a_judge_that_agrees_with_fifty_people_speaks_where_nobody_graded(whole: EvaluationRun) -> None:
    before = proofs.proof(whole)
    assert before is not None
    assert before.guards["facts"].before == 1.0  # by words
    grade(whole, 49, right=lambda place: place % 3 != 0)
    assert judge_reports.feeding(whole) == {}
    HumanGrade.objects.all().delete()
    rows = list(whole.results.order_by("id")[:50])
    make_grades(rows, make_user("cy"), "".join("-" if place % 3 == 0 else "+" for place in range(50)))
    assert len(judge_reports.feeding(whole)) == 120
    proof = proofs.proof(whole)
    assert proof is not None
    found = proof.guards["facts"]
    # 60 answers an arm, every third of the results wrong: 20 of each arm
    assert (found.gain, found.cases) == (0, 60)
    assert found.before == pytest.approx(2 / 3)
    assert proof.graded == 25  # a judge grades no case in the place of people


def test_a_judge_that_does_not_agree_says_nothing(whole: EvaluationRun) -> None:
    grade(whole, 60, right=lambda place: place % 2 == 0)
    report = judge_reports.report(whole)
    assert report is not None
    assert report.calibration.why_not.startswith("Its kappa with people is")
    assert (report.fed, judge_reports.feeding(whole)) == (0, {})
    proof = proofs.proof(whole)
    assert proof is not None
    assert proof.guards["facts"].before is not None


def test_people_come_first_and_what_is_forbidden_stays_wrong(whole: EvaluationRun) -> None:
    grade(whole, 60, right=lambda place: place % 3 != 0)
    before = proofs.proof(whole)
    ids = list(whole.results.order_by("id").values_list("pk", flat=True))
    HumanGrade.objects.filter(result=ids[1]).update(is_factual=False)
    EvaluationResult.objects.filter(pk=ids[71]).update(scores={"factual": True, "forbidden": ["thistle"]})
    after = proofs.proof(whole)
    assert before is not None
    assert after is not None
    assert before.guards["facts"].after == pytest.approx(2 / 3)
    assert after.guards["facts"].after == pytest.approx(2 / 3 - 2 / 60)


def test_a_judge_at_a_loss_makes_no_arm_better(whole: EvaluationRun) -> None:
    """Answers that confuse it are measured as they were without it; where they are many, it says nothing at all."""
    grade(whole, 60, right=lambda place: place % 3 != 0)
    candidates = list(whole.results.filter(arm="tuned_rag", pk__gt=_nth(whole, 60)).order_by("id"))
    wrong = [each.pk for each in candidates if each.judgements.get().verdicts["facts"] == "wrong"]
    EvaluationResult.objects.filter(pk__in=wrong).update(scores={"factual": False})
    whole_loss = proofs.proof(whole)
    unknown = {"facts": "unknown", "grounded": "unknown"}
    Judgement.objects.filter(result__in=wrong[:3]).update(verdicts=unknown)
    lost = proofs.proof(whole)
    assert whole_loss is not None
    assert lost is not None
    assert lost.guards["facts"].cases == whole_loss.guards["facts"].cases == 60
    assert lost.guards["facts"].after == whole_loss.guards["facts"].after
    Judgement.objects.filter(result__in=wrong[:4]).update(verdicts=unknown)
    report = judge_reports.report(whole)
    assert report is not None
    assert (report.fed, judge_reports.feeding(whole)) == (0, {})
    assert report.why_not == "Of 7 % of the answers of an arm it says nothing, at a loss or not asked; 5 % may be."


def test_a_judge_that_never_saw_the_bad_answers_makes_no_arm_better(whole: EvaluationRun) -> None:
    """What its provider refused, what a budget left over and what is still to be asked has no row at all."""
    grade(whole, 60, right=lambda place: place % 3 != 0)
    loss = proofs.proof(whole)
    said = Judgement.objects.filter(result__arm="tuned_rag", result__pk__gt=_nth(whole, 60), verdicts__facts="wrong")
    Judgement.objects.filter(pk__in=list(said.values_list("pk", flat=True)[3:])).delete()
    assert judge_reports.feeding(whole) == {}
    report = judge_reports.report(whole)
    assert report is not None
    assert report.unknown == pytest.approx({"rag": 0.0, "tuned_rag": 7 / 60})
    assert report.why_not.startswith("Of 12 % of the answers of an arm it says nothing")
    by_words = proofs.proof(whole)
    assert loss is not None
    assert by_words is not None
    assert loss.guards["facts"].gain == 0
    assert by_words.guards["facts"].gain == 0
    said.delete()
    Judgement.objects.filter(result__arm="tuned_rag").delete()
    assert (judge_reports.feeding(whole), judge_reports.report(whole).unknown["tuned_rag"]) == ({}, 1.0)  # type: ignore[union-attr]
    assert any(line.startswith("tuned_rag: facts - of 0, unknown 1.00") for line in judge_reports.in_lines(whole))


def test_what_was_erased_is_left_out_where_people_are_beside_each_other(whole: EvaluationRun) -> None:
    ada, bea = make_user("ada"), make_user("bea")
    for case in whole.case_set.cases.order_by("id")[:4]:
        rag, tuned = whole.results.filter(case=case).order_by("arm")
        make_grades([rag, tuned], ada, "+-")
        make_grades([rag, tuned], bea, "+-")
    assert (judge_reports.ceiling().count, judge_reports.ceiling().share) == (8, 1.0)
    erasing.erase_cases(list(whole.case_set.cases.order_by("id").values_list("pk", flat=True)[:3]))
    assert judge_reports.ceiling().count == 2


def _nth(run: EvaluationRun, number: int) -> int:
    return int(run.results.order_by("id").values_list("pk", flat=True)[number])
