"""The jobs of this room that django-q2 carries. Each may run twice: the rows say what is to be done."""

from datetime import timedelta

from django.utils import timezone
from django_q.models import Schedule

from bot import retention
from bot.models import Question, Receipt
from bot.team import articles, escalations, reminders
from knowledge.models import Collection

KEPT = timedelta(
    days=7
)  # how long a delivery is known; platforms deliver again for minutes, history reaches back a day


def schedule() -> None:
    """Have the jobs that come again and again done from now on; may be called any number of times."""
    for name, kind, minutes in (("remind", Schedule.MINUTES, 1), ("forget", Schedule.DAILY, None)):
        Schedule.objects.update_or_create(
            name=f"bot {name}",
            defaults={"func": f"bot.tasks.{name}", "repeats": -1, "schedule_type": kind, "minutes": minutes},
        )


def remind() -> None:
    """Every minute: tell teams of what waits for them."""
    escalations.announce()
    reminders.remind()


def forget() -> None:
    """Once a day: drop the receipts that nobody will ask for, what was kept long enough, and answers' old addresses."""
    Receipt.objects.filter(created_at__lt=timezone.now() - KEPT).delete()
    retention.purge()
    Question.objects.filter(reply_until__lt=timezone.now()).exclude(reply_token="").update(reply_token="")


def index_article(collection: int, name: str) -> None:
    """A job that an older install queued: its article is a file without a row, which nothing else would find."""
    articles.index_old(Collection.objects.get(pk=collection), name)
