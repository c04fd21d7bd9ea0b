"""Rows of evaluation cases, sets and runs."""

from typing import Any

from evaluation.cases import case_sets
from evaluation.cases.collecting import add_drafts
from evaluation.cases.drafts import CaseDraft
from evaluation.models import CaseSet, EvaluationCase, EvaluationRun
from evaluation.runs import starting
from evaluation.runs.starting import RunPlan
from knowledge.models import Collection

SUBJECTS = ("annual plans", "webhooks", "single sign-on", "the audit log", "invoices", "API keys", "seats", "exports")


def make_cases(count: int = 3, **fields: Any) -> list[EvaluationCase]:
    """Cases that ask different things and expect an answer, unless the fields say otherwise."""
    drafts = [CaseDraft(question=f"What about {subject} here?", place="", **fields) for subject in SUBJECTS[:count]]
    return add_drafts(drafts, origin="a test", by=None).cases


def make_case_set(cases: list[EvaluationCase] | None = None, name: str = "first") -> CaseSet:
    """make_deployment comes first."""
    return case_sets.freeze(name, cases or make_cases(), by=None)


def make_run(case_set: CaseSet | None = None, **plan: Any) -> EvaluationRun:
    """A run that waits, over every collection there is. Live models come first."""
    collections = plan.pop("collections", None) or list(Collection.objects.values_list("pk", flat=True))
    return starting.start(case_set or make_case_set(), RunPlan(collections=collections, **plan), by=None)
