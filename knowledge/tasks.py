"""The jobs of this room that django-q2 carries. Each may run twice, or never: the rows say what is to be done."""

from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule
from django_q.tasks import async_task

from foundation import leases
from knowledge.index import model_change, reconciling
from knowledge.models import BuildState, Collection, Document, IndexBuild, Source, SourceKind, Sync
from knowledge.originals.repositories import clones
from knowledge.sources import syncing, uploads

QUEUED_AGAIN_AFTER = timedelta(minutes=2)  # a job that waits longer may have been lost with its worker


def schedule() -> None:
    """Have the jobs that come again and again done from now on; may be called any number of times."""
    every_minute = {"schedule_type": Schedule.MINUTES, "minutes": 1}
    # Counting a million passages again takes longer than a job otherwise may.
    every_day = {
        "schedule_type": Schedule.DAILY,
        "kwargs": str({"q_options": {"timeout": settings.LONGEST_JOB_SECONDS}}),
    }
    for name, when in (("tick", every_minute), ("reconcile", every_day)):
        Schedule.objects.update_or_create(
            name=f"knowledge {name}", defaults={"func": f"knowledge.tasks.{name}", "repeats": -1, **when}
        )


def tick() -> None:
    """Once a minute: what is due is queued, what was lost is queued again, what never ends is ended."""
    now = timezone.now()
    syncing.give_up()
    due = {sync.pk for sync in syncing.request_due(now)}
    lost = leases.abandoned(Sync).filter(created_at__lt=now - QUEUED_AGAIN_AFTER).values_list("pk", flat=True)
    for pk in sorted(due | set(lost)):
        queue_sync(pk)
    for pk in uploads.lost():
        queue_upload(pk)
    model_change.give_up()
    for build in leases.abandoned(IndexBuild):
        queue_index_build(build.pk)
    clones.forget_others(Source.objects.filter(kind=SourceKind.GIT).values_list("location", flat=True))


def read_now(source: Source) -> None:
    """Have a source read as soon as what was said of it is committed."""
    pk = syncing.request(source).pk
    transaction.on_commit(partial(queue_sync, pk))


def queue_sync(pk: int) -> None:
    async_task("knowledge.tasks.sync", pk, task_name=f"sync {pk}", timeout=settings.LONGEST_JOB_SECONDS)


def sync(pk: int) -> None:
    syncing.run(pk)


def hand_in(name: str, chunks: Iterable[bytes], collection: Collection) -> Document:
    """Keep a file and have it read as soon as its row is committed. Raises UploadError."""
    document = uploads.keep(name, chunks, collection)
    transaction.on_commit(partial(queue_upload, document.pk))
    return document


def hand_in_article(name: str, text: str, collection: Collection) -> Document:
    """As `hand_in`, for what a person wrote."""
    document = uploads.keep_article(name, text, collection)
    transaction.on_commit(partial(queue_upload, document.pk))
    return document


def queue_upload(pk: int) -> None:
    async_task("knowledge.tasks.upload", pk, task_name=f"upload {pk}", timeout=settings.LONGEST_JOB_SECONDS)


def upload(pk: int) -> None:
    uploads.index(pk)


def queue_index_build(pk: int) -> None:
    async_task("knowledge.tasks.index_build", pk, task_name=f"index build {pk}")


def index_build(pk: int) -> None:
    """A slice of a build; the next one queues up behind the others. After a failure the tick comes back to it."""
    build = model_change.run(pk, seconds=model_change.SLICE_SECONDS)
    if build is not None and build.state == BuildState.WAITING and not build.reason:
        queue_index_build(pk)


def reconcile() -> None:
    """Once a day: see that the index holds what the documents say, and nothing else; read anew what older code read."""
    reconciling.reconcile()
    for pk in uploads.outdated():
        async_task("knowledge.tasks.read_again", pk, task_name=f"read {pk} again", timeout=settings.LONGEST_JOB_SECONDS)


def read_again(pk: int) -> None:
    uploads.read_again(pk)
