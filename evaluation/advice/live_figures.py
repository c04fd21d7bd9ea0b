"""The figures of this install that advice rests on, read from its rows. What they cannot tell yet is unknown."""

from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Avg, Count, Max, Q
from django.utils import timezone

from bot.models import Message, Outcome, Speaker, Voice
from bot.voices import choosing
from evaluation.advice import economics, newest_run, questions
from evaluation.advice.evidence import Inputs, LiveFigure, unknown
from evaluation.figures import answer_shapes
from evaluation.figures.answer_shapes import AnswerShape
from knowledge.models import Document, DocumentVersion
from llm.models import Budget, Period
from tuning.examples import clusters
from tuning.jobs import submitting
from tuning.models import ExampleState, TrainingExample

DAYS = 30
CITATIONS = 5_000  # the newest ones
ANSWERS = 2_000
EXAMPLES = 1_000  # the newest ones that are clustered; more than any threshold
# The documents of the newest citations, each with how often it is cited. Each answer is looked up by its key: a join
# would go through all that were given in those days, which are many where the citations are few.
CITED = """
SELECT document_id, count(*) FROM (
  SELECT document_id, (SELECT created_at FROM bot_message WHERE id = message_id) AS given_at
  FROM bot_citation ORDER BY id DESC LIMIT %(count)s
) newest WHERE document_id IS NOT NULL AND given_at >= %(since)s GROUP BY document_id
"""
NOTHING_ASKED = "Nobody has asked anything yet."
NO_MODEL = f"No model has written an answer in the last {DAYS} days."


def read() -> Inputs:
    today = timezone.now().date()
    shape = answer_shapes.measured()
    changed_share, days_between = _changes(timezone.now())
    queries = _queries(today)
    return Inputs(
        today=today,
        changed_share=changed_share,
        days_between_changes=days_between,
        queries_a_month=queries,
        are_sources_shown=LiveFigure(True, "Parley shows no answer without its sources.", as_of=today),
        source_clicks=unknown("Nobody counts who opens a source."),
        is_classification=LiveFigure(False, "Parley answers questions; it puts no labels on them.", as_of=today),
        examples=_examples(today),
        seconds_an_example=_pace(today),
        **newest_run.figures(),
        style_faults=_style_faults(today),
        is_prompt_tried=_prompt(today),
        is_trainer_there=_trainers(today),
        **_of_answers(shape),
        budget_a_month=_budget(today),
        economics=economics.of_live(shape),
    )


def _queries(today: date) -> LiveFigure:
    found = answer_shapes.volume()
    if found is None:
        return unknown(NOTHING_ASKED)
    days = _counted(found.days, "day")
    source = f"Extrapolated from {days}" if found.is_extrapolated else f"The last {days}"
    return LiveFigure(found.per_month, f"{source}.", found.answers, today)


def _of_answers(shape: AnswerShape | None) -> dict[str, LiveFigure]:
    """What an answer takes, and how long."""
    names = ("context_tokens", "input_tokens", "output_tokens", "cost_an_answer", "p95_ms")
    if shape is None:
        return dict.fromkeys(names, unknown(NO_MODEL))
    values: dict[str, int | float | Decimal | None] = {
        "context_tokens": shape.context,
        "input_tokens": shape.input,
        "output_tokens": shape.output,
        "cost_an_answer": shape.cost,
        "p95_ms": shape.p95_ms,
    }
    source = "The newest answers that a model wrote."
    found = {name: LiveFigure(value, source, shape.answers, shape.as_of) for name, value in values.items()}
    if shape.cost is None:
        found["cost_an_answer"] = unknown("A call has no price: state one on the page Prices.")
    return found


def _changes(now: datetime) -> tuple[LiveFigure, LiveFigure]:
    """Of what answers cite, each document as often as it is cited: the share that changed of late, and how often half
    of it changes. A new splitting of the same text is no change."""
    with connection.cursor() as cursor:
        cursor.execute(CITED, {"count": CITATIONS, "since": now - timedelta(days=DAYS)})
        cited = dict(cursor.fetchall())
    if not cited:
        why = unknown(f"No answer has cited a document in the last {DAYS} days.")
        return why, why
    since = dict(Document.objects.filter(pk__in=cited).values_list("pk", "created_at"))
    there = {pk: count for pk, count in cited.items() if pk in since}
    moved = DocumentVersion.objects.filter(document__in=there, number__gt=1).filter(
        Q(added_chunks__gt=0) | Q(removed_chunks__gt=0)
    )
    changed = {
        row["document"]: (row["changes"], row["last"])
        for row in moved.order_by().values("document").annotate(changes=Count("pk"), last=Max("created_at"))
    }
    late = {pk for pk, (_, last) in changed.items() if last >= now - timedelta(days=DAYS)}
    watched = {pk for pk, at in since.items() if (now - at).days >= DAYS}
    source = f"{_counted(len(there), 'document')} that {_counted(sum(there.values()), 'citation')} lead to."
    ages = [(_days(now, since[pk], changed.get(pk, (0,))[0]), count) for pk, count in there.items()]
    return _share(there, late, watched, source, now), _median(ages, now, since, source)


def _share(there: dict[int, int], late: set[int], watched: set[int], source: str, now: datetime) -> LiveFigure:
    """Where most documents are too new to tell, what has changed already is the least that it can be."""
    total, long = sum(there.values()), sum(count for pk, count in there.items() if pk in watched)
    if 2 * long >= total:
        changed = sum(count for pk, count in there.items() if pk in late & watched)
        return LiveFigure(changed / long, source, long, now.date())
    least = sum(count for pk, count in there.items() if pk in late) / total
    if least >= questions.CHANGE_SHARE:
        return LiveFigure(least, f"{source} Most are younger than {DAYS} days.", total, now.date())
    return unknown(f"Most documents that are cited have been watched for less than {DAYS} days.")


def _days(now: datetime, since: datetime, changes: int) -> float:
    """Days from one change to the next; without a change there is no end to them."""
    watched = max((now - since).total_seconds() / 86_400, 1 / 24)
    return watched / changes if changes else float("inf")


def _median(ages: list[tuple[float, int]], now: datetime, since: dict[int, datetime], source: str) -> LiveFigure:
    """Half of the citations go to documents that change as often or less often."""
    half, passed = sum(count for _, count in ages) / 2, 0
    for days, count in sorted(ages):
        passed += count
        if passed >= half and days != float("inf"):
            return LiveFigure(round(days, 1), source, sum(count for _, count in ages), now.date())
        if passed >= half:
            break
    watched = sorted((now - at).days for at in since.values())[len(since) // 2]
    if watched <= DAYS:
        seen = _counted(watched, "day")
        return unknown(f"The documents have been watched for {seen}, and most have not changed yet.")
    return LiveFigure(watched, f"{source} Most have not changed once.", len(since), now.date())


def _examples(today: date) -> LiveFigure:
    approved = TrainingExample.objects.filter(state=ExampleState.APPROVED).order_by("-id")
    rows = list(approved.values_list("question", "message__conversation")[:EXAMPLES])
    items = [clusters.Item(question, f"conversation {thread}" if thread else "") for question, thread in rows]
    count, more = len(set(clusters.assign(items))), approved.count() - len(rows)
    source = "Approved examples, those that ask nearly the same counted once."
    if more > 0:
        source = f"The newest {EXAMPLES:,} approved examples, those that ask nearly the same counted once."
    return LiveFigure(count, source, len(rows), today)


def _pace(today: date) -> LiveFigure:
    found = TrainingExample.objects.exclude(review_seconds=None).aggregate(
        each=Avg("review_seconds"), count=Count("id")
    )
    if not found["count"]:
        return unknown("No example was reviewed yet.")
    return LiveFigure(round(found["each"], 1), "All reviews so far, on average.", found["count"], today)


def _style_faults(today: date) -> LiveFigure:
    newest = Message.objects.filter(speaker=Speaker.BOT).order_by("-id").values("pk")[:ANSWERS]
    spoken = Message.objects.filter(pk__in=newest, outcome=Outcome.ANSWERED, voice__isnull=False)
    found = spoken.order_by().aggregate(all=Count("pk"), faulty=Count("pk", filter=~Q(style_faults=[])))
    if not found["all"]:
        return unknown("No answer was given in a voice yet.")
    share = found["faulty"] / found["all"]
    return LiveFigure(share, "Answers that break a rule of their voice.", found["all"], today)


def _prompt(today: date) -> LiveFigure:
    """Whether anybody has changed the words in which the model is asked."""
    versions = Voice.objects.filter(name=choosing.DEFAULT).count() or Voice.objects.count()
    source = f"Versions of the voice: {versions}." if versions else "There is no voice yet."
    return LiveFigure(versions > 1, source, versions, today)


def _trainers(today: date) -> LiveFigure:
    told = list(submitting.offers(today))
    there = [(name, place, offer) for name, place, offer in told if offer.is_available]
    why = next((offer.why for _, _, offer in there), " ".join(offer.why for _, _, offer in told))
    return LiveFigure(bool(there), why, len(told), today)


def _budget(today: date) -> LiveFigure:
    row = Budget.objects.filter(period=Period.MONTH).first()
    if row is None:
        return unknown("No budget is set for a month.")
    return LiveFigure(row.limit, "The page Budgets.", 1, today)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
