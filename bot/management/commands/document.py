"""One document: how it is doing, what it said when, its passages, and the answers that rest on it."""

import json
import sys
import textwrap
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from bot.answers import document_uses
from knowledge.index import removing
from knowledge.models import Document, DocumentVersion

RECENT = timedelta(days=30)
SHOWN = 20  # answers
WIDTH = 100


class Command(BaseCommand):
    help = "Show a document by its path or URL: state, versions, passages, and the answers that cited it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", metavar="PATH_OR_URL")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            documents = removing.named(options["name"])
        except removing.AmbiguousNameError as error:
            raise CommandError(str(error)) from error
        if not documents:
            self.stderr.write(f"There is no document {options['name']!r}; manage.py documents lists those there are.")
            sys.exit(1)
        rows = [_row(document) for document in documents]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
        else:
            for row in rows:
                self._print(row)
            self._tell_all(documents)

    def _print(self, row: dict[str, Any]) -> None:
        self.stdout.write(f"{row['title'] or row['path']}\n  {row['url'] or row['origin']}")
        said = f": {row['reason']}" if row["reason"] else ""
        self.stdout.write(f"  {row['state']}{said}, in {row['collection']} ({row['visibility']})")
        for version in row["versions"]:
            self.stdout.write(
                f"  version {version['number']} of {version['created_at'][:16]}: {version['chunks']} passages,"
                f" {version['added_chunks']} came, {version['removed_chunks']} went"
            )
        self.stdout.write(f"  It changed {row['recent_changes']} times in {RECENT.days} days.")
        for passage in row["passages"]:
            self.stdout.write(f"\n  [{passage['ordinal'] + 1}] {passage['heading']}")
            self.stdout.write(textwrap.indent(passage["text"], "      "))
        self.stdout.write(f"\n  {_answers(row['answers'])} on it.")
        for use in row["used"]:
            self.stdout.write(f"  {use['answered_at'][:16]}  {textwrap.shorten(use['question'], WIDTH)}")
            for quote in use["quotes"]:
                self.stdout.write(f"      “{textwrap.shorten(quote, WIDTH)}”")

    def _tell_all(self, documents: list[Document]) -> None:
        if len(documents) > 1:
            count = document_uses.answer_count([document.pk for document in documents])
            self.stdout.write(f"\n{len(documents)} documents; {_answers(count)} on at least one of them.")


def _answers(count: int) -> str:
    return "1 answer rests" if count == 1 else f"{count} answers rest"


def _row(document: Document) -> dict[str, Any]:
    versions = DocumentVersion.objects.filter(document=document).order_by("-number")
    return {
        "id": document.pk,
        "path": document.path,
        "origin": document.origin,
        "url": document.url,
        "title": document.title,
        "collection": document.collection.name,
        "visibility": document.collection.visibility,
        "state": document.state,
        "reason": document.reason or None,
        "versions": [_version(version, document) for version in versions],
        "recent_changes": versions.changes(timezone.now() - RECENT).count(),
        "passages": list(document.chunks.order_by("ordinal").values("id", "ordinal", "heading", "text", "token_count")),
        "answers": document_uses.answer_count([document.pk]),
        "used": [
            {
                "message_id": use.message_id,
                "question": use.question,
                "answered_at": use.answered_at.isoformat(),
                "quotes": list(use.quotes),
            }
            for use in document_uses.uses(document.pk, limit=SHOWN)
        ],
    }


def _version(version: DocumentVersion, document: Document) -> dict[str, Any]:
    return {
        "number": version.number,
        "is_live": version.pk == document.live_version_id,
        "created_at": version.created_at.isoformat(),
        "modified_at": version.modified_at.isoformat() if version.modified_at else None,
        "chunks": version.chunk_count,
        "added_chunks": version.added_chunks,
        "removed_chunks": version.removed_chunks,
        "bytes": version.byte_count,
        "language": version.language,
        "warning": version.warning or None,
    }
