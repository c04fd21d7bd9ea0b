"""The state of the install and how it does, as the start page tells it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from bot.models import OPEN, Escalation, Message, Outcome, Speaker
from bot.questions import presence
from dashboard.rendering import charts, words
from evaluation.figures import costs, resolution, rollups
from evaluation.models import DriftReading
from evaluation.promotion import drift_readings
from knowledge.models import Collection, Document, DocumentState
from llm.models import TOLD, Deployment, Rollout, ServingRole
from llm.spending import money
from tuning import expiry

FAILED_SHOWN = 5
DAYS = 7
BUSY = 50  # questions that wait: more than a bot answers at once
HEALTH = """
SELECT (SELECT count(*) FROM bot_question WHERE state = ANY(%(states)s)),
  (SELECT count(*) FROM bot_escalation WHERE state = 'open'),
  (SELECT count(*) FROM (SELECT DISTINCT ON (source_id) state FROM knowledge_sync ORDER BY source_id, id DESC) s
    WHERE state = 'failed'),
  ARRAY(SELECT model FROM llm_breaker WHERE opened_at IS NOT NULL),
  ARRAY(SELECT DISTINCT w.platform FROM bot_channel c JOIN bot_workspace w ON w.id = c.workspace_id ORDER BY 1),
  ARRAY(SELECT DISTINCT platform FROM bot_botprocess
    WHERE is_connected AND seen_at > now() - make_interval(secs => %(seconds)s)),
  EXISTS (SELECT FROM tuning_modelversion WHERE retires_on <= current_date + %(days)s),
  EXISTS (SELECT FROM llm_rollout WHERE state = 'going' OR state = 'halted' AND ended_at > now() - %(told)s),
  EXISTS (SELECT FROM evaluation_driftreading WHERE state = 'drifted'),
  (SELECT count(*) FROM bot_message WHERE caught > 0 AND created_at >= %(since)s::timestamp AT TIME ZONE 'UTC')
"""
PERCENTILES = """
SELECT percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY first_token_ms),
  percentile_cont(ARRAY[0.5, 0.95]) WITHIN GROUP (ORDER BY total_ms)
FROM bot_message WHERE speaker = 'bot' AND created_at >= %s
"""


@dataclass(frozen=True)
class Overview:
    """Counts of documents by state, and the live models (None before set-up)."""

    indexed: int
    pending: int
    failed: int
    failures: list[Document]
    visible: QuerySet[Collection]
    answer_model: Deployment | None
    embedding_model: Deployment | None

    @property
    def collections(self) -> int:
        return self.visible.count()

    @property
    def is_ready(self) -> bool:
        return self.indexed > 0 and self.answer_model is not None and self.embedding_model is not None


@dataclass(frozen=True)
class Figures:
    """How the last seven days, from `since` on, went. Times are in seconds, None before the first answer.

    `caught` answers had a claim that no passage holds, and were not shown with it. For `untold`
    questions somebody waits, and no post tells of it.
    """

    questions: int
    outcomes: list[tuple[str, int, float]]
    resolutions: list[tuple[str, str, int]]
    first_word: tuple[float | None, float | None]
    answer: tuple[float | None, float | None]
    chart: charts.Bars
    today: Decimal
    month: Decimal
    projection: Decimal
    budgets: list[costs.BudgetState]
    failing: list[dict[str, Any]]
    health: list[tuple[str, bool, str]]
    endings: Sequence[expiry.Ending]
    rollout: Rollout | None
    drifted: list[DriftReading]
    caught: int
    untold: int
    since: date
    days: int = DAYS

    @property
    def labels(self) -> dict[str, str]:
        return {name: money.sum_label(getattr(self, name)) for name in ("today", "month", "projection")}


def read(visible: QuerySet[Collection]) -> Overview:
    """The state of what a person may see."""
    shelved = Document.objects.filter(collection__in=visible)
    live = {row.role: row for row in Deployment.objects.newest()}
    documents = shelved.aggregate(**{state: Count("id", filter=Q(state=state)) for state in DocumentState.values})
    return Overview(
        indexed=documents[DocumentState.INDEXED],
        pending=documents[DocumentState.PENDING],
        failed=documents[DocumentState.FAILED],
        failures=_failures(shelved) if documents[DocumentState.FAILED] else [],
        visible=visible,
        answer_model=live.get(ServingRole.ANSWER),
        embedding_model=live.get(ServingRole.EMBED),
    )


def figures() -> Figures:
    today = rollups.today()
    since = today - timedelta(days=DAYS - 1)
    rows = rollups.answers(since)
    outcomes, resolutions = Counter[str](), Counter[str]()
    for row in rows:
        outcomes[row["outcome"]] += row["answers"]
        resolutions[row["resolution"]] += row["answers"]
    spent = rollups.usage(today.replace(day=1))
    month = sum((row["cost"] for row in spent), Decimal(0))
    spent_today = sum((row["cost"] for row in spent if row["day"] == today), Decimal(0))
    times = _times()
    health, told = _health(since)
    most = max(outcomes.values(), default=1)
    return Figures(
        questions=outcomes.total(),
        outcomes=[
            (words.OUTCOMES[Outcome(name)][0], count, 100 * count / most) for name, count in outcomes.most_common()
        ],
        resolutions=[(*words.RESOLUTIONS[name], resolutions[name]) for name in resolution.RESOLUTIONS],
        first_word=(times[0], times[1]),
        answer=(times[2], times[3]),
        chart=charts.by_day(since, today, ((row["day"], float(row["answers"])) for row in rows), unit="questions"),
        today=spent_today,
        month=month,
        projection=costs.projection(month),
        budgets=costs.budget_states(spent_today, month),
        failing=_failing(),
        health=health,
        endings=expiry.endings(today) if told.endings else (),
        rollout=Rollout.objects.told() if told.rollout else None,
        drifted=drift_readings.drifted() if told.drift else [],
        caught=told.caught,
        untold=Escalation.objects.told_nobody().count() if told.escalations else 0,
        since=since,
    )


def _failures(shelved: QuerySet[Document]) -> list[Document]:
    return list(shelved.filter(state=DocumentState.FAILED).order_by("-updated_at")[:FAILED_SHOWN])


def _times() -> list[float | None]:
    with connection.cursor() as cursor:
        cursor.execute(PERCENTILES, [timezone.now() - timedelta(days=DAYS)])
        found = [value for values in cursor.fetchone() for value in values or (None, None)]
    return [None if value is None else value / 1000 for value in found]


def _failing() -> list[dict[str, Any]]:
    """The newest questions that the documents did not answer, the most asked first, told apart by their words."""
    failed = Message.objects.filter(speaker=Speaker.BOT, outcome=Outcome.NOT_IN_DOCS)
    newest = failed.with_asked_text().order_by("-id")
    topics: dict[str, dict[str, Any]] = {}
    for answer in newest.only("conversation_id")[:200]:
        text = answer.asked_text or ""
        topic = topics.setdefault(" ".join(text.lower().split())[:200], {"text": text, "times": 0})
        topic["times"] += 1
        topic["conversation"] = answer.conversation_id
    return sorted(topics.values(), key=lambda topic: -topic["times"])[:FAILED_SHOWN]


@dataclass(frozen=True)
class ToTell:
    """What there is to be told of each, which is looked up only then; and how many answers had something caught before
    they were shown."""

    escalations: int
    endings: bool
    rollout: bool
    drift: bool
    caught: int


def _health(since: date) -> tuple[list[tuple[str, bool, str]], ToTell]:
    """Bots, queue, sources and models: what each is, whether it is well, and a word; and what else is to be told."""
    asked: dict[str, Any] = {"states": list(OPEN), "seconds": presence.FRESH.total_seconds(), "days": max(expiry.DAYS)}
    asked |= {"told": TOLD, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(HEALTH, asked)
        waiting, open_ones, failed, tripped, used, alive, *told = cursor.fetchone()
    bots = [(f"{platform.title()} bot", platform in alive) for platform in used]
    found = [
        *((name, is_well, "connected" if is_well else "not running") for name, is_well in bots),
        ("Queue", waiting < BUSY, f"{waiting} waiting"),
        ("Escalations", open_ones == 0, f"{open_ones} open"),
        ("Sources", failed == 0, f"{failed} failed" if failed else "well"),
        ("Models", not tripped, f"left alone: {', '.join(tripped)}" if tripped else "well"),
    ]
    return found, ToTell(open_ones, *told)
