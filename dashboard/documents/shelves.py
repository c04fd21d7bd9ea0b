"""What the pages about documents show: lists, where a document is used, and what its going would mean."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from bot.models import Channel, Citation, Conversation, Message, Speaker
from knowledge.index import document_rows
from knowledge.models import Collection, Document, DocumentState, Source, Sync

PER_PAGE = 50
USED_FOR = timedelta(days=30)


@dataclass(frozen=True)
class BlastRadius:
    """What rests on a document: answers of the last thirty days that cite it, those that cite nothing else, and the
    share of all answers."""

    answers: int
    alone: int
    share: float
    days: int = USED_FOR.days


def found(query: str, collection: int | None, state: str, *, before: int | None) -> tuple[list[Document], int | None]:
    """A page of documents, newest first, and the id to go on before."""
    documents = Document.objects.select_related("collection", "live_version", "source").order_by("-id")
    if query:
        documents = documents.filter(Q(title__icontains=query) | Q(path__icontains=query))
    if collection:
        documents = documents.filter(collection=collection)
    if state in DocumentState.values:
        documents = documents.filter(state=state)
    rows = list((documents.filter(pk__lt=before) if before else documents)[: PER_PAGE + 1])
    return rows[:PER_PAGE], rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None


def counts() -> dict[DocumentState, int]:
    """Documents by state."""
    rows = Document.objects.order_by().values_list("state").annotate(Count("pk"))
    return {DocumentState(state): count for state, count in rows}


def collections() -> QuerySet[Collection]:
    """Each with its `documents` and the `failed` ones of them."""
    return Collection.objects.annotate(
        documents=Count("document"), failed=Count("document", filter=Q(document__state=DocumentState.FAILED))
    ).order_by("-visibility", "name")


def sources() -> list[dict[str, Any]]:
    """Each source with its last run."""
    rows = Source.objects.select_related("collection").order_by("-id")
    newest: dict[int, Sync] = {}
    for sync in Sync.objects.filter(source__in=rows).order_by("source", "-id").distinct("source"):
        newest[sync.source_id] = sync
    return [{"source": row, "sync": newest.get(row.pk)} for row in rows]


def blast_radius(document: Document) -> BlastRadius:
    since = timezone.now() - USED_FOR
    recent = Message.objects.filter(speaker=Speaker.BOT, created_at__gt=since)
    gone = [document.pk, *document_rows.inside(document).values_list("pk", flat=True)]
    citing = recent.filter(citations__document__in=gone).distinct()
    others = Citation.objects.filter(message__in=citing).exclude(document__in=gone).values("message")
    answers = citing.count()
    total = recent.count() if answers else 0
    return BlastRadius(answers, citing.exclude(pk__in=others).count(), answers / total if total else 0.0)


def used_in(document: Document) -> tuple[QuerySet[Conversation], QuerySet[Channel]]:
    """The newest conversations that cite a document, and the channels that chose its collection."""
    newest = Citation.objects.filter(document=document).order_by("-message_id").values("message__conversation")[:10]
    return (
        Conversation.objects.filter(pk__in=list(newest.values_list("message__conversation", flat=True)))
        .select_related("channel")
        .order_by("-id"),
        Channel.objects.filter(collections=document.collection).order_by("name"),
    )
