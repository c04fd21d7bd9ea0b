"""Examples whose documents have changed: back into review, where both passages are seen."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F

from bot.claims import citations, coverage
from knowledge.models import Chunk, Document
from knowledge.passages import sentences
from tuning.models import ExamplePassage, ExampleReview, ExampleState, ReviewVerdict, TrainingExample


@dataclass(frozen=True)
class Change:
    """A passage of an example as it was, and the chunk that is nearest to it in today's document, if there is one."""

    passage: ExamplePassage
    now: Chunk | None

    @property
    def is_gone(self) -> bool:
        return self.passage.document_id is None


def recall() -> list[int]:
    """Put approved examples back whose cited or attached passages say something else now; their ids.

    Passages that nobody cites may change as they like; those that say the same elsewhere in the document are kept.
    """
    moved = ExamplePassage.objects.filter(example__state=ExampleState.APPROVED, version__isnull=False)
    moved = moved.exclude(document__live_version=F("version")).select_related("example", "document")
    texts = _texts(row.document for row in moved if row.document)
    recalled = []
    for row in moved.order_by("example", "number"):
        reason = _reason(row, texts)
        if not reason:
            live = row.document.live_version_id if row.document else None
            ExamplePassage.objects.filter(pk=row.pk, version=row.version).update(version=live)
        elif row.example_id not in recalled and _return(row.example_id, reason):
            recalled.append(row.example_id)
    return recalled


def changes(example: TrainingExample) -> list[Change]:
    """What of an example's passages is not what it was."""
    rows = [row for row in example.passages.select_related("document") if row.version is not None]
    moved = [row for row in rows if row.document is None or row.document.live_version_id != row.version]
    texts = _texts(row.document for row in moved if row.document)
    return [Change(row, _nearest(row)) for row in moved if _reason(row, texts)]


@transaction.atomic
def _return(pk: int, reason: str) -> bool:
    """Whether it was still approved. A second look at what it said goes with it."""
    approved = TrainingExample.objects.filter(pk=pk, state=ExampleState.APPROVED)
    returned = {"state": ExampleState.IN_REVIEW, "claimed_by": None, "claimed_until": None, "skipped_at": None}
    is_back = bool(approved.update(stale_reason=reason[:300], **returned))
    if is_back:
        ExampleReview.objects.filter(example=pk, is_blind=True, verdict=ReviewVerdict.OPEN).delete()
    return is_back


def _texts(documents: Iterable[Document]) -> dict[int, str]:
    """What each document says today, by its id."""
    versions = {document.live_version_id: document.pk for document in documents if document.live_version_id}
    found: dict[int, list[str]] = {pk: [] for pk in versions.values()}
    chunks = Chunk.objects.filter(version__in=versions).order_by("version", "ordinal")
    for version, text in chunks.values_list("version", "text"):
        found[versions[version]].append(text)
    return {pk: _squeezed(" ".join(parts)) for pk, parts in found.items()}


def _reason(row: ExamplePassage, texts: dict[int, str]) -> str:
    """Why an example does not hold any more by this passage; empty where it does."""
    if not row.is_attached and row.number not in citations.numbers(row.example.answer):
        return ""
    name = row.title or row.heading or "a document"
    if row.document is None:
        return f'"{name}", which [{row.number}] is of, was removed.'
    said = texts.get(row.document.pk, "")
    if _squeezed(row.text) in said:
        return ""
    quotes = _quotes(row)
    if quotes and all(_squeezed(quote) in said for quote in quotes):
        return ""
    return f'"{name}" does not say any more what [{row.number}] says.'


def _quotes(row: ExamplePassage) -> set[str]:
    """The sentences of a passage that the answer rests on: of each sentence with its marker the nearest one."""
    listed = [row.text[start:end] for start, end in sentences.split(row.text)]
    answer = row.example.answer
    cited = [answer[start:end] for start, end in sentences.split(answer)]
    return {citations.quote(sentence, row.number, listed) for sentence in cited if f"[{row.number}]" in sentence} - {""}


def _nearest(row: ExamplePassage) -> Chunk | None:
    if row.document is None or row.document.live_version_id is None:
        return None
    chunks = Chunk.objects.filter(version=row.document.live_version_id).select_related("document").order_by("ordinal")
    return max(chunks, key=lambda chunk: coverage.overlap(row.text, chunk.text), default=None)


def _squeezed(text: str) -> str:
    return " ".join(text.split()).casefold()
