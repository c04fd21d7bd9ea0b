"""What happens to one answer at one time: it is graded, judged or kept while it is erased, or gone on with."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User

from evaluation.cases import erasing
from evaluation.grades import human_grades, judge_orders
from evaluation.grades.human_grades import GradingError
from evaluation.models import EvaluationRun, HumanGrade, Judgement, RunState
from evaluation.promotion import proofs
from evaluation.runs import execution, keeping, starting
from evaluation.runs.arms import COMPARED
from foundation import failpoints
from llm.models import ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.harness.waiting import meanwhile
from tests.rows.cases import make_case_set, make_cases, make_run
from tests.rows.graded import make_graded_run
from tests.rows.make import make_collection, make_deployment, make_endpoint, make_file, make_indexed
from tests.rows.web_rows import make_models, make_user
from tuning.registry import versions

pytestmark = pytest.mark.django_db(transaction=True)

TELLING = "She lives in Paris."
VERDICT = '{"reason": "She lives in Paris.", "facts": "wrong", "grounded": "no"}'
GIVEN = {"is_factual": False, "is_on_brand": True}


def erase(run: EvaluationRun) -> int:
    return erasing.erase_cases(list(run.case_set.cases.values_list("pk", flat=True)))


@pytest.fixture
def run(fake_providers: FakeProviders) -> EvaluationRun:
    make_models()
    return make_graded_run(1)


@pytest.fixture
def asked(tmp_path: Path, fake_providers: FakeProviders) -> EvaluationRun:
    """A run of two arms that waits; both will say the same."""
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    make_indexed(make_collection(), make_file(tmp_path, "here.md", "# Here\n\nAnnual plans are here for 30 days.\n"))
    fake_providers.blocks = [("Annual plans are here for 30 days. ", (0,))]
    candidate = versions.register(make_endpoint("openai"), "ft:ours", base="gpt-6-luna")
    return make_run(make_case_set(make_cases(1)), candidate=candidate, arms=list(COMPARED))


def test_a_grade_that_is_being_kept_while_its_case_is_erased_tells_nothing(run: EvaluationRun) -> None:
    ada = make_user("ada")
    (item, _) = human_grades.items(run)
    with meanwhile(lambda: erase(run)) as raised:
        human_grades.keep(run, item.key, ada, GIVEN, note=TELLING)
    assert raised == []
    assert [each.note for each in HumanGrade.objects.all()] == [""]


def test_nothing_is_graded_of_what_is_being_erased(run: EvaluationRun) -> None:
    ada = make_user("ada")
    (item, _) = human_grades.items(run)
    with meanwhile(lambda: human_grades.keep(run, item.key, ada, GIVEN, note=TELLING)) as raised:
        erase(run)
    assert [type(each) for each in raised] == [GradingError]
    assert not HumanGrade.objects.exists()


def test_a_judgement_that_is_being_kept_while_its_case_is_erased_goes_as_well(
    run: EvaluationRun, fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deployment(ServingRole.JUDGE, provider="openai", model="qwen-judge", dimensions=None)
    run.results.filter(arm="tuned_rag").delete()
    fake_providers.blocks = [(VERDICT, ())]
    keep = judge_orders._keep

    def kept(*arguments: object) -> None:
        with meanwhile(lambda: erase(run)) as raised:
            keep(*arguments)  # type: ignore[arg-type]
            assert Judgement.objects.filter(reason=TELLING).exists()
        assert raised == []

    monkeypatch.setattr(judge_orders, "_keep", kept)
    judge_orders.run(judge_orders.order(run, by=None).pk)
    assert not Judgement.objects.exists()


def test_what_is_answered_to_a_case_that_is_erased_meanwhile_is_not_kept(
    asked: EvaluationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reached(name: str) -> None:
        if name == "evaluation.answered":
            erase(asked)

    monkeypatch.setattr(failpoints, "reach", reached)
    done = execution.run(asked.pk)
    assert done is not None
    assert (done.state, done.results.count()) == (RunState.DONE, 0)


def test_an_answer_that_is_being_kept_while_its_case_is_erased_is_emptied(
    asked: EvaluationRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = keeping.keep

    def kept(*arguments: Any, is_timed: bool) -> None:
        if asked.results.exists():
            keep(*arguments, is_timed=is_timed)
            return
        with meanwhile(lambda: erase(asked)) as raised:
            keep(*arguments, is_timed=is_timed)
        assert raised == []

    monkeypatch.setattr(keeping, "keep", kept)
    execution.run(asked.pk)
    assert [(each.answer, each.trace, each.has_passed) for each in asked.results.all()] == [("", {}, None)]


def graded(run: EvaluationRun, name: str) -> None:
    (item,) = human_grades.items(run)
    human_grades.keep(run, item.key, make_user(name), {"is_factual": False}, note=f"So says {name}.", seconds=4)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_what_another_arm_was_graded_for_word_for_word_is_graded(
    asked: EvaluationRun, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    execution.run(asked.pk)
    asked.results.filter(arm="tuned_rag").delete()
    EvaluationRun.objects.update(state=RunState.STOPPED)
    asked.refresh_from_db()
    graded(asked, "ada")
    if when == "before":
        graded(asked, "bea")
    else:  # the page was open when the run was gone on with
        at_answer(monkeypatch, lambda: graded(asked, "bea"))
    starting.resume(asked)
    execution.run(asked.pk)
    live, ours = asked.results.order_by("id")
    assert (live.answer, live.citations) == (ours.answer, ours.citations)
    names = ("grader", "is_factual", "note", "seconds", "created_at")
    assert live.grades.count() == 2
    assert set(live.grades.values_list(*names)) == set(ours.grades.values_list(*names))
    proof = proofs.proof(asked)
    assert proof is not None
    assert (proof.graded, human_grades.graded_cases(asked, human_grades.items(asked))) == (1, {live.case_id})
    human_grades.undo(asked, User.objects.get(username="bea"))
    assert (live.grades.count(), ours.grades.count()) == (1, 1)


def at_answer(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """`act` is done while the answer is being kept, and waits for that."""
    keep = keeping.keep

    def kept(*arguments: Any, is_timed: bool) -> None:
        with meanwhile(act) as raised:
            keep(*arguments, is_timed=is_timed)
        assert raised == []

    monkeypatch.setattr(keeping, "keep", kept)
