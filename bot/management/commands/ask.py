"""One cited answer in the terminal."""

import json
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bot.answers import conversations
from bot.answers.asking import QuestionError
from bot.answers.conversations import Delta, Done, Retrieved
from bot.inbox.wishes import wants_person
from bot.models import Message, Outcome, Platform
from bot.wording import phrases
from bot.wording.speech import ENGLISH
from knowledge.retrieval import audience
from llm.models import Deployment, Purpose, UsageRecord
from llm.spending import money


class Command(BaseCommand):
    help = "Answer a question from the documents, with citations. Public collections unless others are named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("question")
        parser.add_argument("--collection", action="append", default=[], metavar="NAME", help="may be repeated")
        parser.add_argument("--json", action="store_true", help="print one JSON document")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            collections = audience.collection_ids(options["collection"])
            events = conversations.ask(options["question"], platform=Platform.CONSOLE, collections=collections)
            message, latency, shown = self._follow(events, is_streamed=not options["json"] and sys.stdout.isatty())
        except (QuestionError, audience.UnknownCollectionError, Deployment.DoesNotExist) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self.stdout.write(json.dumps(as_json(message, latency), ensure_ascii=False, indent=2))
        else:
            self._print(message, shown.strip())
        if message.outcome == Outcome.PROVIDER_ERROR:
            sys.exit(1)

    def _follow(self, events: Any, *, is_streamed: bool) -> tuple[Message, dict[str, float | None], str]:
        """Run the answer to its end, showing its text as it comes where somebody watches; the last is what they saw."""
        latency: dict[str, float | None] = {"retrieve": None}
        shown = ""
        for event in events:
            match event:
                case Retrieved():
                    latency["retrieve"] = round(sum(event.retrieval.stages_ms.values()), 1)
                case Delta() if is_streamed:
                    shown += event.text
                    self.stdout.write(event.text, ending="")
                    self.stdout.flush()
                case Done():
                    first = event.message.first_token_ms
                    latency["first_token"] = None if first is None else round(first, 1)
                    latency["total"] = round(event.message.total_ms or 0, 1)
                    return event.message, latency, shown
        raise AssertionError("an answer always ends in Done")

    def _print(self, message: Message, shown: str) -> None:
        """The rest of an answer of which the text `shown` is on the screen already, or all of it where it changed."""
        if shown and shown != message.text.strip():
            self.stdout.write(f"\n\n{ENGLISH.say(phrases.REPLACED)}\n")
        if shown != message.text.strip():
            self.stdout.write(message.text, ending="")
        self.stdout.write("\n")
        if note := _note(message):
            self.stdout.write(f"  {note}")
        for citation in message.citations.all():
            place = citation.url or citation.path
            self.stdout.write(f"  [{citation.number}] {citation.heading or citation.title} ({place})")
        self.stdout.write(f"\n{_summary(message)}")


def _note(message: Message) -> str:
    """What is said under an answer beside its sources; most often nothing."""
    if message.is_quoted_instead:
        return ENGLISH.say(phrases.QUOTED_INSTEAD)
    return ENGLISH.say(phrases.NOBODY_HERE) if wants_person(message.asked.text) else ""


def _summary(message: Message) -> str:
    """Outcome, model, cost and time in one line."""
    price = money.label(message.cost).lower()
    outcome = Outcome(message.outcome).label.lower()
    truncated = ", cut off at the length limit" if message.is_truncated else ""
    return (
        f"{outcome}{truncated} · {message.provider}:{message.model} · {price} · {(message.total_ms or 0) / 1000:.2f} s"
    )


def as_json(message: Message, latency: dict[str, float | None]) -> dict[str, object]:
    """The answer as scripts read it."""
    usage = list(UsageRecord.objects.of_trace(message.trace_id).exclude(purpose=Purpose.EMBED_QUESTION))
    cost = message.cost
    return {
        "answer": message.text,
        "outcome": message.outcome,
        "note": _note(message),
        "is_truncated": message.is_truncated,
        "citations": [
            {
                "number": citation.number,
                "title": citation.title,
                "url": citation.url,
                "path": citation.path,
                "heading": citation.heading,
                "quote": citation.quote,
                "document_id": citation.document_id,
            }
            for citation in message.citations.all()
        ],
        "voice": str(message.voice) if message.voice else None,
        "model": message.model,
        "provider": message.provider,
        "usage": {
            name: sum(getattr(record, name) for record in usage)
            for name in ("input_tokens", "cached_input_tokens", "output_tokens")
        },
        "cost_usd": None if cost is None else f"{cost:.8f}",
        "latency_ms": latency,
        "trace_id": message.trace_id,
    }
