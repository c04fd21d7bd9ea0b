"""Answers of the sample help centre, really asked, and what a reviewer makes of them."""

import json
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User

from bot.answers import conversations
from bot.answers.conversations import Done
from bot.models import Message, Outcome, Platform
from knowledge.models import Collection
from knowledge.originals import folders
from llm.models import ServingRole
from tests.rows.make import make_collection, make_deployment, make_indexed
from tuning.examples import proposing, reviewing

SAMPLE = Path(settings.BASE_DIR) / "knowledge" / "sample"
DOCUMENTS = ("refund-policy.md", "plans-and-pricing.md", "account-termination.md", "api.md", "webhooks.md")
GREETINGS = ("", "Hello! ", "A quick question. ")


def make_help_centre() -> Collection:
    """Five documents of the sample help centre, answered by quoting."""
    make_deployment()
    make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    public = make_collection()
    found = folders.files(str(SAMPLE / "help_centre" / "public")).originals
    make_indexed(public, *(each for each in found if each.path in DOCUMENTS))
    return public


def ways_to_ask() -> list[str]:
    """Every question about those documents, in three manners."""
    rows = map(json.loads, (SAMPLE / "questions.jsonl").read_text(encoding="utf-8").splitlines())
    asked = [row["text"] for row in rows if row.get("path") in DOCUMENTS]
    return [f"{greeting}{question}" for greeting in GREETINGS for question in asked]


def ask(question: str, collection: Collection) -> Message:
    """The row of an answer, asked as on the web page."""
    *_, done = conversations.ask(question, platform=Platform.WEB, collections=[collection.pk])
    assert isinstance(done, Done)
    return done.message


def review(messages: list[Message], voice: str) -> None:
    """Each goes through the queue, where a reviewer says its `{answer}` in a voice; what was refused stays refused."""
    reviewer, _ = User.objects.get_or_create(username="reviewer")
    for message in messages:
        example = proposing.propose(message, by=reviewer)
        claimed = reviewing.claim(reviewer, pk=example.pk)
        assert claimed is not None
        said = voice.format(answer=claimed.answer) if message.outcome == Outcome.ANSWERED else ""
        reviewing.approve(claimed.pk, reviewer, answer=said, no_fact="It is how the voice greets.")
