"""The documents that there are, and how they are doing."""

import json
import textwrap
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from knowledge.models import Document

REASON_WIDTH = 70


class Command(BaseCommand):
    help = "List the documents: path or URL, collection, state, reason, passages, version."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        documents = Document.objects.select_related("collection", "live_version").order_by(
            "collection__name", "path", "id"
        )
        rows = [_row(document) for document in documents]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        elif rows:
            self._table(rows)
        else:
            self.stdout.write("There are no documents yet; add some with: manage.py ingest PATH_OR_URL")

    def _table(self, rows: list[dict[str, Any]]) -> None:
        names = ("path", "collection", "state", "version", "chunks")
        lines = [names, *(tuple("" if row[name] is None else str(row[name]) for name in names) for row in rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        for line, row in zip(lines, [{}, *rows], strict=True):
            cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
            self.stdout.write("  ".join(cells).rstrip())
            for said in textwrap.wrap(row.get("reason") or "", REASON_WIDTH):
                self.stdout.write(f"    {said}")
        states = Counter(row["state"] for row in rows)
        counts = ", ".join(f"{count:,} {state}" for state, count in sorted(states.items()))
        self.stdout.write(f"{len(rows):,} document{'s' * (len(rows) != 1)}: {counts}")


def _row(document: Document) -> dict[str, Any]:
    live = document.live_version
    return {
        "id": document.pk,
        "path": document.path,
        "url": document.url,
        "title": document.title,
        "collection": document.collection.name,
        "visibility": document.collection.visibility,
        "state": document.state,
        "reason": document.reason or None,
        "warning": (live.warning if live else "") or None,
        "chunks": live.chunk_count if live else 0,
        "version": live.number if live else None,
    }
