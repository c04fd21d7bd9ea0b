"""What happens to the orders of a run."""

from datetime import timedelta

from django.utils import timezone

from evaluation.models import EvaluationRun, RunBatch
from evaluation.runs import execution
from tests.rows.cases import make_run


def go_on(run: EvaluationRun) -> EvaluationRun:
    """As the worker does a minute later."""
    RunBatch.objects.exclude(look_at=None).update(look_at=timezone.now() - timedelta(seconds=1))
    execution.run(run.pk)
    run.refresh_from_db()
    return run


def made(run: EvaluationRun) -> RunBatch:
    return RunBatch.objects.get(run=run)


def in_two_arms(run: EvaluationRun) -> EvaluationRun:
    """Another run of its cases in its place, which makes two orders of them."""
    EvaluationRun.objects.filter(pk=run.pk).delete()
    return make_run(run.case_set, arms=["base", "rag"], is_batch=True)
