"""Approved examples as a file for a trainer: OpenAI's chat format, one JSON object per line."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q, QuerySet

from llm import tokens
from tuning.examples.proposing import checksum
from tuning.models import ExampleState, Export, ExportLine, TrainingExample

LEAST_LINES = 10  # what OpenAI takes
MOST_TOKENS = 65_536  # of one example; what is longer would be cut without a word
DOUBLED = "says the same as a line before"
ROLES = ("system", "user", "assistant")


class ExportError(ValueError):
    """There is nothing that may be exported, or it is not fit to be; the message says why."""


@dataclass(frozen=True)
class Issue:
    """Something wrong with one line. `line` counts from 1."""

    line: int
    example: int
    problem: str


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


def validate(examples: Iterable[TrainingExample]) -> list[Issue]:
    """What a trainer would refuse or silently cut: roles, emptiness, length, and lines that are there twice."""
    seen: Counter[str] = Counter()
    issues = []
    for number, example in enumerate(examples, start=1):
        seen[example.checksum] += 1
        if seen[example.checksum] > 1:
            issues.append(Issue(number, example.pk, DOUBLED))
        issues += [Issue(number, example.pk, problem) for problem in _problems(example)]
    return issues


def _problems(example: TrainingExample) -> list[str]:
    messages = example.messages
    roles = [message.get("role") for message in messages]
    problems = []
    if not messages or roles[-1] != "assistant" or "user" not in roles:
        problems.append("does not go from a question to an answer")
    if any(role not in ROLES for role in roles) or roles.count("system") > 1 or "system" in roles[1:]:
        problems.append("has roles that a trainer does not take")
    if any(not str(message.get("content", "")).strip() for message in messages):
        problems.append("has an empty message")
    if any(set(message) != {"role", "content"} for message in messages):
        problems.append("has fields that a trainer does not take")
    if _is_too_long("\n".join(str(message.get("content", "")) for message in messages)):
        problems.append(f"is longer than {MOST_TOKENS:,} tokens")
    if example.checksum != checksum(messages):
        problems.append("was changed after its review")
    return problems


def _is_too_long(text: str) -> bool:
    return len(text.encode()) > MOST_TOKENS and tokens.count(text) > MOST_TOKENS  # no token is less than a byte


@transaction.atomic
def export(by: User | None) -> tuple[Export, str]:
    """Everything that may leave, as JSONL, and the row that says so. Duplicates are left out. Raises ExportError."""
    examples = list(exportable())
    if len(examples) < LEAST_LINES:
        raise ExportError(too_few(len(examples)))
    found = validate(examples)
    doubled = {issue.example for issue in found if issue.problem == DOUBLED}
    examples = [example for example in examples if example.pk not in doubled]
    if issues := [issue for issue in found if issue.example not in doubled]:
        raise ExportError("; ".join(f"example {issue.example} {issue.problem}" for issue in issues[:5]) + ".")
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
