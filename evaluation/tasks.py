"""The jobs of this room that django-q2 carries. Each may run twice."""

import logging
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from evaluation.cases.case_sets import CaseSetError
from evaluation.figures import rollups
from evaluation.grades import judge_orders
from evaluation.models import EvaluationRun, JudgeOrder
from evaluation.promotion import drift_readings, frozen_again
from evaluation.runs import awaited, execution, following
from evaluation.runs.starting import RunError
from foundation import leases

log = logging.getLogger(__name__)

QUEUED_AGAIN_AFTER = timedelta(minutes=2)  # a job that waits longer may have been lost with its worker


def schedule() -> None:
    """Have the jobs that come again and again done from now on; may be called any number of times."""
    for name, when in (
        ("roll up", {"schedule_type": Schedule.HOURLY}),
        ("tick", {"schedule_type": Schedule.MINUTES, "minutes": 1}),
        ("watch drift", {"schedule_type": Schedule.DAILY}),
    ):
        Schedule.objects.update_or_create(
            name=f"evaluation {name}",
            defaults={"func": f"evaluation.tasks.{name.replace(' ', '_')}", "repeats": -1, **when},
        )


def roll_up() -> None:
    rollups.roll_up()


def watch_drift() -> None:
    """Once a day: what is due of the week's readings and of the month's repetition; nothing is done twice."""
    try:
        again = frozen_again.begin()
    except (RunError, CaseSetError) as error:
        log.warning("The frozen cases are not asked again: %s", error)
    else:
        if again is not None:
            queue_run(again.pk)
    drift_readings.read(timezone.now())


def tick() -> None:
    """Once a minute: runs that nobody works on are gone on with, those that never end are ended, and those begin that
    were asked for when a model was ordered in another's place."""
    for begun in awaited.start():
        queue_run(begun.pk)
    execution.give_up()
    if following.unwanted().exists() or following.unforgotten().exists():
        async_task("evaluation.tasks.cancel_batches", task_name="orders of stopped runs")
    old = leases.abandoned(EvaluationRun).filter(created_at__lt=timezone.now() - QUEUED_AGAIN_AFTER)
    for pk in old.values_list("pk", flat=True):
        queue_run(pk)
    judge_orders.give_up()
    unjudged = leases.abandoned(JudgeOrder).filter(created_at__lt=timezone.now() - QUEUED_AGAIN_AFTER)
    for pk in unjudged.values_list("pk", flat=True):
        queue_judging(pk)


def start_soon(run: EvaluationRun) -> None:
    """Have a run done as soon as its row is committed."""
    transaction.on_commit(partial(queue_run, run.pk))


def queue_run(pk: int) -> None:
    async_task("evaluation.tasks.run", pk, task_name=f"evaluation run {pk}", timeout=settings.LONGEST_JOB_SECONDS)


def cancel_batches() -> None:
    following.look_after_unwanted()


def run(pk: int) -> None:
    execution.run(pk)


def judge_soon(order: JudgeOrder) -> None:
    """Have an order done as soon as its row is committed."""
    transaction.on_commit(partial(queue_judging, order.pk))


def queue_judging(pk: int) -> None:
    async_task("evaluation.tasks.judge", pk, task_name=f"judging {pk}", timeout=settings.LONGEST_JOB_SECONDS)


def judge(pk: int) -> None:
    judge_orders.run(pk)
