"""What the page of a run says of its grades and of a judge, and ordering one."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ

from dashboard.guard import roles
from dashboard.guard.roles import Role
from dashboard.models import AuditEntry
from evaluation.grades import judge_tasks
from evaluation.models import EvaluationRun, HumanGrade, Judgement, JudgementKind, JudgeOrder, RunState
from llm.models import ModelPrice, ServingRole
from tests.rows.graded import make_graded_run, make_grades
from tests.rows.make import make_deployment
from tests.rows.web_rows import make_models, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def run() -> EvaluationRun:
    make_models()
    return make_graded_run(3)


@pytest.fixture
def editor(client: Client, run: EvaluationRun) -> Client:
    user = make_user("eve")
    roles.give(user, Role.EDITOR)
    client.force_login(user)
    return client


def page(client: Client, name: str, *arguments: int) -> str:
    return " ".join(client.get(reverse(name, args=arguments)).content.decode().split())


def test_agreement_and_what_is_at_odds_are_on_the_page_of_a_run(editor: Client, run: EvaluationRun) -> None:
    before = page(editor, "run", run.pk)
    assert reverse("grade_run", args=[run.pk]) in before
    assert "Two people agree" not in before
    results = list(run.results.order_by("id"))
    make_grades(results, make_user("ada"), "++-+-+")
    make_grades(results[:4], make_user("bea"), "++--")
    HumanGrade.objects.filter(result=results[2]).update(note="It names another plan.")
    shown = page(editor, "run", run.pk)
    assert "75 % of 4, kappa 0.50" in shown  # 3 of 4; by chance (3 * 2 + 1 * 2) / 16
    assert "1 more with as many for as against" in shown
    assert "Where people and a measure are at odds (4)" in shown  # two answers, by words and by groundedness
    assert "2 of 100 cases that are needed are graded (the run has only 3)" in shown
    case = page(editor, "run_case", run.pk, results[2].case_id)
    assert "ada: facts wrong “It names another plan.”" in case


def test_a_judge_is_ordered_for_what_it_costs_at_most(
    editor: Client, run: EvaluationRun, transactional_db: None
) -> None:
    assert "No model judges" in page(editor, "judge_run", run.pk)
    make_deployment(ServingRole.JUDGE, provider="openai", model="base-judge", dimensions=None)
    assert "What it costs is not known" in page(editor, "judge_run", run.pk)
    refused = editor.post(reverse("judge_run", args=[run.pk]), {"budget": "1"}, follow=True)
    assert "no budget can be kept" in refused.content.decode()
    ModelPrice.objects.create(
        provider="openai", model="base-judge", input_per_million=10, output_per_million=10, valid_from=timezone.now()
    )
    shown = page(editor, "judge_run", run.pk)
    assert "Ask for 9 judgements: $0." in shown
    assert "of the same family as the candidate" in shown
    for budget in ("much", "100000000", "0.00001", "-1e30", "nan"):
        refused = editor.post(reverse("judge_run", args=[run.pk]), {"budget": budget}, follow=True)
        assert "is no amount of USD" in refused.content.decode()
    assert not JudgeOrder.objects.exists()
    sent = editor.post(reverse("judge_run", args=[run.pk]), {"budget": ""})
    assert sent.headers["Location"] == reverse("run", args=[run.pk])
    assert (JudgeOrder.objects.get().total, OrmQ.objects.count()) == (9, 1)
    editor.post(reverse("judge_run", args=[run.pk]), {"budget": ""})
    assert JudgeOrder.objects.count() == 1
    assert AuditEntry.objects.filter(action="judge_run", details__judgements=9).exists()
    assert "is at it already" in page(editor, "judge_run", run.pk)
    editor.post(reverse("stop_judging", args=[run.pk]))
    assert "Stopped by eve." in page(editor, "run", run.pk)


def test_what_a_judge_says_stands_beside_what_it_is_worth(editor: Client, run: EvaluationRun) -> None:
    first, *rest = run.results.order_by("id")
    for result, facts in ((first, "wrong"), (rest[0], "unknown"), (rest[1], "right")):
        Judgement.objects.create(
            result=result, kind=JudgementKind.ANSWER, model="openai:judge", trace_id="0" * 32,
            prompt_hash=judge_tasks.HASHES[JudgementKind.ANSWER], verdicts={"facts": facts, "grounded": "yes"},
        )  # fmt: skip
    make_grades([first, *rest], make_user("ada"), "-+++++")
    shown = page(editor, "run", run.pk)
    assert "nothing is made of what it says. It takes 50 answers that people graded as well; there are 3." in shown
    assert "67 % of 3, kappa 0.50" in shown  # by chance (2 * 1 + 1 * 1) / 9
    assert "<dt>Left unknown, the candidate, over passages</dt><dd>100 %</dd>" in shown


def test_a_run_that_goes_on_says_nothing_of_grades(editor: Client, run: EvaluationRun) -> None:
    EvaluationRun.objects.update(state=RunState.RUNNING)
    assert "Graded by people" not in page(editor, "run", run.pk)
