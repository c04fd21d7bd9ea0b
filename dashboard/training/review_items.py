"""What a reviewer sees of an example: its answer with marks, how it differs, its passages, what happened to it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from dashboard.rendering import diff
from tuning.examples import reviewing
from tuning.examples.redacting import PLACEHOLDER
from tuning.models import ExamplePassage, ExampleReview, TrainingExample
from tuning.reviews import pace, second_looks, staleness
from tuning.reviews.pace import Progress
from tuning.reviews.staleness import Change

NEIGHBOURS = 500


@dataclass(frozen=True)
class MarkedText:
    """A piece of an answer: plain, `taken` (a placeholder), or a claim that is `unsupported`, or `ruled` to be none."""

    kind: str
    text: str
    reason: str = ""


@dataclass(frozen=True)
class DiffPiece:
    """A piece of a difference; `marks` are what it is made of."""

    kind: str
    marks: Sequence[MarkedText]


@dataclass(frozen=True)
class ShownItem:
    """`after` and `before` are the ids of its neighbours in the queue, its own where there are none."""

    item: TrainingExample
    progress: Progress
    passages: Sequence[ExamplePassage]
    changes: Sequence[Change]
    views: Sequence[ExampleReview]
    after: int
    before: int


def shown(item: TrainingExample, *, goal: int) -> ShownItem:
    neighbours = list(reviewing.queue().values_list("pk", flat=True)[:NEIGHBOURS])
    place = neighbours.index(item.pk) if item.pk in neighbours else 0
    return ShownItem(
        item=item,
        progress=pace.progress(goal),
        passages=list(item.passages.all()),
        changes=staleness.changes(item) if item.stale_reason else [],
        views=second_looks.views(item),
        after=neighbours[(place + 1) % len(neighbours)] if neighbours else item.pk,
        before=neighbours[place - 1] if neighbours else item.pk,
    )


def assessment(item: TrainingExample) -> dict[str, object]:
    """For the part of the page that changes with every draft."""
    facts = [each for each in item.unsupported if not each.get("is_ruled")]
    pieces = [
        DiffPiece(each.kind, list(plain_marks(each.text))) for each in diff.words(item.original_answer, item.answer)
    ]
    return {"item": item, "marks": list(marks(item)), "pieces": pieces, "facts": [] if item.is_refusal else facts}


def marks(item: TrainingExample) -> Iterator[MarkedText]:
    """The answer in pieces, in its order."""
    text = item.answer
    spans = [each for each in item.unsupported if text[each["start"] : each["end"]] == each["text"]]
    edges = sorted({0, len(text), *(each["start"] for each in spans), *(each["end"] for each in spans)})
    for start, end in pairwise(edges):
        span = next((each for each in spans if each["start"] <= start and end <= each["end"]), None)
        if span is None:
            yield from plain_marks(text[start:end])
        else:
            yield MarkedText("ruled" if span.get("is_ruled") else "unsupported", text[start:end], span["reason"])


def plain_marks(text: str) -> Iterator[MarkedText]:
    """A text with what was taken out of it set apart."""
    rest = 0
    for match in PLACEHOLDER.finditer(text):
        if match.start() > rest:
            yield MarkedText("plain", text[rest : match.start()])
        yield MarkedText("taken", match.group())
        rest = match.end()
    if rest < len(text):
        yield MarkedText("plain", text[rest:])
