"""Where documents were used: the answers that rest on them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from bot.models import Citation, Message


@dataclass(frozen=True)
class Use:
    """An answer that cites a document. `quotes` are its sentences that the answer rests on, as they were then."""

    message_id: int
    question: str
    answered_at: datetime
    quotes: tuple[str, ...]


def answer_count(documents: Iterable[int]) -> int:
    """How many answers cite at least one of the documents."""
    return Citation.objects.filter(document__in=list(documents)).values("message").distinct().count()


def uses(document: int, *, limit: int = 20) -> list[Use]:
    """The newest answers that cite the document, newest first."""
    citing = Citation.objects.filter(document=document).values("message")
    answers = list(Message.objects.filter(pk__in=citing).with_asked_text().order_by("-id")[:limit])
    quotes: dict[int, list[str]] = {}
    for row in Citation.objects.filter(message__in=answers, document=document).order_by("message", "number"):
        quotes.setdefault(row.message_id, []).append(row.quote)
    return [Use(answer.pk, answer.asked_text or "", answer.created_at, tuple(quotes[answer.pk])) for answer in answers]
