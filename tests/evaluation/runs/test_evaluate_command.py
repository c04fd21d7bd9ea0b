"""The commands of an evaluation, as a script uses them, and a run that is killed."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from evaluation import tasks
from evaluation.models import EvaluationCase, EvaluationRun, RunState
from llm.models import ServingRole, UsageRecord
from tests.fakes.providers.fake import KEY, FakeProviders
from tests.harness import processes
from tests.rows.cases import make_case_set, make_cases, make_run
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed
from tests.rows.web_rows import make_answer, make_question, make_user

SAMPLE = processes.ROOT / "evaluation" / "sample" / "cases.jsonl"
ROWS = (
    {"question": "Can annual plans be refunded?", "gold": ["refunds.md"], "must_include": ["30 days"], "tags": ["a"]},
    {"question": "Who founded the company?", "expected": "refuse"},
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    text = "# Refunds\n\nAnnual plans can be refunded in full within 30 days of purchase.\n"
    make_indexed(make_collection(), make_file(tmp_path, "refunds.md", text))
    found = tmp_path / "cases.jsonl"
    found.write_text("\n".join(map(json.dumps, ROWS)))
    return found


def run(*words: str) -> Any:
    """What a command prints with --json."""
    out = StringIO()
    call_command(*words, "--json", stdout=out, stderr=StringIO())
    return json.loads(out.getvalue())


@pytest.mark.django_db
def test_from_a_file_to_scores(file: Path) -> None:
    assert len(run("case", "import", str(file))["imported"]) == 2
    assert run("case", "import", str(file))["known"] == 2
    frozen = run("case", "freeze", "first")
    assert (frozen["cases"], frozen["clusters"]) == (2, 2)
    assert run("case", "freeze", "tagged", "--tag", "a")["cases"] == 1
    assert [case["expected"] for case in run("case", "list", "--set", "first")["cases"]] == ["answer", "refuse"]
    told = run("evaluate", "first", "--frozen")
    assert (told["state"], told["case_set"], told["checksum"], told["cases"]) == (
        "done",
        "first",
        frozen["checksum"],
        2,
    )
    arm = told["arms"]["rag"]
    assert (arm["factual"], arm["grounded"], arm["retrieval_hit"]) == (1.0, 1.0, 1.0)
    assert arm["citations"] == {"validity": 1.0, "precision": 1.0, "recall": 1.0}
    assert arm["refusal"]["over"] == 0.0
    assert set(arm["latency_ms"]) == {"p50", "p95", "first_token"}
    assert (arm["cost_usd"], arm["style"]) == ("0.00000000", None)
    assert (told["comparison"], told["gate"], told["primary"]) == (None, None, "passed")


@pytest.mark.django_db
def test_an_answer_is_added_by_its_number(file: Path) -> None:
    answer = make_answer(make_question(make_user()))
    assert run("case", "add", str(answer.pk))["message"] == answer.pk
    with pytest.raises(CommandError, match="There is no answer 99"):
        run("case", "add", "99")


@pytest.mark.django_db
def test_what_is_not_there_is_told_with_what_is(file: Path, tmp_path: Path) -> None:
    run("case", "import", str(file))
    run("case", "freeze", "first")
    for words, said in (
        (["evaluate", "second"], "known are: first"),
        (["evaluate", "first", "--candidate", "9"], "There is no model 9"),
        (["evaluate", "first", "--budget", "free"], "no amount of USD"),
        (["evaluate", "first", "--collection", "Nowhere"], "no collection 'Nowhere'"),
        (["evaluate", "first", "--resume", "9"], "There is no run 9 of first"),
        (["evaluate", "first", "--arm", "tuned"], "name one with --candidate"),
        (["case", "list", "--set", "second"], "known are: first"),
    ):
        with pytest.raises(CommandError, match=said):
            run(*words)
    assert not EvaluationRun.objects.exists()
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"question": "a"}\n{"question": 1}\n{}')
    with pytest.raises(CommandError, match="line 2: has no question\n  line 3: has no question"):
        run("case", "import", str(bad))
    assert EvaluationCase.objects.count() == 2


@pytest.mark.django_db
def test_the_sample_has_120_cases_of_all_kinds() -> None:
    make_deployment()
    assert len(run("case", "import", str(SAMPLE))["imported"]) == 120
    frozen = run("case", "freeze", "sample")
    assert frozen["cases"] == 120
    assert frozen["clusters"] >= 110
    assert len(frozen["warnings"]) == 1
    assert frozen["warnings"][0].startswith("With 120 cases you can see gains of about")
    documents = {path.name for path in (processes.ROOT / "knowledge/sample/help_centre/public").iterdir()}
    assert {path for case in EvaluationCase.objects.all() for path in case.gold} <= documents
    assert set(EvaluationCase.objects.values_list("expected", flat=True)) == {"answer", "refuse", "clarify", "escalate"}


@pytest.mark.django_db(transaction=True)
def test_a_killed_run_goes_on_and_asks_nothing_twice(
    fake_providers: FakeProviders, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    made = make_run(make_case_set(make_cases(6)), arms=[])
    assert made.arms == ["base", "rag"]
    EvaluationRun.objects.filter(pk=made.pk).update(arms=["base"], total=6)
    monkeypatch.setenv("OPENAI_BASE_URL", fake_providers.openai_url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    EvaluationRun.objects.filter(pk=made.pk).update(state=RunState.STOPPED)
    for point in ("evaluation.kept@2", "evaluation.answered@2"):
        monkeypatch.setenv("FAILPOINT", point)
        process = processes.start("evaluate", "first", "--resume", str(made.pk))
        assert process.wait(timeout=240) == -9
        EvaluationRun.objects.filter(pk=made.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert run("evaluate", "first", "--resume", str(made.pk))["state"] == "done"
    made.refresh_from_db()
    assert (made.state, made.results.count(), made.attempts) == (RunState.DONE, 6, 3)
    # One answer was on its way when the second process died; nothing else was asked twice, and both are paid for.
    assert len(fake_providers.requests) == 7
    assert UsageRecord.objects.filter(trace_id__in=made.results.values("trace_id")).count() == 7
    assert sum(each.usage["output_tokens"] for each in made.results.all()) == sum(
        UsageRecord.objects.values_list("output_tokens", flat=True)
    )


@pytest.mark.django_db
def test_the_worker_goes_on_with_a_run_that_nobody_works_on(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = make_run(make_case_set(make_cases(1)))
    queued: list[int] = []
    monkeypatch.setattr(tasks, "queue_run", queued.append)
    tasks.tick()
    assert queued == []  # it was made a moment ago
    EvaluationRun.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    tasks.tick()
    assert queued == [made.pk]
    tasks.run(made.pk)
    made.refresh_from_db()
    assert made.state == RunState.DONE
    EvaluationRun.objects.update(state=RunState.RUNNING, attempts=5, lease_until=timezone.now() - timedelta(minutes=1))
    tasks.tick()
    made.refresh_from_db()
    assert (made.state, "resume it" in made.reason) == (RunState.FAILED, True)
