"""Examples from files: questions and answers that somebody has kept elsewhere, put into today's prompt."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import answering, prompts
from foundation.text import clean
from knowledge.models import Collection
from knowledge.retrieval.search import Hit, retrieve
from llm.prompt import Turn
from tuning.examples import assessing, own_addresses, passage_rows
from tuning.examples.proposing import final
from tuning.examples.redacting import Redaction
from tuning.models import TrainingExample

MOST_LINES = 20_000
QUESTION, ANSWER = ("question", "prompt", "input"), ("answer", "completion", "output", "response")


class ImportFileError(ValueError):
    """The file cannot be read as examples; the message names the line. Nothing was imported."""


@dataclass(frozen=True)
class ImportedExchange:
    """A question and its answer, with what was said before."""

    question: str
    answer: str
    history: tuple[Turn, ...] = ()


def read(name: str, data: bytes) -> list[ImportedExchange]:
    """The exchanges of a .jsonl file in OpenAI's chat format, or a .csv with question and answer. Raises
    ImportFileError."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportFileError(f"The file is not UTF-8 (byte {error.start}).") from error
    suffix = PurePath(name).suffix.lower()
    if suffix == ".jsonl":
        found = list(_jsonl(text))
    elif suffix == ".csv":
        found = list(_csv(text))
    else:
        raise ImportFileError("The file has to be .jsonl (OpenAI's chat format) or .csv (question and answer).")
    if not found:
        raise ImportFileError("The file holds no example.")
    if len(found) > MOST_LINES:
        raise ImportFileError(f"The file holds more than {MOST_LINES:,} examples; please split it.")
    return found


def add(exchanges: Sequence[ImportedExchange], *, by: User | None) -> tuple[list[TrainingExample], int]:
    """Examples in review, and how many were there already. Each is given the passages that are found for it today.

    What the passages do not say is for the reviewer to see. Raises ProviderError, and writes then nothing.
    """
    collections = list(Collection.objects.public().values_list("pk", flat=True))
    built = [_built(exchange, collections) for exchange in exchanges]
    wanted = [fields["checksum"] for fields, _ in built]
    known = set(TrainingExample.objects.filter(checksum__in=wanted).values_list("checksum", flat=True))
    fresh = {fields["checksum"]: (fields, hits) for fields, hits in built if fields["checksum"] not in known}
    with transaction.atomic():
        rows = TrainingExample.objects.bulk_create(
            [TrainingExample(**fields, proposed_by=by) for fields, _ in fresh.values()], batch_size=500
        )
        passage_rows.keep(rows, [hits for _, hits in fresh.values()])
        assessing.assess_new(rows)
    return rows, len(built) - len(rows)


def _built(exchange: ImportedExchange, collections: Sequence[int]) -> tuple[dict[str, Any], Sequence[Hit]]:
    said = [*(turn.text for turn in exchange.history if turn.role == "user"), exchange.question]
    redaction = Redaction(own=own_addresses.known(), said=said)
    history = [Turn(turn.role, redaction.clean(turn.text)) for turn in exchange.history]
    question, answer = redaction.clean(exchange.question), redaction.clean(exchange.answer)
    found = retrieve(question, collections=collections, k=answering.PASSAGES)
    prompt = prompts.build(question, found.hits, history, may_search=True)
    fields = {
        "question": question,
        "original_answer": answer,
        "answer": answer,
        "redactions": dict(redaction.counts),
        "placeholders": redaction.placeholders,
        "is_refusal": answer == prompts.NOT_FOUND,
        "template_hash": prompts.template_hash(),
        **final(prompt.messages(), answer),
    }
    return fields, found.hits


def _jsonl(text: str) -> Iterator[ImportedExchange]:
    for number, line in enumerate(text.split("\n"), start=1):  # other separators may stand in JSON
        if line.strip():
            yield _exchange(number, _loaded(number, line))


def _loaded(number: int, line: str) -> list[dict[str, Any]]:
    try:
        messages = json.loads(line)["messages"]
    except (ValueError, KeyError, TypeError) as error:
        raise ImportFileError(f"Line {number} is no JSON object with messages.") from error
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise ImportFileError(f"Line {number}: messages has to be a list of objects.")
    return messages


def _exchange(number: int, messages: Iterable[dict[str, Any]]) -> ImportedExchange:
    """The last answer, the question before it, and the turns before that; instructions are ours, not the file's."""
    turns = []
    for message in messages:
        role, content = message.get("role"), message.get("content")
        if role not in ("system", "developer", "user", "assistant"):
            raise ImportFileError(f"Line {number} has a message of the role {role!r}.")
        if not isinstance(content, str) or not content.strip():
            raise ImportFileError(f"Line {number} has a message without text.")
        if role in ("user", "assistant"):
            turns.append(Turn("user" if role == "user" else "assistant", clean(content).strip()))
    if [turn.role for turn in turns[-2:]] != ["user", "assistant"]:
        raise ImportFileError(f"Line {number} does not end with a question and its answer.")
    return ImportedExchange(turns[-2].text, turns[-1].text, tuple(turns[:-2]))


def _csv(text: str) -> Iterator[ImportedExchange]:
    try:
        yield from _rows(csv.DictReader(io.StringIO(clean(text), newline="")))
    except csv.Error as error:
        raise ImportFileError(f"The file is no CSV that can be read: {error}.") from error


def _rows(rows: "csv.DictReader[str]") -> Iterator[ImportedExchange]:
    names = {(name or "").strip().lower(): name for name in rows.fieldnames or ()}
    question = next((names[each] for each in QUESTION if each in names), None)
    answer = next((names[each] for each in ANSWER if each in names), None)
    if question is None or answer is None:
        raise ImportFileError("The first line has to name the columns question and answer.")
    for row in rows:
        asked, told = (row[question] or "").strip(), (row[answer] or "").strip()
        if not asked or not told:
            raise ImportFileError(f"Line {rows.line_num} has no question or no answer.")
        yield ImportedExchange(asked, told)
