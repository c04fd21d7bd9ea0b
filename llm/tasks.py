"""The jobs of this room that django-q2 carries. Each may run twice: the rows say what is to be done."""

from django_q.models import Schedule

from llm.spending import budgets


def schedule() -> None:
    """Have the job that comes again and again done from now on; may be called any number of times."""
    Schedule.objects.update_or_create(
        name="llm heal",
        defaults={"func": "llm.tasks.heal", "repeats": -1, "schedule_type": Schedule.MINUTES, "minutes": 1},
    )


def heal() -> None:
    """Once a minute: count what dead processes had set aside of the budgets as spent."""
    budgets.expire()
