"""The passages of an example: kept with it, exchanged for others, and put into its prompt again."""

from collections.abc import Mapping, Sequence

from bot.answers import answering, prompts
from bot.claims import citations
from knowledge.models import Chunk, Document
from knowledge.retrieval.search import Hit
from tuning.models import ExamplePassage, TrainingExample


def keep(examples: Sequence[TrainingExample], hits: Sequence[Sequence[Hit]]) -> None:
    """Write down what each example was given; it holds as long as its documents say the same."""
    wanted = {hit.document_id for some in hits for hit in some}
    versions = dict(Document.objects.filter(pk__in=wanted).values_list("pk", "live_version"))
    rows = [
        ExamplePassage(example=example, number=number, **_fields(hit, versions))
        for example, some in zip(examples, hits, strict=True)
        for number, hit in enumerate(some, start=1)
    ]
    ExamplePassage.objects.bulk_create(rows, batch_size=1000)


def _fields(hit: Hit, versions: Mapping[int, int | None]) -> dict[str, object]:
    return {
        "document_id": hit.document_id if hit.document_id in versions else None,
        "version": versions.get(hit.document_id),
        "title": hit.title[:500],
        "heading": hit.heading,
        "url": hit.url[:2000],
        "text": hit.text,
    }


def attach(example: TrainingExample, chunk: Chunk, *, number: int | None = None) -> ExamplePassage:
    """Give an example a passage, under a number or in the place of the last one that its answer does not cite, and
    build its prompt anew. The example is not saved. Raises PromptReadError, see `_rows`."""
    rows = _rows(example)
    known = next((row for row in rows if row.text == chunk.text and row.heading == chunk.heading), None)
    if known is not None and number is None:
        return known
    document = chunk.document
    row, _ = ExamplePassage.objects.update_or_create(
        example=example,
        number=number or _place(example, rows),
        defaults={
            "document": document,
            "version": document.live_version_id,
            "title": document.title[:500],
            "heading": chunk.heading,
            "url": document.url[:2000],
            "text": chunk.text,
            "is_attached": True,
        },
    )
    rebuild(example)
    return row


def _rows(example: TrainingExample) -> list[ExamplePassage]:
    """The passages of an example; those of one that is older than their rows are read from its prompt and kept first,
    as the prompt is built from the rows. Raises PromptReadError where they cannot be told."""
    rows = list(example.passages.all())
    if rows:
        return rows
    read, _ = prompts.read(_asked(example)["content"])
    lost = [
        ExamplePassage(example=example, number=each.number, heading=each.heading, text=each.text) for each in read
    ]  # fmt: skip
    return ExamplePassage.objects.bulk_create(lost)


def _asked(example: TrainingExample) -> dict[str, str]:
    """The last question of the example, behind its passages."""
    found: dict[str, str] = [each for each in example.messages if each["role"] == "user"][-1]
    return found


def _place(example: TrainingExample, rows: Sequence[ExamplePassage]) -> int:
    if len(rows) < answering.PASSAGES:
        return len(rows) + 1
    cited = citations.numbers(example.answer)
    free = [row.number for row in rows if row.number not in cited and not row.is_attached]
    return free[-1] if free else len(rows) + 1


def rebuild(example: TrainingExample) -> None:
    """Put the passages as they are kept into the last question of the example, in the words of production."""
    prompt = prompts.build(example.question, [_hit(row) for row in example.passages.all()])
    asked = _asked(example)
    anew = {**asked, "content": prompt.messages()[-1]["content"]}
    example.messages = [anew if message is asked else dict(message) for message in example.messages]


def _hit(row: ExamplePassage) -> Hit:
    return Hit(
        chunk_id=0, document_id=row.document_id or 0, collection_id=0, path="", url=row.url, title=row.title,
        heading=row.heading, text=row.text, ordinal=0, score=0.0, scores={}, sentences=(),
    )  # fmt: skip


def confirm(example: TrainingExample) -> None:
    """Take the passages for right as they are kept: a person has looked at them. What is gone is not missed again."""
    for row in example.passages.select_related("document"):
        row.version = row.document.live_version_id if row.document else None
        row.save(update_fields=["version"])
