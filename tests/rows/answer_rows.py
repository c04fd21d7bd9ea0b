"""Answers of the past, with the calls behind them and what they cite."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from bot.models import Citation, Message
from knowledge.models import Collection, Document, DocumentState, DocumentVersion
from llm.models import UsageRecord
from tests.rows.web_rows import make_answer, make_citation, make_question, make_usage


def make_past_answer(
    user: User, number: int, *, days_ago: float = 0.0, tokens: tuple[int, int, int] = (1000, 0, 50), **fields: Any
) -> Message:
    """An answer of so long ago; `tokens` are those of its call: input, cached input, output. Its number names it."""
    at = timezone.now() - timedelta(days=days_ago)
    cost = fields.pop("cost", "0.01")
    answer = make_answer(make_question(user, trace_id=f"{number:032x}"), cost=cost, **fields)
    Message.objects.filter(trace_id=answer.trace_id).update(created_at=at)
    usage = make_usage(answer.trace_id, cost)
    given, cached, output = tokens
    UsageRecord.objects.filter(pk=usage.pk).update(
        created_at=at, input_tokens=given, cached_input_tokens=cached, output_tokens=output
    )
    return answer


def make_watched_document(title: str, *, days: float, changed: tuple[float, ...] = (), moved: int = 3) -> Document:
    """A document that came so many days ago and changed so many days ago, `moved` passages each time."""
    collection, _ = Collection.objects.get_or_create(name="Public")
    document = Document.objects.create(
        collection=collection, origin=f"/{title}", path=title, title=title, state=DocumentState.INDEXED
    )
    now = timezone.now()
    Document.objects.filter(pk=document.pk).update(created_at=now - timedelta(days=days))
    for number, ago in enumerate((days, *changed), start=1):
        version = DocumentVersion.objects.create(
            document=document, number=number, fingerprint=str(number), byte_count=1, chunk_count=1, added_chunks=moved
        )
        DocumentVersion.objects.filter(pk=version.pk).update(created_at=now - timedelta(days=ago))
    return document


def make_cited(user: User, document: Document, times: int, *, first: int) -> list[Citation]:
    """Answers of today that cite a document; `first` is the number of the first of them."""
    return [make_citation(make_past_answer(user, first + each), document=document) for each in range(times)]
