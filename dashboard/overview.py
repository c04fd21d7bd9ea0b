"""The state of the install and how it does, as the start page tells it."""

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from bot import presence
from bot.models import OPEN, Channel, Escalation, EscalationState, Message, Outcome, Question, Speaker
from dashboard import charts, costs, money, rollups, turns
from knowledge.models import Collection, Document, DocumentState, Sync, SyncState
from llm.models import Breaker, Deployment, Role

FAILED_SHOWN = 5
DAYS = 7
RESOLUTIONS = ("confirmed", "assumed", "escalated", "abandoned")
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
    collections: int
    answer_model: Deployment | None
    embedding_model: Deployment | None

    @property
    def is_ready(self) -> bool:
        return self.indexed > 0 and self.answer_model is not None and self.embedding_model is not None


@dataclass(frozen=True)
class Figures:
    """How the last seven days went. Times are in seconds, None before the first answer."""

    questions: int
    outcomes: list[tuple[str, int, float]]
    resolutions: list[tuple[str, int]]
    first_word: tuple[float | None, float | None]
    answer: tuple[float | None, float | None]
    chart: charts.Bars
    today: Decimal
    month: Decimal
    projection: Decimal
    budgets: list[costs.BudgetState]
    failing: list[dict[str, Any]]
    health: list[tuple[str, bool, str]]

    @property
    def labels(self) -> dict[str, str]:
        return {name: money.sum_label(getattr(self, name)) for name in ("today", "month", "projection")}


def read(visible: QuerySet[Collection]) -> Overview:
    """The state of what a person may see."""
    shelved = Document.objects.filter(collection__in=visible)
    documents = shelved.aggregate(**{state: Count("id", filter=Q(state=state)) for state in DocumentState.values})
    return Overview(
        indexed=documents[DocumentState.INDEXED],
        pending=documents[DocumentState.PENDING],
        failed=documents[DocumentState.FAILED],
        failures=list(shelved.filter(state=DocumentState.FAILED).order_by("-updated_at")[:FAILED_SHOWN]),
        collections=visible.count(),
        answer_model=_live(Role.ANSWER),
        embedding_model=_live(Role.EMBED),
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
    most = max(outcomes.values(), default=1)
    return Figures(
        questions=outcomes.total(),
        outcomes=[
            (turns.OUTCOMES[Outcome(name)][0], count, 100 * count / most) for name, count in outcomes.most_common()
        ],
        resolutions=[(name, resolutions[name]) for name in RESOLUTIONS],
        first_word=(times[0], times[1]),
        answer=(times[2], times[3]),
        chart=charts.by_day(since, today, ((row["day"], float(row["answers"])) for row in rows), unit="questions"),
        today=spent_today,
        month=month,
        projection=costs.projection(month),
        budgets=costs.budget_states(spent_today, month),
        failing=_failing(),
        health=_health(),
    )


def _live(role: Role) -> Deployment | None:
    try:
        return Deployment.objects.live(role)
    except Deployment.DoesNotExist:
        return None


def _times() -> list[float | None]:
    with connection.cursor() as cursor:
        cursor.execute(PERCENTILES, [timezone.now() - timedelta(days=DAYS)])
        found = [value for values in cursor.fetchone() for value in values or (None, None)]
    return [None if value is None else value / 1000 for value in found]


def _failing() -> list[dict[str, Any]]:
    """The newest questions that the documents did not answer, the most asked first, told apart by their words."""
    newest = (
        Message.objects.filter(speaker=Speaker.BOT, outcome=Outcome.NOT_IN_DOCS)
        .order_by("-id")
        .values_list("trace_id", "conversation_id")[:200]
    )
    places = dict(newest)
    asked = Message.objects.filter(speaker=Speaker.ASKER, trace_id__in=list(places)).values_list("trace_id", "text")
    topics: dict[str, dict[str, Any]] = {}
    for trace_id, text in asked:
        topic = topics.setdefault(" ".join(text.lower().split())[:200], {"text": text, "times": 0})
        topic["times"] += 1
        topic["conversation"] = places[trace_id]
    return sorted(topics.values(), key=lambda topic: -topic["times"])[:FAILED_SHOWN]


def _health() -> list[tuple[str, bool, str]]:
    """Bots, queue, sources and models: what each is, whether it is well, and a word."""
    waiting = Question.objects.filter(state__in=OPEN).count()
    open_ones = Escalation.objects.filter(state=EscalationState.OPEN).count()
    syncs = Sync.objects.order_by("source", "-id").distinct("source")
    failed = sum(sync.state == SyncState.FAILED for sync in syncs)
    tripped = [str(row.model) for row in Breaker.objects.exclude(opened_at=None)]
    used = set(Channel.objects.values_list("workspace__platform", flat=True).distinct())
    bots = [(f"{platform.title()} bot", bool(presence.alive(platform))) for platform in sorted(used)]
    return [
        *((name, is_well, "connected" if is_well else "not running") for name, is_well in bots),
        ("Queue", waiting < 50, f"{waiting} waiting"),
        ("Escalations", open_ones == 0, f"{open_ones} open"),
        ("Sources", failed == 0, f"{failed} failed" if failed else "well"),
        ("Models", not tripped, f"left alone: {', '.join(tripped)}" if tripped else "well"),
    ]
