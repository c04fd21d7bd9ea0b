"""The pages of evaluations: from a file to a run with its progress, and what each arm said."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django_q.models import OrmQ

from dashboard.guard import roles
from dashboard.guard.roles import Role
from evaluation.models import CaseSet, EvaluationArm, EvaluationCase, EvaluationResult, EvaluationRun, RunState
from tests.rows.cases import make_case_set, make_cases, make_results, make_run
from tests.rows.web_rows import make_answer, make_models, make_question, make_user
from tuning.models import ExampleState, TrainingExample

pytestmark = pytest.mark.django_db


@pytest.fixture
def editor(client: Client) -> Client:
    make_models()
    user = make_user("eve")
    roles.give(user, Role.EDITOR)
    client.force_login(user)
    return client


def page(client: Client, name: str, **arguments: int) -> str:
    return client.get(reverse(name, kwargs=arguments)).content.decode()


def test_from_a_file_to_a_run_that_waits_for_the_worker(editor: Client, transactional_db: None) -> None:
    assert "Import cases below" in page(editor, "evaluations")
    file = SimpleUploadedFile("cases.jsonl", b'{"question": "How long?", "must_include": ["30 days"]}\n')
    sent = editor.post(reverse("import_cases"), {"file": file}, follow=True)
    assert "1 cases were added" in sent.content.decode()
    bad = SimpleUploadedFile("cases.jsonl", b'{"question": ""}')
    assert (
        "line 1: has no question" in editor.post(reverse("import_cases"), {"file": bad}, follow=True).content.decode()
    )
    editor.post(reverse("freeze_cases"), {"name": "first"})
    assert "called first already" in editor.post(
        reverse("freeze_cases"), {"name": "first"}, follow=True
    ).content.decode()  # fmt: skip
    for budget in ("0", "0.001", "100000000"):  # 0 is not "no budget"
        editor.post(reverse("start_run"), {"case_set": CaseSet.objects.get().pk, "budget": budget})
    assert not EvaluationRun.objects.exists()
    started = editor.post(reverse("start_run"), {"case_set": CaseSet.objects.get().pk, "is_frozen": "on"})
    run = EvaluationRun.objects.get()
    assert started.headers["Location"] == reverse("run", args=[run.pk])
    assert (run.is_frozen, run.state, run.created_by is not None) == (True, RunState.WAITING, True)
    assert OrmQ.objects.count() == 1
    waiting = page(editor, "run", pk=run.pk)
    assert 'hx-trigger="every 3s"' in waiting
    assert "0 of 2 answers" in waiting
    editor.post(reverse("stop_run", args=[run.pk]))
    assert "Stopped by eve." in page(editor, "run", pk=run.pk)
    editor.post(reverse("resume_run", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == RunState.WAITING


def test_a_run_shows_what_each_arm_scored_and_what_went_wrong(editor: Client) -> None:
    run = make_run(make_case_set(make_cases(2, must_include=("30 days",))))
    make_results(run, EvaluationArm.RAG, right=lambda place: place == 0, missing=["30 days"])
    failed = run.results.latest("id")
    EvaluationResult.objects.filter(pk=failed.pk).update(has_passed=False, layer="retrieval_noise")
    shown = page(editor, "run", pk=run.pk)
    assert "hx-trigger" not in shown
    assert "The live model, over passages" in shown
    assert "50 % of 2" in shown  # in the voice
    assert "Other passages got in the way (1)" in shown
    assert str(failed.case) in shown
    address = reverse("run", args=[run.pk])
    fragment = editor.get(f"{address}?layer=style", headers={"HX-Request": "true"}).content.decode()
    assert fragment.startswith('<div id="run"')
    assert str(failed.case) not in fragment
    aside = page(editor, "run_case", pk=run.pk, case=failed.case_id)
    assert "It does not say: 30 days" in aside
    assert "It must say" in aside
    assert editor.get(reverse("run_case", args=[run.pk, 0])).status_code == 404


def test_an_answer_of_a_transcript_is_kept_for_evaluations_with_one_press(editor: Client) -> None:
    answer = make_answer(make_question(make_user("asker")))
    assert reverse("add_case", args=[answer.pk]) in page(editor, "transcript", pk=answer.conversation_id)
    pressed = editor.post(reverse("add_case", args=[answer.pk]), follow=True)
    assert "kept out of training" in pressed.content.decode()
    assert EvaluationCase.objects.get().message == answer
    assert TrainingExample.objects.get().state == ExampleState.BARRED
