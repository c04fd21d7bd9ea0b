"""The jobs of this room that django-q2 carries: what Parley does by itself and has to write into the audit log."""

from django.db import transaction
from django_q.models import Schedule

from dashboard.guard import audit
from evaluation.promotion import canaries, rollout_reports
from llm.models import Rollout


def schedule() -> None:
    """Have the jobs that come again and again done from now on; may be called any number of times."""
    Schedule.objects.update_or_create(
        name="dashboard watch_rollouts",
        defaults={
            "func": "dashboard.tasks.watch_rollouts", "repeats": -1, "schedule_type": Schedule.MINUTES, "minutes": 1
        },
    )  # fmt: skip


@transaction.atomic
def watch_rollouts() -> Rollout | None:
    """Once a minute: a rollout whose candidate does harm is halted, with its line in the audit log or not at all."""
    ended = canaries.watch()
    if ended is not None:
        audit.write(None, f"rollout_{ended.state}", str(ended.pk), rollout_reports.audited(ended), nobody=audit.ITSELF)
    return ended
