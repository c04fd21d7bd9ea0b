"""From a frozen dataset to a job that a trainer works on, with nothing paid twice."""

import logging
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet, Sum
from django.utils import timezone

from foundation import failpoints, locks
from llm.completion import ProviderError
from llm.models import Endpoint
from llm.spending import budgets, money, pricing
from tuning.datasets import formats
from tuning.jobs import states
from tuning.models import OVER, Dataset, DatasetLine, FineTuneJob, JobState, ModelVersion, Split
from tuning.trainers import TRAINERS, trainer_for
from tuning.trainers.base import Availability, Order, Trainer

log = logging.getLogger(__name__)

EPOCHS = 3
ORDERS = "parley fine-tune orders"
LEASE = timedelta(minutes=10)  # longer than any step takes


class OrderError(ValueError):
    """This cannot be ordered; the message says why. Nothing was sent."""


@dataclass(frozen=True)
class WantedJob:
    """What a person orders. `parameters` are the trainer's own; epochs are among them."""

    dataset: Dataset
    trainer: str
    base: str
    endpoint: Endpoint | None = None
    epochs: int = EPOCHS
    parameters: Mapping[str, Any] | None = None
    replaces: ModelVersion | None = None


def estimate(wanted: WantedJob) -> Decimal | None:
    """USD, None where no price is known: the tokens that are trained on, once for each epoch."""
    return cost(wanted.trainer, wanted.endpoint, wanted.base, wanted.dataset.tokens * wanted.epochs)


def cost(trainer: str, endpoint: Endpoint | None, base: str, tokens: int) -> Decimal | None:
    """USD for training on so many tokens, None where no price is known; what trains on our own asks for none."""
    if endpoint is None or not trainer_for(trainer).costs_money:
        return Decimal(0)
    return pricing.training_cost(endpoint.provider, base, tokens, timezone.now())


@transaction.atomic
def order(wanted: WantedJob, *, by: User | None, key: uuid.UUID | None = None) -> FineTuneJob:
    """A job that a worker takes to its trainer. Whoever calls has shown the estimate. Raises OrderError.

    What earlier jobs may still cost is not there to be spent: one order is weighed at a time. Whoever may order the
    same twice, as by pressing twice, gives a `key`, and gets the job of the first time.
    """
    check(wanted, timezone.now().date())
    estimated = estimate(wanted)
    locks.hold(ORDERS)
    if key is not None and (there := FineTuneJob.objects.filter(key=key).first()):
        return there
    left = room()
    if estimated is not None and left is not None and estimated > left:
        raise OrderError(f"It may cost {money.amount(estimated)}, and the budget has {money.amount(left)} left.")
    return FineTuneJob.objects.create(
        dataset=wanted.dataset,
        trainer=wanted.trainer,
        endpoint=wanted.endpoint,
        base=wanted.base.strip(),
        parameters=_parameters(wanted),
        key=key or uuid.uuid4(),
        estimate=estimated,
        replaces=wanted.replaces,
        created_by=by,
    )


def room() -> Decimal | None:
    """USD that no budget, and no job under way, needs; None where no budget stops anything."""
    left = budgets.room()
    if left is None:
        return None
    ordered = FineTuneJob.objects.exclude(state__in=OVER).aggregate(sum=Sum("estimate", default=Decimal(0)))["sum"]
    return left - Decimal(ordered)


def offers(today: date) -> Iterator[tuple[str, Endpoint | None, Availability]]:
    """Every trainer, at each endpoint it could use, and whether it is there for this install."""
    endpoints = list(Endpoint.objects.filter(provider="openai").order_by("name"))
    for name in TRAINERS:
        trainer = trainer_for(name)
        places: list[Endpoint | None] = [*endpoints] if trainer.takes_an_endpoint and endpoints else [None]
        for place in places:
            yield name, place, trainer.availability(place, today)


def check(wanted: WantedJob, today: date) -> None:
    """Raises OrderError for what can be known without asking anybody."""
    trainer = trainer_for(wanted.trainer)
    if not wanted.base.strip():
        raise OrderError("Say which model is to be tuned.")
    if wanted.epochs < 1:
        raise OrderError("It takes at least one epoch.")
    if trainer.takes_an_endpoint and wanted.endpoint is None:
        raise OrderError(f"The trainer {wanted.trainer} takes an endpoint.")
    available = trainer.availability(wanted.endpoint, today)
    if not available.is_available:
        raise OrderError(available.why)
    if objection := trainer.objection(wanted.base.strip(), wanted.parameters or {}):
        raise OrderError(objection)


def submit(job: FineTuneJob) -> None:
    """Take a claimed job to its trainer. May be done again after every death: what is there already is found.

    Raises ProviderError.
    """
    trainer = trainer_for(job.trainer)
    if job.state == JobState.WAITING and not states.move(job, JobState.UPLOADING):
        return
    order = _order(job, trainer)
    if not order.training:
        sentence = "Nothing of the dataset is left to train on."
        states.move(job, JobState.FAILED, error=sentence, finished_at=timezone.now())
        return
    if not job.provider_files:
        files = trainer.upload(job.endpoint, order)
        failpoints.reach("tuning.uploaded")
        if not states.move(job, JobState.UPLOADING, provider_files=files):
            return
    found = trainer.find(job.endpoint, str(job.key), job.provider_files)
    if not found:
        trainer.ready(job.endpoint, job.provider_files)
        found = _create(job, trainer, order)
        if not found:
            return
    FineTuneJob.objects.filter(pk=job.pk).update(provider_job=found)
    states.move(job, JobState.RUNNING, provider_job=found, started_at=timezone.now())


def _create(job: FineTuneJob, trainer: Trainer, order: Order) -> str:
    """Begin, and say what the job is called; empty where somebody else has the job by now."""
    begun_before = job.creating_at
    if not _may_create(job):
        return ""
    failpoints.reach("tuning.creating")
    try:
        found = trainer.create(job.endpoint, order, job.provider_files)
    except ProviderError as error:
        if error.permanent:  # refused, so that there is nothing that costs
            job.creating_at = begun_before
            FineTuneJob.objects.filter(pk=job.pk).update(creating_at=begun_before)
        raise
    failpoints.reach("tuning.created")
    return found


def _may_create(job: FineTuneJob) -> bool:
    """Whether this claim still holds; from here on there may be a job that costs, whatever becomes of us."""
    mine = FineTuneJob.objects.filter(pk=job.pk, state=JobState.UPLOADING, lease_until=job.lease_until)
    job.creating_at, lease = timezone.now(), timezone.now() + LEASE
    is_mine = bool(mine.update(creating_at=job.creating_at, lease_until=lease))
    job.lease_until = lease
    return is_mine


def _order(job: FineTuneJob, trainer: Trainer) -> Order:
    train, validation = (
        job.dataset.lines.filter(split=split).exclude(messages=[]) for split in (Split.TRAIN, Split.VALIDATION)
    )
    return Order(
        str(job.key),
        job.base,
        _written(train, trainer.file_format),
        _written(validation, trainer.file_format),
        job.parameters,
        _written(train.exclude(rejected=""), trainer.preference_format),
    )


def _written(lines: QuerySet[DatasetLine], name: str) -> bytes:
    return formats.write(lines, name) if name and lines.exists() else b""


def plan(wanted: WantedJob) -> Sequence[str]:
    """What would be done, in sentences, if the trainer has more to say. Raises OrderError, ProviderError."""
    check(wanted, timezone.now().date())
    trainer = trainer_for(wanted.trainer)
    dry = FineTuneJob(
        dataset=wanted.dataset, base=wanted.base.strip(), parameters=_parameters(wanted), key=uuid.uuid4()
    )
    return trainer.plan(_order(dry, trainer))


def _parameters(wanted: WantedJob) -> dict[str, Any]:
    return {**(wanted.parameters or {}), "n_epochs": wanted.epochs}
