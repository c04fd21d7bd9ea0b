"""What answers took of late: tokens by what they were spent on, cost, time, and how many there are in a month.

All of it is of answers that a model wrote. What was quoted, refused for want of a budget or tried out says nothing of
what a model takes.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.utils import timezone

from bot.models import Message, Speaker
from evaluation.figures import rollups
from evaluation.figures.calculators import Shape
from llm import vendors
from llm.models import Purpose

DAYS = 30
LOOKED_AT = 5_000  # of the newest answers, so that a million old ones cost nothing
NEWEST = 1_000
SAMPLE = 100  # of these, whose passages and questions are counted
CHARACTERS_PER_TOKEN = 4
CALLS = (Purpose.ANSWER, Purpose.REWRITE)  # what a question costs each time; documents are embedded once

# The calls behind each of the newest answers that a model wrote, added up over the answer and then taken on average;
# of the newest of them also what was in the prompt, as bot.answers.trace writes it, by characters.
AVERAGES = """
WITH newest AS (
  SELECT id, trace_id, provider, created_at, total_ms FROM bot_message
  WHERE speaker = 'bot' ORDER BY id DESC LIMIT %(looked_at)s
), written AS (
  SELECT * FROM newest
  WHERE provider <> '' AND NOT provider = ANY(%(quoting)s) AND created_at >= %(since)s ORDER BY id DESC LIMIT %(newest)s
), answers AS (
  SELECT w.id, w.trace_id, w.created_at, w.total_ms, sum(u.input_tokens) AS input,
    sum(u.cached_input_tokens) AS cached, sum(u.output_tokens) AS output, sum(u.cost) AS cost,
    count(*) FILTER (WHERE u.cost IS NULL) AS unpriced
  FROM written w JOIN llm_usagerecord u ON u.trace_id = w.trace_id AND u.purpose = ANY(%(calls)s)
  GROUP BY 1, 2, 3, 4 HAVING sum(u.output_tokens) > 0
), prompts AS (
  SELECT passage.count, passage.characters, length(asked.text) AS question
  FROM (SELECT * FROM answers ORDER BY id DESC LIMIT %(sample)s) a
  JOIN bot_message m ON m.id = a.id
  LEFT JOIN bot_message asked ON asked.trace_id = a.trace_id AND asked.speaker = 'asker'
  CROSS JOIN LATERAL (
    SELECT count(*), coalesce(sum(length(each->>'text')), 0) AS characters
    FROM jsonb_array_elements(coalesce(m.trace->'passages', '[]')) each
  ) passage
)
SELECT count(*) AS answers, avg(input) AS input, avg(cached) AS cached, avg(output) AS output, avg(cost) AS cost,
  sum(unpriced) AS unpriced, max(created_at) AS newest,
  percentile_cont(0.95) WITHIN GROUP (ORDER BY total_ms) AS p95_ms,
  (SELECT avg(count) FROM prompts) AS passages, (SELECT avg(characters) FROM prompts) AS characters,
  (SELECT coalesce(avg(question), 0) FROM prompts) AS question
FROM answers
"""


@dataclass(frozen=True)
class AnswerShape:
    """On average over `answers`. `cost` is USD, None where a call had no price. `context` and `question` are counted by
    their characters, of the newest SAMPLE of them; the rest of the input is instructions and what was said before."""

    answers: int
    as_of: date
    passages: float
    context: int
    question: int
    input: int
    cached: int
    output: int
    cost: Decimal | None
    p95_ms: float | None

    @property
    def shape(self) -> Shape:
        return Shape(
            system=max(self.input - self.context - self.question, 0),
            context=min(self.context, self.input),
            question=min(self.question, max(self.input - self.context, 0)),
            output=self.output,
            cached=min(self.cached, self.input),
        )


def measured() -> AnswerShape | None:
    """Of the last DAYS days; None where no model has answered in them."""
    found = _averages()
    if not found["answers"]:
        return None
    given = round(found["input"])
    is_priced = not found["unpriced"] and found["cost"] is not None
    return AnswerShape(
        answers=found["answers"],
        as_of=found["newest"].date(),
        passages=float(found["passages"]),
        context=min(round(found["characters"] / CHARACTERS_PER_TOKEN), given),
        question=round(found["question"] / CHARACTERS_PER_TOKEN),
        input=given,
        cached=round(found["cached"]),
        output=round(found["output"]),
        cost=found["cost"].quantize(Decimal("0.00000001")) if is_priced else None,
        p95_ms=found["p95_ms"],
    )


def _averages() -> dict[str, Any]:
    quoting = [name for name in vendors.VENDORS if vendors.quotes(name)]
    since = timezone.now() - timedelta(days=DAYS)
    asked: dict[str, Any] = {"looked_at": LOOKED_AT, "newest": NEWEST, "sample": SAMPLE, "since": since}
    with connection.cursor() as cursor:
        cursor.execute(AVERAGES, {**asked, "quoting": quoting, "calls": [str(purpose) for purpose in CALLS]})
        names = [column.name for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


@dataclass(frozen=True)
class Volume:
    """Questions that were answered in `days` days, and what that makes in thirty."""

    answers: int
    days: int

    @property
    def per_month(self) -> int:
        return self.answers * DAYS // self.days

    @property
    def is_extrapolated(self) -> bool:
        return self.days < DAYS


def volume() -> Volume | None:
    """Of the last DAYS days, or of those since the first question; None where nobody has asked."""
    return volume_of(sum(row["answers"] for row in rollups.answers(rollups.today() - timedelta(days=DAYS - 1))), DAYS)


def volume_of(answers: int, days: int) -> Volume | None:
    """Of so many answers in so many days, today included, of which those before the first question do not count."""
    first = Message.objects.filter(speaker=Speaker.BOT).order_by("created_at").values_list("created_at", flat=True)[:1]
    begun = next(iter(first), None)
    return None if begun is None else Volume(answers, min((rollups.today() - begun.date()).days + 1, days))
