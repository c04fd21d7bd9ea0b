"""Approved examples as a file for a trainer: OpenAI's chat format, one JSON object per line."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from tuning.datasets import validating
from tuning.datasets.validating import LEAST_LINES, Problem
from tuning.examples import own_addresses
from tuning.examples.proposing import checksum
from tuning.models import ExampleState, Export, ExportLine, TrainingExample
from tuning.reviews import staleness

DOUBLED = "says the same as a line before"
CHANGED = "was changed after its review"


class ExportError(ValueError):
    """There is nothing that may be exported, or it is not fit to be; the message says why."""


def exportable() -> QuerySet[TrainingExample]:
    """Approved, and from a place where training is allowed."""
    allowed = Q(workspace=None) | Q(workspace__is_training_allowed=True)
    return TrainingExample.objects.filter(allowed, state=ExampleState.APPROVED).order_by("id")


def barred() -> int:
    """How many are approved but stay, as their workspace does not allow training."""
    return TrainingExample.objects.filter(
        state=ExampleState.APPROVED, workspace__is_training_allowed=False
    ).count()  # fmt: skip


def too_few(count: int) -> str:
    """What to say where a trainer would take no file of so few; empty where it would."""
    if count >= LEAST_LINES:
        return ""
    examples = f"{count or 'No'} approved example{'s' * (count != 1)}"
    return f"{examples} may leave yet; a trainer takes no fewer than {LEAST_LINES}."


def validate(examples: Iterable[TrainingExample]) -> list[Problem]:
    """What a trainer would refuse or silently cut, what is there twice, and what was changed after its review."""
    seen: Counter[str] = Counter()
    own = own_addresses.known()
    found = []
    for number, example in enumerate(examples, start=1):
        seen[example.checksum] += 1
        if seen[example.checksum] > 1:
            found.append(Problem(number, example.pk, "messages", DOUBLED))
        found += [Problem(number, example.pk, *each) for each in validating.of_line(example.messages, own)]
        if example.checksum != checksum(example.messages):
            found.append(Problem(number, example.pk, "messages", CHANGED))
    return found


def export(by: User | None) -> tuple[Export, str]:
    """Everything that may leave, as JSONL, and the row that says so. Duplicates are left out; what is stale goes back
    into review first, whatever comes of the rest. Raises ExportError."""
    staleness.recall()
    return _exported(by)


@transaction.atomic
def _exported(by: User | None) -> tuple[Export, str]:
    examples = list(exportable())
    if len(examples) < LEAST_LINES:
        raise ExportError(too_few(len(examples)))
    found = validate(examples)
    doubled = {problem.example for problem in found if problem.sentence == DOUBLED}
    examples = [example for example in examples if example.pk not in doubled]
    if wrong := [problem for problem in found if problem.example not in doubled]:
        raise ExportError("; ".join(f"example {each.example} {each.sentence}" for each in wrong[:5]) + ".")
    text = "".join(line(example) for example in examples)
    row = Export.objects.create(
        lines=len(examples), checksum=hashlib.sha256(text.encode()).hexdigest(), created_by=by
    )  # fmt: skip
    ExportLine.objects.bulk_create(
        ExportLine(export=row, example=example, checksum=example.checksum) for example in examples
    )
    return row, text


def line(example: TrainingExample) -> str:
    return json.dumps({"messages": example.messages}, ensure_ascii=False) + "\n"
