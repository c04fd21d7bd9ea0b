"""Looking after jobs: one at a time takes each a step further, and whatever dies is gone on with."""

import logging
import math
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Least, Now
from django.utils import timezone

from foundation import failpoints
from llm.completion import ProviderError
from llm.models import Endpoint, Purpose, UsageRecord
from llm.spending import budgets
from tuning.jobs import states, submitting
from tuning.models import OVER, Checkpoint, FineTuneJob, JobEvent, JobState, ModelVersion
from tuning.registry import versions
from tuning.trainers import by_hand, trainer_for
from tuning.trainers.base import Report

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=5)
MOST_MISSES = 3  # looks in a row at which the trainer knows no such job; then it is lost
MOST_FAILURES = 12  # steps in a row that fail, over about an hour; then a person has to see to it


def due() -> QuerySet[FineTuneJob]:
    """Jobs that are to be looked at, and that nobody is at."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    open_ones = ~Q(state__in=OVER) | Q(must_cancel=True)
    return FineTuneJob.objects.filter(free, open_ones, poll_at__lte=Now()).order_by("poll_at")


def advance(pk: int) -> FineTuneJob | None:
    """Take a job one step further; None when it is over, not due, or somebody else is at it."""
    lease = timezone.now() + submitting.LEASE
    if not due().filter(pk=pk).update(lease_until=lease, attempts=Least(F("attempts") + 1, 1000)):
        return None
    job = FineTuneJob.objects.select_related("dataset", "endpoint").get(pk=pk)
    try:
        _step(job)
    except ProviderError as error:
        _failed(job, error)
    else:
        _rest(job, attempts=0)
    return job


def look(pk: int) -> FineTuneJob | None:
    """As `advance`, without waiting until it is due: somebody wants to know."""
    FineTuneJob.objects.filter(pk=pk, lease_until=None).update(poll_at=Now())
    return advance(pk)


def _step(job: FineTuneJob) -> None:
    if job.state == JobState.CANCELLED:
        _cancel_there(job)
    elif job.state in (JobState.WAITING, JobState.UPLOADING):
        submitting.submit(job)
    else:
        _look(job)


def cancel(job: FineTuneJob) -> bool:
    """End a job; False when it was over already, here or with its trainer. Raises ProviderError.

    Where there may be a job at the trainer that we do not know of yet, a worker goes on looking for it.
    """
    while not states.is_over(job):
        if job.provider_job:
            trainer_for(job.trainer).cancel(job.endpoint, job.provider_job)
            _look(job)
            job.refresh_from_db()
            if states.is_over(job):
                return job.state == JobState.CANCELLED
        may_run = bool(job.creating_at) and not job.provider_job
        if states.move(job, JobState.CANCELLED, finished_at=timezone.now(), must_cancel=may_run):
            return True
        job.refresh_from_db()
    return False


@transaction.atomic
def hand_in(job: FineTuneJob, endpoint: Endpoint, model: str, *, by: User | None) -> ModelVersion:
    """Where a person serves the model of a job; ends one that was trained by hand. Raises RegistryError.

    A trainer of our own machines gives weights alone, so its jobs that succeeded wait for this too.
    """
    if is_unserved(FineTuneJob.objects.select_for_update().get(pk=job.pk)):
        return _registered(job, endpoint, model, by=by)
    if job.trainer != by_hand.NAME:
        raise versions.RegistryError(_kept_from(job))
    if job.state in (JobState.WAITING, JobState.UPLOADING):
        look(job.pk)
        job.refresh_from_db()
    if states.is_over(job):
        raise versions.RegistryError(f"Job {job.pk} was over already: {job.state}.")
    if job.state in (JobState.WAITING, JobState.UPLOADING):
        raise versions.RegistryError(f"A worker is beginning job {job.pk} just now: try again in a minute.")
    version = versions.register(endpoint, model, base=job.base, dataset=job.dataset, by=by)
    fields = {"model": version.model, "provider_state": "handed in", "finished_at": timezone.now()}
    if not states.move(job, JobState.SUCCEEDED, **fields):
        raise versions.RegistryError(f"Job {job.pk} was ended meanwhile.")
    versions.attach(version, job)
    return version


def _kept_from(job: FineTuneJob) -> str:
    """Why the model of a job that a trainer does cannot be handed in."""
    if job.endpoint_id is not None:
        return f"Job {job.pk} is not trained by hand; its trainer hands its model in itself."
    if not states.is_over(job):
        return f"Job {job.pk} is still being trained: register its model once it has succeeded."
    if job.state == JobState.SUCCEEDED:
        return f"The model of job {job.pk} is registered already."
    return f"Job {job.pk} was over already: {job.state}."


def is_unserved(job: FineTuneJob) -> bool:
    """Whether a job gave a model that nobody has said yet where it is served."""
    is_done = job.state == JobState.SUCCEEDED and job.endpoint_id is None
    return is_done and not ModelVersion.objects.filter(job=job).exists()


def _registered(job: FineTuneJob, endpoint: Endpoint, model: str, *, by: User | None) -> ModelVersion:
    version = versions.register(endpoint, model, base=job.base, dataset=job.dataset, by=by)
    if version.job_id is not None:
        raise versions.RegistryError(f"{version} came of job {version.job_id} already: serve this one by another name.")
    versions.attach(version, job)
    return version


def _cancel_there(job: FineTuneJob) -> None:
    """Tell the trainer of a job that was cancelled while it was being made."""
    trainer = trainer_for(job.trainer)
    found = job.provider_job or trainer.find(job.endpoint, str(job.key), job.provider_files)
    if found:
        trainer.cancel(job.endpoint, found)
    FineTuneJob.objects.filter(pk=job.pk).update(must_cancel=False, provider_job=found)


def _rest(job: FineTuneJob, *, attempts: int) -> None:
    """Let go of a job until its next look: soon after it began, later the longer it takes. Another's claim stays."""
    age = timezone.now() - (job.started_at or job.created_at)
    pause = min(max(FIRST_PAUSE, age / 10), LONGEST_PAUSE)
    mine = FineTuneJob.objects.filter(pk=job.pk, lease_until=job.lease_until)
    mine.update(lease_until=None, poll_at=Now() + pause, attempts=attempts)


def _failed(job: FineTuneJob, error: ProviderError) -> None:
    """Try again later, unless it cannot help. What may be running, and costing, is never given up for not answering."""
    log.warning("Job %s: %s", job.pk, error)
    is_begun = job.state not in (JobState.WAITING, JobState.UPLOADING) or job.creating_at is not None
    if not is_begun and (error.permanent or job.attempts >= MOST_FAILURES):
        states.move(job, JobState.FAILED, error=str(error)[:1000], finished_at=timezone.now())
        return
    FineTuneJob.objects.filter(pk=job.pk).update(error=str(error)[:1000])
    _rest(job, attempts=job.attempts)


def _look(job: FineTuneJob) -> None:
    report = trainer_for(job.trainer).report(job.endpoint, job.provider_job)
    if report is None:
        _missed(job)
        return
    failpoints.reach("tuning.reported")
    JobEvent.objects.bulk_create(
        [
            JobEvent(job=job, provider_event=each.key, level=each.level[:10], message=each.message, at=each.at)
            for each in report.events
        ],
        ignore_conflicts=True,
    )
    if report.state == JobState.SUCCEEDED:
        succeed(job, report)
        return
    fields: dict[str, Any] = {
        "provider_state": report.provider_state[:40],
        "misses": 0,
        "error": report.error[:1000],
        **({"metrics": _metrics(report)} if report.metrics else {}),
    }
    if report.state in OVER:
        fields["finished_at"] = timezone.now()
    states.move(job, report.state, **fields)


def _missed(job: FineTuneJob) -> None:
    misses = job.misses + 1
    if misses < MOST_MISSES:
        FineTuneJob.objects.filter(pk=job.pk).update(misses=misses)
        return
    sentence = f"The trainer knows no job {job.provider_job} any more."
    states.move(job, JobState.FAILED, misses=misses, error=sentence, finished_at=timezone.now())


@transaction.atomic
def succeed(job: FineTuneJob, report: Report) -> None:
    """The model, what it cost, and its place in the registry, all or nothing; a second time changes nothing."""
    cost = _cost(job, report)
    fields = {
        "provider_state": report.provider_state[:40],
        "model": report.model[:300],
        "trained_tokens": report.trained_tokens,
        "cost": cost,
        "metrics": _metrics(report),
        "error": "",
        "finished_at": timezone.now(),
    }
    if not states.move(job, JobState.SUCCEEDED, **fields):
        return
    for stage in report.stages:
        kept = {"model": stage.model[:300], "metrics": dict(stage.metrics)}
        Checkpoint.objects.get_or_create(job=job, step=stage.step, defaults=kept)
    _book(job, report, cost)
    if job.endpoint is not None:
        _register(job)


def _metrics(report: Report) -> list[dict[str, float | str]]:
    return [{name: _kept(value) for name, value in row.items()} for row in report.metrics]


def _kept(value: float) -> float | str:
    """A number, or the word for what is none: jsonb holds no nan, and a training that went astray is to be seen."""
    return value if math.isfinite(value) else str(value)


def _register(job: FineTuneJob) -> None:
    """What was paid for is kept, also where the registry knows its name as something else."""
    try:
        with transaction.atomic():
            versions.register_job(job)
    except versions.RegistryError as error:
        log.warning("Job %s: %s", job.pk, error)
        FineTuneJob.objects.filter(pk=job.pk).update(error=str(error)[:1000])


def _cost(job: FineTuneJob, report: Report) -> Decimal | None:
    if job.endpoint is not None and report.trained_tokens is None:
        return None
    return submitting.cost(job.trainer, job.endpoint, job.base, report.trained_tokens or 0)


def _book(job: FineTuneJob, report: Report, cost: Decimal | None) -> None:
    """Into the ledger and the budgets; a job that was done on our own cost nobody anything."""
    if job.endpoint is None or not trainer_for(job.trainer).costs_money:
        return
    took = (timezone.now() - (job.started_at or job.created_at)).total_seconds() * 1000
    UsageRecord.objects.create(
        trace_id=job.key.hex,
        purpose=Purpose.TUNE,
        provider=job.endpoint.provider,
        model=job.base,
        input_tokens=report.trained_tokens or 0,
        cost=cost,
        latency_ms=took,
        finish_reason="stop",
    )
    budgets.settle(None, cost)
