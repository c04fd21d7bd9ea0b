"""Which answer a person grades next, how graders who disagree are counted, and how far they agree."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db.models import F

from bot.models import Outcome
from evaluation.grades import grade_reports, human_grades
from evaluation.grades.human_grades import GradingError, GradingItem
from evaluation.models import (
    EvaluationArm,
    EvaluationResult,
    EvaluationRun,
    ExpectedBehaviour,
    HumanGrade,
)
from evaluation.promotion import proofs
from evaluation.runs import run_reports
from evaluation.scores import arm_scores
from evaluation.scores.arm_scores import QUESTIONS
from tests.rows.graded import make_graded_run, make_grades, make_result
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db

YES = {"is_factual": True, "is_on_brand": True}
GOAL = 100


@pytest.fixture
def run() -> EvaluationRun:
    make_models()
    return make_graded_run(6)


@pytest.fixture
def ada() -> User:
    return make_user("ada")


@pytest.fixture
def bea() -> User:
    return make_user("bea")


def following(run: EvaluationRun, user: User, goal: int = GOAL) -> GradingItem | None:
    return human_grades.next_item(run, human_grades.items(run), user, goal=goal)


def grade(run: EvaluationRun, user: User, goal: int = GOAL) -> GradingItem:
    item = following(run, user, goal)
    assert item is not None
    human_grades.keep(run, item.key, user, YES)
    return item


def of(run: EvaluationRun, arm: str) -> list[EvaluationResult]:
    return list(run.results.filter(arm=arm).order_by("case_id"))


def test_a_case_is_graded_in_both_arms_before_the_next_is_begun(run: EvaluationRun, ada: User) -> None:
    cases = [grade(run, ada).case for _ in range(12)]
    assert cases[0::2] == cases[1::2]
    assert len(set(cases)) == 6
    assert following(run, ada) is None
    assert len(human_grades.graded_cases(run, human_grades.items(run))) == 6


def test_two_people_do_not_meet_at_one_case(run: EvaluationRun, ada: User, bea: User) -> None:
    seen = [(grade(run, ada).case, grade(run, bea).case) for _ in range(6)]
    assert {one for one, _ in seen} & {other for _, other in seen} == set()
    assert HumanGrade.objects.count() == 12


def test_what_somebody_left_half_done_is_finished_by_another(run: EvaluationRun, ada: User, bea: User) -> None:
    left = grade(run, ada)
    assert following(run, bea).case != left.case  # type: ignore[union-attr]  # ada is at it
    HumanGrade.objects.update(created_at=F("created_at") - timedelta(minutes=11))
    assert following(run, bea).case == left.case  # type: ignore[union-attr]


def test_what_lacks_an_arm_comes_last_and_what_failed_never(run: EvaluationRun, ada: User) -> None:
    lone, failed = run.case_set.cases.order_by("id")[:2]
    run.results.filter(case=lone, arm="rag").delete()
    run.results.filter(case=failed).update(has_passed=None)
    cases = [grade(run, ada).case for _ in range(9)]
    assert (cases[-1], failed.pk in cases, following(run, ada)) == (lone.pk, False, None)


def test_the_goal_comes_before_second_looks_and_they_before_the_rest(run: EvaluationRun, ada: User, bea: User) -> None:
    for _ in range(4):
        grade(run, ada)
    drawn = {item.case for item in human_grades.items(run) if human_grades._is_second(run, item)}
    seen = [grade(run, bea, goal=2).case for _ in range(8 + 2 * len(drawn & _by(ada)))]
    looked = [case for case in seen if case in _by(ada)]
    assert set(looked) == drawn & _by(ada)
    assert seen[: len(looked)] == looked  # the goal of two cases was reached
    assert following(run, bea) is None


def _by(user: User) -> set[int]:
    return set(HumanGrade.objects.filter(grader=user).values_list("result__case", flat=True))


def test_about_a_tenth_of_the_cases_is_seen_by_two(run: EvaluationRun) -> None:
    items = [GradingItem(str(case), case, (case,), frozenset(), ()) for case in range(3000)]
    assert 0.08 < sum(human_grades._is_second(run, item) for item in items) / 3000 < 0.12


def test_a_tie_is_looked_at_by_a_third_and_counts_as_nothing_until_then(
    run: EvaluationRun, ada: User, bea: User
) -> None:
    one = of(run, "rag")[0]
    make_grades([one], ada, "+")
    make_grades([one], bea, "-")
    one.refresh_from_db()
    assert run_reports.scores(run)[EvaluationArm.RAG].counted["factual"] == 5  # words would have said right
    cy = make_user("cy")
    found = human_grades.items(run)
    assert [item.results for item in found if item.is_split] == [(one.pk,)]
    assert human_grades.next_item(run, found, cy, goal=0).results == (one.pk,)  # type: ignore[union-attr]
    make_grades([one], cy, "-")
    scored = run_reports.scores(run)[EvaluationArm.RAG]
    assert scored.counted["factual"] == 6
    assert scored.factual == pytest.approx(5 / 6)
    assert not any(item.is_split for item in human_grades.items(run))


def test_a_tie_on_the_voice_is_looked_at_by_a_third_as_well(run: EvaluationRun, ada: User, bea: User) -> None:
    one = of(run, "rag")[0]
    for user, is_on_brand in ((ada, True), (bea, False)):
        HumanGrade.objects.create(result=one, grader=user, is_factual=True, is_on_brand=is_on_brand)
    (split,) = (item for item in human_grades.items(run) if item.is_split)
    assert (split.results, split.is_graded) == ((one.pk,), True)  # its facts are told
    cy = make_user("cy")
    assert human_grades.next_item(run, [split], cy, goal=0) == split
    HumanGrade.objects.create(result=one, grader=cy, is_factual=True, is_on_brand=False)
    assert not any(item.is_split for item in human_grades.items(run))


@pytest.mark.parametrize(
    ("said", "is_split"),
    [
        ([], False),
        ([(None, None, None)], False),
        ([(True, False, None)], False),
        ([(True, None, None), (False, None, None)], True),
        ([(True, True, None), (True, False, None)], True),
        ([(None, None, True), (None, None, False)], True),
        ([(None, True, False), (None, False, False), (None, True, False)], False),
    ],
)
def test_what_is_split(said: list[tuple[bool | None, bool | None, bool | None]], is_split: bool) -> None:
    assert arm_scores.is_split(HumanGrade(**dict(zip(QUESTIONS, each, strict=True))) for each in said) is is_split


def test_what_was_refused_in_the_wrong_way_was_not_answered(ada: User) -> None:
    make_models()
    run = make_graded_run(6, expected=ExpectedBehaviour.CLARIFY)
    for answered in of(run, "rag")[:3]:
        answered.delete()
        make_result(run, answered.case, EvaluationArm.RAG, "", outcome=Outcome.NOT_IN_DOCS, citations=[], scores={})
    make_grades(of(run, "rag")[:4], ada, "--+-", "is_rightly_refused")
    scored = run_reports.scores(run)[EvaluationArm.RAG]
    assert (scored.under, scored.counted["under"]) == (0.5, 6)  # three of six were answered, none of them rightly
    proof = proofs.proof(run)
    assert proof is not None
    assert proof.guards["under_refusal"].before == 0.5


def test_what_people_say_counts_before_words_and_before_what_a_case_expects(run: EvaluationRun, ada: User) -> None:
    rag = of(run, "rag")
    make_grades(rag, ada, "--+++?")
    scored = run_reports.scores(run)[EvaluationArm.RAG]
    assert scored.counted["factual"] == 6  # the last by words
    assert scored.factual == pytest.approx(4 / 6)
    refused = rag[5]
    HumanGrade.objects.filter(result=refused).delete()
    refused.delete()
    again = make_result(run, refused.case, EvaluationArm.RAG, "", outcome=Outcome.NOT_IN_DOCS, citations=[], scores={})
    assert run_reports.scores(run)[EvaluationArm.RAG].over == pytest.approx(1 / 6)
    assert human_grades.asked(again) == ("is_rightly_refused",)
    make_grades([again], ada, "+", "is_rightly_refused")
    assert run_reports.scores(run)[EvaluationArm.RAG].over == 0  # the documents really do not say
    proof = proofs.proof(run)
    assert proof is not None
    assert (proof.graded, proof.guards["over_refusal"].before) == (0, 1.0)


def test_only_what_applies_is_asked_and_kept(run: EvaluationRun, ada: User) -> None:
    case = run.case_set.cases.earliest("id")
    run.results.filter(case=case).delete()
    make_result(run, case, EvaluationArm.RAG, "", outcome=Outcome.CLARIFY, citations=[])
    key = next(item.key for item in human_grades.items(run) if item.case == case.pk)
    with pytest.raises(GradingError, match="every question"):
        human_grades.keep(run, key, ada, YES)
    human_grades.keep(run, key, ada, {"is_rightly_refused": False}, seconds=7000)
    assert HumanGrade.objects.get().seconds is None  # they were elsewhere
    with pytest.raises(GradingError, match="not there any more"):
        human_grades.keep(run, "0" * 40, ada, YES)


def test_agreement_is_told_per_question_as_worked_out_by_hand(run: EvaluationRun, ada: User, bea: User) -> None:
    results = [*of(run, "rag"), *of(run, "tuned_rag")]
    make_grades(results, ada, "++++++------")
    make_grades(results[:10], bea, "++++--+---")
    run.results.filter(pk__in=[each.pk for each in results[8:]]).update(
        scores={"factual": False, "style": ["opening"], "grounded": 0.2, "unsupported": []}
    )
    facts, grounded = grade_reports.agreement(run)
    # Of ten, ada says 6 right and bea 5; they agree on 4 right and 3 wrong; chance (6 * 5 + 4 * 5) / 100 = .5
    assert (facts.people.count, facts.people.share) == (10, 0.7)
    assert facts.people.kappa == pytest.approx(0.4)
    # Three are split. Of the nine that are not, words agree on 4 right and 4 wrong, and call one right that is not; by
    # chance they agree on (4 * 5 + 5 * 4) of 81.
    assert (facts.graded, facts.split, facts.measured.count) == (9, 3, 9)
    assert facts.measured.kappa == pytest.approx((8 / 9 - 40 / 81) / (1 - 40 / 81))
    assert grounded.measured == facts.measured
    odds = grade_reports.at_odds(run, 10)
    assert {(each.result.pk, each.measure, each.people) for each in odds} == {
        (results[7].pk, "what it must and must not say", False),
        (results[7].pk, "groundedness", False),
    }
    assert len(grade_reports.at_odds(run, 1)) == 1


def test_a_thousand_cases_are_ordered_in_a_few_queries(
    run: EvaluationRun, django_assert_max_num_queries: object
) -> None:
    with django_assert_max_num_queries(2):  # type: ignore[operator]
        human_grades.items(run)
