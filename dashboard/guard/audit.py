"""The audit log: one chain of hashes, so that a line that was changed or taken out is noticed."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from dashboard.models import AuditEntry
from foundation import locks

LOCK = "parley audit log"
START = "0" * 64
PER_PAGE = 100
COMMAND_LINE = "the command line"
ITSELF = "Parley itself"


@dataclass(frozen=True)
class ChainCheck:
    """`entries` were looked at; `broken_at` is the id of the first that does not fit, None when all do."""

    entries: int
    head: str
    broken_at: int | None


@transaction.atomic
def write(
    actor: User | None,
    action: str,
    target: str = "",
    details: Mapping[str, Any] | None = None,
    *,
    nobody: str = COMMAND_LINE,
) -> AuditEntry:
    """Add a line, one at a time over all processes; `nobody` is who did it where it was no account."""
    locks.hold(LOCK)
    last = AuditEntry.objects.order_by("-id").values_list("hash", flat=True).first()
    entry = AuditEntry(
        at=timezone.now(),
        actor_id=actor.pk if actor else None,
        actor=actor.get_username() if actor else nobody,
        action=action,
        target=target[:200],
        details=dict(details or {}),
        previous_hash=last or START,
    )
    entry.hash = _hash(entry)
    entry.save(force_insert=True)
    return entry


def page(*, before: int | None) -> tuple[list[AuditEntry], int | None]:
    """The newest lines, or those before an id, and the id to go on before."""
    entries = AuditEntry.objects.order_by("-id")
    rows = list((entries.filter(pk__lt=before) if before else entries)[: PER_PAGE + 1])
    return rows[:PER_PAGE], rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None


def verify() -> ChainCheck:
    """Go through the whole chain."""
    previous, count = START, 0
    for entry in AuditEntry.objects.order_by("id").iterator(chunk_size=1000):
        if entry.previous_hash != previous or entry.hash != _hash(entry):
            return ChainCheck(count, previous, entry.pk)
        previous, count = entry.hash, count + 1
    return ChainCheck(count, previous, None)


def _hash(entry: AuditEntry) -> str:
    said = [
        entry.previous_hash,
        entry.at.isoformat(timespec="microseconds"),
        entry.actor_id,
        entry.actor,
        entry.action,
        entry.target,
        entry.details,
    ]
    return hashlib.sha256(json.dumps(said, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
