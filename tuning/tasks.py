"""The jobs of this room that django-q2 carries. Each may run twice: the rows say what is to be done."""

from collections.abc import Iterable
from functools import partial

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django_q.models import Schedule
from django_q.tasks import async_task

from tuning import expiry
from tuning.examples import bulk, improvements, nominations
from tuning.jobs import polling
from tuning.models import ProposalBatch
from tuning.reviews import impact, routing, staleness


def schedule() -> None:
    """Have the jobs that come again and again done from now on; may be called any number of times."""
    for name, when in (
        ("tick", {"schedule_type": Schedule.MINUTES, "minutes": 1}),
        ("watch", {"schedule_type": Schedule.DAILY}),
    ):
        Schedule.objects.update_or_create(
            name=f"tuning {name}", defaults={"func": f"tuning.tasks.{name}", "repeats": -1, **when}
        )


def tick() -> None:
    """Once a minute: have the jobs that are due looked at, and the examples."""
    for pk in polling.due().values_list("pk", flat=True):
        async_task("tuning.tasks.advance", pk, task_name=f"fine-tune job {pk}")
    for pk in bulk.lost():
        queue_batch(pk)
    async_task("tuning.tasks.take_in", task_name="examples proposed")
    async_task("tuning.tasks.look_after_examples", task_name="examples in review")


def take_in() -> None:
    """What people nominated on platforms, and what they improved."""
    try:
        nominations.settle()
    finally:
        improvements.propose_improved()


def propose_all(answers: Iterable[int], *, by: User) -> ProposalBatch:
    """Propose a few answers at once, and many as soon as what was asked for is committed. Raises TooManyError, and
    ProviderError for a few."""
    chosen = list(dict.fromkeys(answers))
    if len(chosen) <= bulk.AT_ONCE:
        return bulk.do_now(chosen, by=by)
    batch = bulk.request(chosen, by=by)
    transaction.on_commit(partial(queue_batch, batch.pk))
    return batch


def queue_batch(pk: int) -> None:
    async_task("tuning.tasks.propose_batch", pk, task_name=f"proposals {pk}", timeout=settings.LONGEST_JOB_SECONDS)


def propose_batch(pk: int) -> None:
    bulk.run(pk)


def look_after_examples() -> None:
    """What has changed under the examples: documents, articles that are there by now, what waits in the queue."""
    routing.settle_all()
    staleness.recall()
    if impact.is_due():
        impact.reckon()


def advance(pk: int) -> None:
    polling.advance(pk)


def watch() -> None:
    """Once a day: ask the providers which models end, and order the queue by what was asked lately."""
    expiry.watch()
    impact.reckon()
