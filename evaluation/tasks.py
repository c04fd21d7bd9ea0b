"""The jobs of this room that django-q2 carries. Each may run twice."""

from django_q.models import Schedule

from evaluation.figures import rollups


def schedule() -> None:
    """Have the jobs that come again and again done from now on; may be called any number of times."""
    Schedule.objects.update_or_create(
        name="evaluation roll up",
        defaults={"func": "evaluation.tasks.roll_up", "repeats": -1, "schedule_type": Schedule.HOURLY},
    )


def roll_up() -> None:
    rollups.roll_up()
