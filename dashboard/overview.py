"""The state of the install, as the home page tells it."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Count, Q, QuerySet, Sum

from bot.models import Message, Speaker
from dashboard import money
from knowledge.models import Collection, Document, DocumentState
from llm.models import Deployment, Role, UsageRecord

FAILED_SHOWN = 5


@dataclass(frozen=True)
class Overview:
    """Counts of documents by state, the live models (None before set-up), and what has been asked and spent (USD)."""

    indexed: int
    pending: int
    failed: int
    failures: list[Document]
    collections: int
    answer_model: Deployment | None
    embedding_model: Deployment | None
    questions: int
    spent: Decimal
    unpriced_calls: int

    @property
    def is_ready(self) -> bool:
        return self.indexed > 0 and self.answer_model is not None and self.embedding_model is not None

    @property
    def spent_label(self) -> str:
        return "$0" if self.spent == 0 else money.label(self.spent)


def read(visible: QuerySet[Collection]) -> Overview:
    """The overview over the `visible` collections; what is asked and spent is counted for the whole install."""
    shelved = Document.objects.filter(collection__in=visible)
    documents = shelved.aggregate(**{state: Count("id", filter=Q(state=state)) for state in DocumentState.values})
    usage = UsageRecord.objects.aggregate(spent=Sum("cost"), unpriced=Count("id", filter=Q(cost=None)))
    return Overview(
        indexed=documents[DocumentState.INDEXED],
        pending=documents[DocumentState.PENDING],
        failed=documents[DocumentState.FAILED],
        failures=list(shelved.filter(state=DocumentState.FAILED).order_by("-updated_at")[:FAILED_SHOWN]),
        collections=visible.count(),
        answer_model=_live(Role.ANSWER),
        embedding_model=_live(Role.EMBED),
        questions=Message.objects.filter(speaker=Speaker.ASKER).count(),
        spent=usage["spent"] or Decimal(0),
        unpriced_calls=usage["unpriced"],
    )


def _live(role: Role) -> Deployment | None:
    try:
        return Deployment.objects.live(role)
    except Deployment.DoesNotExist:
        return None
