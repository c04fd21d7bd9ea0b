"""Answers that fit what somebody looks for, over all platforms, newest first."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Exists, OuterRef

from bot.models import Citation, Feedback, Message, MessageQuerySet, Speaker

MATCHES = 20_000  # that a search for words looks among, newest first


def matching(wanted: Mapping[str, Any]) -> MessageQuerySet:
    """The answers that fit, newest first. What may be wanted:

    `platform`, `channel` (row or id), `outcome`, `model`, `least_cost` (USD), `least_seconds`, `since` and `until`
    (days in UTC, both included), `rating` (up, down, none), `document` (row or id, cited), `text` (words said or
    asked).
    """
    answers = Message.objects.filter(speaker=Speaker.BOT)
    simple = {
        "conversation__platform": wanted.get("platform"),
        "conversation__channel": wanted.get("channel"),
        "outcome": wanted.get("outcome"),
        "model": wanted.get("model"),
        "cost__gte": wanted.get("least_cost"),
    }
    answers = answers.filter(**{name: value for name, value in simple.items() if value})
    if wanted.get("least_seconds"):
        answers = answers.filter(total_ms__gte=wanted["least_seconds"] * 1000)
    if wanted.get("since"):
        answers = answers.filter(created_at__gte=_start_of(wanted["since"]))
    if wanted.get("until"):
        answers = answers.filter(created_at__lt=_start_of(wanted["until"]) + timedelta(days=1))
    return _related(answers, wanted).order_by("-id")


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _related(answers: MessageQuerySet, wanted: Mapping[str, Any]) -> MessageQuerySet:
    """By what other tables say: thumbs, cited documents, and the words of question or answer."""
    thumbs = Feedback.objects.filter(message=OuterRef("pk"))
    if wanted.get("rating") == "none":
        answers = answers.filter(~Exists(thumbs))
    elif wanted.get("rating"):
        answers = answers.filter(Exists(thumbs.filter(is_positive=wanted["rating"] == "up")))
    if wanted.get("document"):
        answers = answers.filter(pk__in=Citation.objects.filter(document=wanted["document"]).values("message_id"))
    if wanted.get("text"):
        words = SearchQuery(wanted["text"], config="simple", search_type="websearch")
        said = Message.objects.annotate(words=SearchVector("text", config="simple")).filter(words=words)
        answers = answers.filter(trace_id__in=said.order_by("-id").values("trace_id")[:MATCHES])
    return answers
