"""What happened to a source, for people and for programs."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from knowledge.models import Source, Sync, SyncState
from llm.spending import money


def source(row: Source) -> dict[str, Any]:
    """A source with the state of its last sync."""
    last = row.syncs.last()
    return {
        "id": row.pk,
        "kind": row.kind,
        "location": row.location,
        "collection": row.collection.name,
        "include": row.include,
        "exclude": row.exclude,
        "schedule": row.schedule or None,
        "next_sync_at": _time(row.next_sync_at),
        "documents": row.documents.count(),
        "last_sync": sync(last) if last else None,
    }


def sync(row: Sync) -> dict[str, Any]:
    """A change report. `cost_usd` is that of its embeddings; null where the price of a call is not known, and then
    `priced_usd` is what the others cost."""
    spent = row.usage()
    return {
        "source": row.source_id,
        "state": row.state,
        "reason": row.reason or None,
        "started_at": _time(row.started_at),
        "finished_at": _time(row.finished_at),
        "seconds": _seconds(row),
        "documents_done": row.documents_done,
        "documents_total": row.documents_total or None,
        "counts": row.counts(),
        "embedded_tokens": spent.tokens,
        "cost_usd": None if spent.cost is None else f"{spent.cost:.8f}",
        "priced_usd": f"{spent.priced:.8f}",
        "unpriced_calls": spent.unpriced,
        "changes": [
            {"kind": change.kind, "path": change.path, "reason": change.reason or None}
            for change in row.changes.order_by("kind", "path")
        ],
    }


def source_line(found: Mapping[str, Any]) -> str:
    """A source as a line of the list."""
    last = found["last_sync"]
    state = "not read yet"
    if last:
        state = f"{last['state']} {last['finished_at'] or last['started_at'] or ''}".strip()
        state += f": {last['reason']}" if last["reason"] else ""
    again = f", next {found['next_sync_at']}" if found["next_sync_at"] else ", by hand"
    location = found["location"].replace("\n", ", ")
    return (
        f"{found['id']:>3}  {found['kind']:<7}  {location}  ({documents(found['documents'])} in {found['collection']};"
        f" {state}{again})"
    )


def sync_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """A change report as text."""
    for change in found["changes"]:
        yield f"{change['kind']:<8}  {change['path']}" + (f"  {change['reason']}" if change["reason"] else "")
    counts = ", ".join(f"{count} {kind}" for kind, count in found["counts"].items() if count) or "nothing there"
    cost = _cost(found)
    if found["state"] == SyncState.DONE:
        yield f"Source {found['source']}: {counts} in {found['seconds']:.1f} s{cost}"
    else:
        yield f"Source {found['source']}: {found['state']} ({counts}){cost}"
    if found["reason"]:
        yield f"  {found['reason']}"


def _cost(found: Mapping[str, Any]) -> str:
    if not found["embedded_tokens"]:
        return "; nothing had to be embedded."
    priced, unpriced = Decimal(found["priced_usd"]), found["unpriced_calls"]
    price = money.sum_label(priced, unpriced=unpriced) if unpriced else money.label(priced)
    return f"; {found['embedded_tokens']:,} tokens embedded, {price}."


def documents(count: int) -> str:
    return f"{count} document{'s' * (count != 1)}"


def _time(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%d %H:%M:%S UTC") if at else None


def _seconds(row: Sync) -> float | None:
    return round((row.finished_at - row.started_at).total_seconds(), 2) if row.finished_at and row.started_at else None
