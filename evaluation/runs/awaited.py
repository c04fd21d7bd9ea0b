"""Evaluations that were asked for beforehand: whoever is trained to take another's place is asked the newest set."""

import logging

from evaluation.cases.case_sets import CaseSetError
from evaluation.models import CaseSet, EvaluationRun
from evaluation.runs import starting
from evaluation.runs.starting import RunError, RunPlan
from knowledge.models import Collection
from llm.models import Deployment
from tuning.models import ModelVersion

log = logging.getLogger(__name__)

REFUSED = "Its evaluation was not begun:"


def start() -> list[EvaluationRun]:
    """A run that waits for each model that was ordered in another's place and was never asked; where it cannot be, the
    model's note says why, and it is not tried again. Before there is a set, nothing."""
    newest = CaseSet.objects.order_by("-id").first()
    if newest is None:
        return []
    waiting = ModelVersion.objects.filter(job__replaces__isnull=False, evaluationrun=None)
    return [run for version in waiting.exclude(note__startswith=REFUSED) if (run := _started(newest, version))]


def _started(case_set: CaseSet, version: ModelVersion) -> EvaluationRun | None:
    plan = RunPlan(collections=list(Collection.objects.public().values_list("pk", flat=True)), candidate=version)
    try:
        return starting.start(case_set, plan, by=version.created_by)
    except (RunError, CaseSetError, Deployment.DoesNotExist) as error:
        log.warning("%s is not evaluated: %s", version, error)
        ModelVersion.objects.filter(pk=version.pk).update(note=f"{REFUSED} {error}"[:300])
        return None
