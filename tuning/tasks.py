"""The jobs of this room that django-q2 carries. Each may run twice: the rows say what is to be done."""

from django_q.models import Schedule
from django_q.tasks import async_task

from tuning import expiry
from tuning.jobs import polling
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
    async_task("tuning.tasks.look_after_examples", task_name="examples in review")


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
