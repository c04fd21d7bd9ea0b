"""Once a week: how the model that answers does beside what it did when it began, as rows."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from bot.answers import trace
from bot.claims import grounding
from bot.models import Feedback, Message, Outcome, Speaker
from evaluation.models import DriftMeasure, DriftReading, DriftState
from evaluation.promotion import drift, frozen_again
from evaluation.promotion.drift import Moved, Sampled
from llm.models import Deployment, Rollout, RolloutState, ServingRole
from tuning.models import ModelVersion
from tuning.registry import lineage
from tuning.reviews import staleness

log = logging.getLogger(__name__)

WEEK = timedelta(days=7)
MOST = 2_000  # answers of a week that are read, the newest; of these GROUNDED are held against their passages
GROUNDED = 300
EXAMPLES = 500
BEGINNINGS = 10  # decisions for a model that are looked through for when it began
GIVEN = (Outcome.ANSWERED, Outcome.NOT_IN_DOCS, Outcome.BLOCKED)


@dataclass(frozen=True)
class WatchedTime:
    since: datetime
    until: datetime


def read(now: datetime) -> list[DriftReading]:
    """The readings of the week that is over by `now`, of the model that answers.

    None where they are there already, or what it is compared with is not over. May be called any number of times.
    """
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    monday = _monday(now)
    if live is None or (not _kept_baseline(live) and _beginning(live).until > monday - WEEK):
        return []
    week = (monday - WEEK).date()
    if _readings(live).filter(week=week).exists():
        return []
    rows = [*_of_answers(live, WatchedTime(monday - WEEK, monday), week), *_of_itself(live, week, now.date())]
    made = DriftReading.objects.bulk_create(rows, ignore_conflicts=True)
    for row in made:
        if row.state == DriftState.DRIFTED:
            log.warning("%s has drifted: %s", live, row)
    return made


def newest() -> list[DriftReading]:
    """Those of the newest week there is, of the model that answers now."""
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    if live is None:
        return []
    rows = _readings(live).select_related("deployment__endpoint")
    last = rows.order_by("-week").values("week")[:1]
    return list(rows.filter(week__in=last).order_by("id"))


def drifted() -> list[DriftReading]:
    """Of the newest ones those that have moved; of the end of a model people are told elsewhere."""
    moved = (each for each in newest() if each.state == DriftState.DRIFTED)
    return [each for each in moved if each.measure != DriftMeasure.ENDS]


def _of_answers(live: Deployment, span: WatchedTime, week: date) -> list[DriftReading]:
    now = list(_given(live, span))
    known = _kept_baseline(live)
    began = [] if known.keys() >= {*TAKEN, DriftMeasure.TOPICS} else list(_given(live, _beginning(live)))
    rows = []
    for measure, take in TAKEN.items():
        before = Sampled(**known[measure]) if measure in known else take(began)
        found = take(now)
        rows.append(_row(live, measure, week, found, before, drift.compared(measure, before, found)))
    return [*rows, _topics(live, week, known.get(DriftMeasure.TOPICS) or _documents(began), _documents(now))]


def _row(
    live: Deployment, measure: DriftMeasure, week: date, found: Sampled, before: Sampled, moved: Moved
) -> DriftReading:
    return DriftReading(
        deployment=live, measure=measure, week=week, value=found.value, sample=found.size, baseline=before.value,
        baseline_sample=before.size, state=moved.state, note=moved.note, details=drift.kept(before),
    )  # fmt: skip


def _topics(live: Deployment, week: date, before: Mapping[str, int], now: Mapping[str, int]) -> DriftReading:
    value, moved = drift.of_topics(before, now)
    return DriftReading(
        deployment=live, measure=DriftMeasure.TOPICS, week=week, value=value, sample=sum(now.values()), baseline=0.0,
        baseline_sample=sum(before.values()), state=moved.state, note=moved.note, details=dict(before),
    )  # fmt: skip


def _of_itself(live: Deployment, week: date, today: date) -> list[DriftReading]:
    """What no answer tells: its sources, its end, and the frozen cases."""
    version = ModelVersion.objects.filter(endpoint=live.endpoint, model=live.model).first()
    changed, examples = _changed(version)
    ends = version.retires_on if version else None
    days = (ends - today).days if ends else None
    before, found, note = frozen_again.passed(live)
    again = Moved(DriftState.UNKNOWN, note) if note else drift.compared(DriftMeasure.FROZEN, before, found)
    sources = Sampled(changed / examples if examples else None, examples)
    end = Sampled(None if days is None else float(days), 0)
    return [
        _row(live, DriftMeasure.SOURCES, week, sources, Sampled(0.0, 0), drift.of_sources(changed, examples)),
        _row(live, DriftMeasure.ENDS, week, end, Sampled(None, 0), drift.of_end(days)),
        _row(live, DriftMeasure.FROZEN, week, found, before, again),
    ]


def _changed(version: ModelVersion | None) -> tuple[int, int]:
    """Of the examples it was trained on, those whose cited documents say something else now, and how many there are."""
    if version is None:
        return 0, 0
    lines = lineage.taught(version).filter(example__isnull=False).order_by("id")[:EXAMPLES]
    examples = [line.example for line in lines if line.example]
    return sum(bool(staleness.changes(each)) for each in examples), len(examples)


def _readings(live: Deployment) -> QuerySet[DriftReading]:
    """Those of a model, however often it was let answer."""
    return DriftReading.objects.filter(
        deployment__endpoint=live.endpoint_id, deployment__model=live.model, deployment__prompt=live.prompt
    )


def _kept_baseline(live: Deployment) -> dict[str, Any]:
    """What the first readings of this model were compared with, as answers do not stay for ever."""
    rows = _readings(live).exclude(details={}).order_by("-week")
    return {row.measure: row.details for row in rows if row.baseline_sample >= drift.LEAST}


def _beginning(live: Deployment) -> WatchedTime:
    """What a model is compared with: its first canary or else its first week, of those that gave enough answers.

    A time in which it answered again, after a rollback or another decision for it, is none of them.
    """
    served = {"endpoint": live.endpoint_id, "model": live.model, "prompt": live.prompt}
    for rollout in Rollout.objects.filter(state=RolloutState.FINISHED, **served).order_by("id")[:BEGINNINGS]:
        canary = WatchedTime(rollout.created_at, rollout.ended_at or live.created_at)
        if _count(live, canary) >= drift.LEAST_TOPICS:
            return canary
    rows = Deployment.objects.filter(role=ServingRole.ANSWER, **served).order_by("id")[:BEGINNINGS]
    weeks = [WatchedTime(row.created_at, row.created_at + WEEK) for row in rows]
    enough = (week for week in weeks if _count(live, week) >= drift.LEAST)
    return next(enough, WatchedTime(live.created_at, live.created_at + WEEK))


def _count(live: Deployment, span: WatchedTime) -> int:
    return len(_given(live, span).values("pk"))


def _given(live: Deployment, span: WatchedTime) -> QuerySet[Message]:
    """The newest answers that a model gave itself, each with whether somebody pressed thumbs down."""
    disliked = Feedback.objects.filter(message=OuterRef("pk"), is_positive=False)
    found = Message.objects.filter(
        speaker=Speaker.BOT, provider=live.endpoint.provider, model=live.model, is_stand_in=False, outcome__in=GIVEN,
        created_at__gte=span.since, created_at__lt=span.until,
    ).annotate(is_disliked=Exists(disliked))  # fmt: skip
    return found.order_by("-id")[:MOST]


def _answered(answers: Sequence[Message]) -> list[Message]:
    return [each for each in answers if each.outcome == Outcome.ANSWERED]


def _grounded(answers: Sequence[Message]) -> Sampled:
    found = []
    for each in _answered(answers)[:GROUNDED]:
        known = trace.of(each)
        score = grounding.ground(each.text, [hit.text for hit in known.passages], [known.question]).score
        found += [] if score is None else [score]
    return Sampled.of(found)


def _documents(answers: Sequence[Message]) -> dict[str, int]:
    """How often each document was the nearest to what was asked."""
    nearest = (trace.of(each).passages[:1] for each in answers)
    return dict(Counter(str(passages[0].document_id) for passages in nearest if passages))


TAKEN: Mapping[DriftMeasure, Callable[[Sequence[Message]], Sampled]] = {
    DriftMeasure.REFUSED: lambda answers: Sampled.of([float(each.outcome != Outcome.ANSWERED) for each in answers]),
    DriftMeasure.GROUNDED: _grounded,
    DriftMeasure.STYLE: lambda answers: Sampled.of(
        [float(not each.style_faults) for each in _answered(answers) if each.voice_id]
    ),
    DriftMeasure.LENGTH: lambda answers: Sampled.of([float(len(each.text.split())) for each in _answered(answers)]),
    DriftMeasure.DISLIKED: lambda answers: Sampled.of(
        [float(each.is_disliked) for each in answers]  # type: ignore[attr-defined]  # see _given
    ),
    DriftMeasure.COST: lambda answers: Sampled.of([float(each.cost) for each in answers if each.cost is not None]),
    DriftMeasure.P95: lambda answers: Sampled.p95([each.total_ms for each in answers if each.total_ms is not None]),
}


def _monday(now: datetime) -> datetime:
    """The beginning of this week, in UTC."""
    day = now.date()
    return datetime.combine(day - timedelta(days=day.weekday()), time.min, now.tzinfo)
