"""The ledger and the answers by day. Past days are added up once and kept; what is newer is added up when it is asked.

Both come from the same statements, so the sums of a page are those of the ledger to the last digit.
"""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from evaluation.figures import resolution
from evaluation.models.figures import DailyAnswers, DailyUsage

AGAIN = 3  # days that are added up anew each time, as thumbs and late calls still come in

USAGE = """
SELECT (u.created_at AT TIME ZONE 'UTC')::date AS day, coalesce(c.platform, '') AS platform, c.channel_id,
  u.purpose, u.provider, u.model, count(*) AS calls, count(*) FILTER (WHERE u.cost IS NULL) AS unpriced,
  sum(u.input_tokens) AS input_tokens, sum(u.cached_input_tokens) AS cached_input_tokens,
  sum(u.output_tokens) AS output_tokens, coalesce(sum(u.cost), 0) AS cost
FROM llm_usagerecord u
LEFT JOIN bot_message m ON m.trace_id = u.trace_id AND m.speaker = 'bot'
LEFT JOIN bot_conversation c ON c.id = m.conversation_id
WHERE u.created_at >= %(since)s AND u.created_at < %(until)s
GROUP BY 1, 2, 3, 4, 5, 6
"""

ANSWERS = f"""
SELECT (m.created_at AT TIME ZONE 'UTC')::date AS day, c.platform, c.channel_id, m.model, m.outcome,
  {resolution.OF_ANSWER} AS resolution, count(*) AS answers
FROM bot_message m
JOIN bot_conversation c ON c.id = m.conversation_id
{resolution.JOINED}
WHERE m.speaker = 'bot' AND m.created_at >= %(since)s AND m.created_at < %(until)s
GROUP BY 1, 2, 3, 4, 5, 6
"""  # noqa: S608  our own words

TABLES: tuple[tuple[type[DailyUsage] | type[DailyAnswers], str], ...] = ((DailyUsage, USAGE), (DailyAnswers, ANSWERS))


def start_of(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def today() -> date:
    return timezone.now().date()


def roll_up() -> int:
    """Add up the days before today that are not yet, and the newest of those that are; how many days."""
    last = (
        DailyUsage.objects.aggregate(Max("day"))["day__max"] or DailyAnswers.objects.aggregate(Max("day"))["day__max"]
    )
    first = last - timedelta(days=AGAIN - 1) if last else _first_day()
    if first is None or first >= today():
        return 0
    with transaction.atomic():
        for table, statement in TABLES:
            table.objects.filter(day__gte=first).delete()
            made: list[Any] = [table(**row) for row in _asked(statement, first, today())]
            table.objects.bulk_create(made, batch_size=2000)
    return (today() - first).days


def _first_day() -> date | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT least((SELECT min(created_at) FROM llm_usagerecord), (SELECT min(created_at) FROM bot_message))"
        )
        found: datetime | None = cursor.fetchone()[0]
    return found.date() if found else None


def usage(since: date) -> list[dict[str, Any]]:
    """The ledger from a day on, today included, by day, place, purpose and model."""
    return _rows(DailyUsage, USAGE, since)


def answers(since: date) -> list[dict[str, Any]]:
    """The answers from a day on, today included, by day, place, model, outcome and resolution."""
    return _rows(DailyAnswers, ANSWERS, since)


def _rows(table: type[DailyUsage] | type[DailyAnswers], statement: str, since: date) -> list[dict[str, Any]]:
    kept: list[Any] = list(table.objects.filter(day__gte=since).values())
    last = max((row["day"] for row in kept), default=None) or table.objects.aggregate(Max("day"))["day__max"]
    fresh = max(since, last + timedelta(days=1)) if last else since
    return [*kept, *_asked(statement, fresh, today() + timedelta(days=1))]


def _asked(statement: str, since: date, until: date) -> Iterator[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"since": start_of(since), "until": start_of(until)})
        names = [column.name for column in cursor.description]
        for row in cursor.fetchall():
            yield dict(zip(names, row, strict=True))
