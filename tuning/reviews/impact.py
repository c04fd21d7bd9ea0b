"""What reviewing an example is worth: how often its like is asked, and how badly it was answered."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta

from django.utils import timezone

from bot.answers import trace
from bot.models import Feedback, Message, Outcome, Speaker
from tuning.examples import clusters
from tuning.models import ExampleState, TrainingExample

PERIOD = timedelta(days=30)
MOST_QUESTIONS = 2000  # of the period, the newest, among which its like is looked for
RECKONED = ("cluster", "priority", "impact", "leads_cluster")
BATCH = 500
LOW = 0.5  # of Trace.answerable, below which an answer likely rests on little
CLUSTERED = (ExampleState.IN_REVIEW, ExampleState.APPROVED, ExampleState.BARRED)
WEIGHTS = {"down": 3.0, "wrong_refusal": 2.0, "uncited": 2.0, "unsupported": 2.0, "low": 1.0}


def is_due() -> bool:
    """Whether there are examples that nobody has looked at yet."""
    return TrainingExample.objects.filter(state=ExampleState.IN_REVIEW, cluster=None).exists()


def reckon() -> int:
    """Order the queue anew: clusters, the first of each, and a priority; how many examples wait."""
    rows = list(TrainingExample.objects.filter(state__in=CLUSTERED).select_related("message").order_by("id"))
    questions = _questions()
    numbers = clusters.assign(
        [clusters.Item(row.question, row.thread) for row in rows] + [clusters.Item(text) for text in questions]
    )  # fmt: skip
    traffic = Counter(numbers[len(rows) :])
    downs = _downs(rows)
    before = [_reckoned(row) for row in rows]
    for row, number in zip(rows, numbers, strict=False):
        row.cluster = number
        if row.state == ExampleState.IN_REVIEW:
            row.priority, row.impact = _worth(row, traffic[number], downs[row.message_id or 0])
    _lead(rows)
    changed = [row for row, was in zip(rows, before, strict=True) if _reckoned(row) != was]
    # these fields alone, a batch a transaction: somebody may be deciding one of them
    for start in range(0, len(changed), BATCH):
        TrainingExample.objects.bulk_update(changed[start : start + BATCH], RECKONED)
    return sum(row.state == ExampleState.IN_REVIEW for row in rows)


def _reckoned(row: TrainingExample) -> list[object]:
    return [getattr(row, name) for name in RECKONED]


def _lead(rows: Sequence[TrainingExample]) -> None:
    """Of each cluster the one that is worth most comes first, unless its like is approved already."""
    known = {row.cluster for row in rows if row.state != ExampleState.IN_REVIEW}
    waiting = [row for row in rows if row.state == ExampleState.IN_REVIEW]
    for row in sorted(waiting, key=lambda each: (-each.priority, each.pk)):
        row.leads_cluster = row.cluster not in known
        known.add(row.cluster)


def _questions() -> list[str]:
    asked = Message.objects.filter(speaker=Speaker.ASKER, created_at__gte=timezone.now() - PERIOD)
    return list(asked.order_by("-id").values_list("text", flat=True)[:MOST_QUESTIONS])


def _downs(rows: Sequence[TrainingExample]) -> Counter[int]:
    messages = [row.message_id for row in rows if row.message_id]
    told = Feedback.objects.filter(message__in=messages, is_positive=False)
    return Counter(told.values_list("message", flat=True))


def _worth(row: TrainingExample, asked: int, downs: int) -> tuple[float, list[str]]:
    """A number that only orders, and why it is what it is."""
    signs = dict(_signs(row, downs))
    weight = 1 + sum(WEIGHTS[name] for name in signs)
    reasons = [f"asked {asked} times in {PERIOD.days} days"] if asked > 1 else []
    return max(1, asked) * weight, [*reasons, *signs.values()]


def _signs(row: TrainingExample, downs: int) -> Iterator[tuple[str, str]]:
    if downs:
        yield "down", f"{downs} thumb{'s' * (downs != 1)} down"
    if row.unsupported:
        yield "unsupported", "says what no passage says"
    if row.message is None:
        return
    known = trace.of(row.message)
    if row.message.outcome == Outcome.NOT_IN_DOCS and not row.is_refusal and row.is_edited:
        yield "wrong_refusal", "refused, though there is an answer"
    if known.uncited_text:
        yield "uncited", "said something without a source"
    if known.answerable is not None and known.answerable < LOW:
        yield "low", "the passages hold little of it"
