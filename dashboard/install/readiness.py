"""Whether this install can do its work now: what a load balancer or an alarm asks."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone
from django_q.models import OrmQ, Task

from bot import platforms
from bot.questions import presence


@dataclass(frozen=True)
class Check:
    """One thing that must work. `detail` is a sentence for whoever is woken by it."""

    name: str
    is_ok: bool
    detail: str


def checks() -> list[Check]:
    wanted: dict[str, Callable[[], Check]] = {"database": _database, "queue": _queue}
    wanted |= {name: partial(_bot, name) for name in settings.PROCESSES if name in platforms.REGISTRY}
    return [_checked(name, check) for name, check in wanted.items()]


def _checked(name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except DatabaseError as error:
        return Check(name, False, f"PostgreSQL says: {str(error).splitlines()[0]}")


def _bot(platform: str) -> Check:
    """A platform whose token is set needs a process that listens to it."""
    alive = presence.alive(platform)
    if any(each.is_connected for each in alive):
        return Check(platform, True, f"{len(alive)} listening.")
    what = "Its process is not connected." if alive else f"No process runs; start: manage.py runbot {platform}"
    return Check(platform, False, what)


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check("database", True, "PostgreSQL answers.")


def _queue() -> Check:
    """Jobs may wait while others run; they may not wait with no worker having done anything for the longest job's time.

    A waiting row's lock is the time it was queued, a running one's lies in the future (django_q.brokers.orm).
    """
    now = timezone.now()
    patience = timedelta(seconds=settings.JOB_SECONDS)
    waiting = OrmQ.objects.filter(lock__lte=now).count()
    is_overdue = OrmQ.objects.filter(lock__lte=now - patience).exists()
    is_working = OrmQ.objects.filter(lock__gt=now).exists() or Task.objects.filter(stopped__gt=now - patience).exists()
    if is_overdue and not is_working:
        return Check("queue", False, f"{waiting} jobs wait and no worker takes them. Is manage.py qcluster running?")
    return Check("queue", True, f"{waiting} jobs wait.")
