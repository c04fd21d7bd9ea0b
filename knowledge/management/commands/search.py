"""The passages that fit a question, for one question in the terminal or many from a file."""

import json
import textwrap
import time
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from foundation import drafts
from knowledge.originals.base import readable
from knowledge.retrieval import audience, search
from knowledge.retrieval.search import Hit, Retrieval
from llm.completion import ProviderError
from llm.models import Deployment, ServingRole

QUERY_CHARACTERS = 4_000
EXCERPT_CHARACTERS = 280
MOST_HITS = 1000


@dataclass(frozen=True)
class Query:
    id: Any
    text: str


class Command(BaseCommand):
    help = "Find passages. Searches the public collections unless others are named."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("query", nargs="?")
        parser.add_argument("-k", type=_positive, default=6, metavar="N", help="how many passages (default: 6)")
        parser.add_argument("--collection", action="append", default=[], metavar="NAME", help="may be repeated")
        parser.add_argument("--json", action="store_true", help="print one JSON document")
        parser.add_argument("--queries", metavar="FILE", help='many: one {"id": ..., "text": ...} per line')
        parser.add_argument("--output", metavar="FILE", help="where the answers to --queries go, one per line")

    def handle(self, *args: Any, **options: Any) -> None:
        is_batch = options["queries"] is not None
        if is_batch != (options["output"] is not None) or is_batch == (options["query"] is not None):
            raise CommandError("Give either a QUERY, or both --queries FILE and --output FILE.")
        try:
            collections = audience.collection_ids(options["collection"])
            Deployment.objects.live(ServingRole.EMBED)
            if is_batch:
                self._search_many(Path(options["queries"]), Path(options["output"]), collections, options["k"])
            else:
                self._search_one(options["query"], collections, options)
        except (audience.UnknownCollectionError, Deployment.DoesNotExist, ProviderError) as error:
            raise CommandError(str(error)) from error

    def _search_one(self, query: str, collections: Sequence[int], options: dict[str, Any]) -> None:
        if not query.strip():
            raise CommandError("The query is empty.")
        if len(query) > QUERY_CHARACTERS:
            raise CommandError(f"The query is longer than {QUERY_CHARACTERS:,} characters.")
        found = search.retrieve(query, collections=collections, k=options["k"])
        if options["json"]:
            self.stdout.write(json.dumps([as_json(hit) for hit in found.hits], ensure_ascii=False, indent=2))
        elif found.hits:
            self._print(found)
        else:
            self.stdout.write("Nothing found.")

    def _print(self, found: Retrieval) -> None:
        for number, hit in enumerate(found.hits, start=1):
            self.stdout.write(f"{number}. {hit.heading or hit.title}  ({hit.url or hit.path}, score {hit.score:.2f})")
            excerpt = textwrap.shorten(_from_best_sentence(hit), EXCERPT_CHARACTERS, placeholder=" …")
            self.stdout.write(textwrap.indent(textwrap.fill(excerpt, 96), "   ") + "\n")
        for written, understood in found.corrections.items():
            self.stdout.write(f"No document has {written!r}; {understood!r} was searched for (both are stems).")
        time_ms = sum(found.stages_ms.values())
        self.stdout.write(f"answerable {found.answerable:.2f} · {time_ms:.1f} ms")

    def _search_many(self, queries: Path, output: Path, collections: Sequence[int], k: int) -> None:
        """Answer a file of queries; the output appears whole or not at all."""
        asked = list(_queries(queries))
        try:
            with drafts.replacing(output) as file:
                for query in asked:
                    line = json.dumps(_answer(query, collections, k), ensure_ascii=False) + "\n"
                    file.write(line.encode(errors="backslashreplace"))  # halves of surrogate pairs as in JSON
        except OSError as error:
            raise CommandError(f"{readable(str(output))} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"Answered {len(asked)} queries.", self.style.NOTICE)


def as_json(hit: Hit) -> dict[str, Any]:
    """A hit as scripts read it."""
    return {
        "path": hit.path,
        "url": hit.url,
        "title": hit.title,
        "heading": hit.heading,
        "document_id": hit.document_id,
        "chunk_id": hit.chunk_id,
        "score": hit.score,
        "text": hit.text,
    }


def _from_best_sentence(hit: Hit) -> str:
    """The text of a hit from the sentence on that fits the query best."""
    best = max(hit.sentences, key=lambda sentence: sentence.similarity, default=None)
    return f"… {hit.text[best.start :]}" if best and best.start else hit.text


def _answer(query: Query, collections: Sequence[int], k: int) -> dict[str, Any]:
    started = time.perf_counter()
    found = search.retrieve(query.text, collections=collections, k=k)
    return {
        "id": query.id,
        "hits": [as_json(hit) for hit in found.hits],
        "answerable": found.answerable,
        "latency_ms": round((time.perf_counter() - started) * 1000, 2),
    }


def _queries(path: Path) -> Iterator[Query]:
    """The queries of a file, checked before the first is answered; blank lines are passed over."""
    called = readable(str(path))
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except OSError as error:
        raise CommandError(f"{called} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{called} is not UTF-8 text.") from error
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield _query(line, f"{called}, line {number}")


def _query(line: str, place: str) -> Query:
    try:
        fields = json.loads(line)
    except json.JSONDecodeError as error:
        raise CommandError(f"{place}: this is not JSON ({error.msg}).") from error
    if not isinstance(fields, dict) or not isinstance(fields.get("text"), str) or "id" not in fields:
        raise CommandError(f'{place}: a query looks like {{"id": "q1", "text": "..."}}.')
    return Query(fields["id"], fields["text"])


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_HITS:
        raise ArgumentTypeError(f"give a whole number from 1 to {MOST_HITS}")
    return int(text)
