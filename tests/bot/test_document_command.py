"""A document under the glass: its versions, its passages, the answers that rest on it, and how often it changes."""

import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from bot.answers import conversations, document_uses
from bot.models import Platform
from knowledge.models import ChangeRate, Chunk, Collection, Document, DocumentVersion
from llm.models import ServingRole
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

REFUNDS = "# Refunds\n\nAnnual plans can be refunded in full within {days} days of purchase. Ask in the billing page.\n"
QUESTION = "Can annual plans be refunded?"


@pytest.fixture
def shelf(tmp_path: Path) -> Collection:
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    shelf = make_collection()
    for days in (14, 30):
        make_indexed(shelf, make_file(tmp_path, "refunds.md", REFUNDS.format(days=days)))
    make_indexed(shelf, make_file(tmp_path, "seats.md", "# Seats\n\nA seat is one person who signs in.\n"))
    return shelf


def ask(shelf: Collection) -> None:
    list(conversations.ask(QUESTION, platform=Platform.CONSOLE, collections=[shelf.pk]))


def shown(name: str) -> dict[str, Any]:
    said = StringIO()
    call_command("document", name, "--json", stdout=said)
    (row,) = json.loads(said.getvalue())
    assert isinstance(row, dict)
    return row


def test_it_shows_versions_passages_and_where_it_was_used(shelf: Collection) -> None:
    ask(shelf)
    row = shown("refunds.md")
    assert (row["title"], row["state"], row["collection"], row["recent_changes"]) == ("Refunds", "indexed", "Public", 1)
    assert [(v["number"], v["is_live"], v["added_chunks"], v["removed_chunks"]) for v in row["versions"]] == [
        (2, True, 1, 1),
        (1, False, 1, 0),
    ]
    (passage,) = row["passages"]
    assert "within 30 days" in passage["text"]
    assert row["answers"] == 1
    (use,) = row["used"]
    assert use["question"] == QUESTION
    assert "within 30 days" in use["quotes"][0]


def test_a_document_nobody_cited_was_used_nowhere(shelf: Collection) -> None:
    ask(shelf)
    row = shown("seats.md")
    assert (row["answers"], row["used"]) == (0, [])


def test_an_answer_counts_once_however_often_it_cites(shelf: Collection) -> None:
    ask(shelf)
    ask(shelf)
    document = Document.objects.get(path="refunds.md")
    assert document_uses.answer_count(Document.objects.values_list("pk", flat=True)) == 2
    assert [use.question for use in document_uses.uses(document.pk, limit=1)] == [QUESTION]


def test_people_read_it_as_text(shelf: Collection) -> None:
    ask(shelf)
    said = StringIO()
    call_command("document", "refunds.md", stdout=said)
    for part in ("Refunds", "version 2", "1 came, 1 went", "within 30 days", "1 answer rests on it", QUESTION):
        assert part in said.getvalue()


def test_a_name_that_is_none_is_said_and_status_1(shelf: Collection) -> None:
    with pytest.raises((SystemExit, CommandError)):
        call_command("document", "nothing.md", stderr=StringIO())


def test_a_removal_can_be_tried_first(shelf: Collection) -> None:
    said = StringIO()
    call_command("remove", "refunds.md", "--dry-run", stdout=said)
    assert "would be removed  refunds.md" in said.getvalue()
    assert Chunk.objects.filter(document__path="refunds.md").exists()


def test_the_change_rate_counts_what_replaced_something(shelf: Collection) -> None:
    since = timezone.now() - timedelta(days=30)
    assert DocumentVersion.objects.change_rates(since) == {shelf.pk: ChangeRate(2, 1, 1, 2)}
    DocumentVersion.objects.update(created_at=timezone.now() - timedelta(days=31))
    assert DocumentVersion.objects.change_rates(since) == {shelf.pk: ChangeRate(2, 0, 0, 0)}
