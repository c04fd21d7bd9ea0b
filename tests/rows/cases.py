"""Rows of evaluation cases, sets and runs."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.models import User

from bot.models import Outcome
from evaluation.cases import case_sets
from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.collecting import add_drafts
from evaluation.models import (
    CaseSet,
    CaseSource,
    EvaluationArm,
    EvaluationCase,
    EvaluationResult,
    EvaluationRun,
    HumanGrade,
    RunState,
)
from evaluation.runs import starting
from evaluation.runs.starting import RunPlan
from knowledge.models import Collection

CITED = {"validity": 1.0, "precision": 1.0, "recall": 1.0}
SUBJECTS = ("annual plans", "webhooks", "single sign-on", "the audit log", "invoices", "API keys", "seats", "exports")


def make_cases(count: int = 3, **fields: Any) -> list[EvaluationCase]:
    """Cases that ask different things and expect an answer, unless the fields say otherwise."""
    drafts = [CaseDraft(question=f"What about {subject} here?", place="", **fields) for subject in SUBJECTS[:count]]
    return add_drafts(drafts, origin="a test", by=None).cases


def make_case(question: str = "What about annual plans here?", **fields: Any) -> EvaluationCase:
    """A case alone, of which training knows nothing."""
    checksum = CaseDraft(question=question).checksum
    return EvaluationCase.objects.create(question=question, source=CaseSource.FILE, checksum=checksum, **fields)


def make_case_set(cases: list[EvaluationCase] | None = None, name: str = "first") -> CaseSet:
    """make_deployment comes first."""
    return case_sets.freeze(name, cases or make_cases(), by=None)


def make_run(case_set: CaseSet | None = None, **plan: Any) -> EvaluationRun:
    """A run that waits, over every collection there is. Live models come first."""
    collections = plan.pop("collections", None) or list(Collection.objects.values_list("pk", flat=True))
    return starting.start(case_set or make_case_set(), RunPlan(collections=collections, **plan), by=None)


def make_results(run: EvaluationRun, arm: EvaluationArm, *, right: Callable[[int], bool], **scores: Any) -> None:
    """What one arm said to every case, in the voice where `right` says so of the case's place, graded by a person."""
    grader, _ = User.objects.get_or_create(username="grader")
    rows = [
        EvaluationResult(
            run=run, case=case, arm=arm, trace_id="0" * 32, answer="An answer.", total_ms=900.0, has_passed=True,
            outcome=Outcome.ANSWERED if case.expected == "answer" else Outcome.NOT_IN_DOCS,
            scores={"style": [] if right(place) else ["opening"], "citations": CITED, **scores},
        )
        for place, case in enumerate(run.case_set.cases.order_by("lines__ordinal"))
    ]  # fmt: skip
    EvaluationResult.objects.bulk_create(rows)
    HumanGrade.objects.bulk_create([HumanGrade(result=row, grader=grader, is_factual=True) for row in rows])
    EvaluationRun.objects.filter(pk=run.pk).update(state=RunState.DONE)
    run.refresh_from_db()
