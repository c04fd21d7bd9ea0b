"""Examples from files: questions and answers that somebody has kept elsewhere, put into today's prompt."""

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import Any, Literal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.crypto import salted_hmac

from bot.answers import answering, prompts
from foundation.text import clean
from knowledge.models import Collection
from knowledge.parsers.base import ParseError
from knowledge.parsers.text import MARKS, likeliest_encoding
from knowledge.retrieval.search import Hit, retrieve
from llm.prompt import Turn
from tuning.examples import assessing, own_addresses, passage_rows
from tuning.examples.proposing import final
from tuning.examples.redacting import Redaction
from tuning.models import TrainingExample

MOST_LINES = 20_000
MOST_CHARACTERS = 100_000  # of what one person says; no trainer takes more (datasets.validating.MOST_TOKENS)
TOLD = 10  # lines with something wrong
DELIMITERS = (",", ";", "\t", "|")
CERTAIN = ("utf-8", "utf-16-be", "utf-16-le")  # what can be told from the bytes alone
SPOKEN, TOOLS = ("user", "assistant"), ("tool", "function")
ROLES = ("system", "developer", *SPOKEN, *TOOLS)
TOO_LONG = f"has a text of more than {MOST_CHARACTERS:,} characters"
QUESTION, ANSWER = ("question", "prompt", "input"), ("answer", "completion", "output", "response")


class ImportFileError(ValueError):
    """The file cannot be read as examples; the message names the lines. Nothing was imported."""


class LineError(ValueError):
    """What is wrong with a line, to stand behind its number."""


@dataclass(frozen=True)
class ImportedExchange:
    """A question and its answer, with what was said before."""

    question: str
    answer: str
    history: tuple[Turn, ...] = ()


def read(name: str, data: bytes, *, encoding: str = "") -> list[ImportedExchange]:
    """The exchanges of a .jsonl file in OpenAI's chat format, or a .csv with question and answer, in their order.

    Raises ImportFileError, which names every line that is wrong.
    """
    text = _decoded(data, encoding)
    formats = {".jsonl": _jsonl, ".ndjson": _jsonl, ".csv": _csv, ".tsv": _csv}
    found = formats.get(PurePath(name).suffix.lower())
    if found is None:
        raise ImportFileError("The file has to be .jsonl (OpenAI's chat format) or .csv (question and answer).")
    problems: list[str] = []
    exchanges = list(islice(_sound(found(text), problems), MOST_LINES + 1))
    if problems:
        more = f" And {len(problems) - TOLD:,} more lines." if len(problems) > TOLD else ""
        raise ImportFileError(" ".join(problems[:TOLD]) + more)
    if not exchanges:
        raise ImportFileError("The file holds no example.")
    if len(exchanges) > MOST_LINES:
        raise ImportFileError(f"The file holds more than {MOST_LINES:,} examples; please split it.")
    return exchanges


def _sound(found: Iterable[ImportedExchange | str], problems: list[str]) -> Iterator[ImportedExchange]:
    """The exchanges; what is wrong with the others is put into `problems`."""
    for each in found:
        if isinstance(each, str):
            problems.append(each)
        else:
            yield each


def _decoded(data: bytes, encoding: str) -> str:
    """The text, every line end a line feed. A guess is no encoding: wrong letters would be learnt."""
    if not encoding:
        encoding = next((name for mark, name in MARKS if data.startswith(mark)), "") or _unmarked(data)
    try:
        text = data.decode(encoding)
    except LookupError as error:
        raise ImportFileError(f"There is no encoding named {encoding}.") from error
    except UnicodeDecodeError as error:
        raise ImportFileError(f"The file is not {encoding} (byte {error.start}).") from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _unmarked(data: bytes) -> str:
    try:
        likeliest = likeliest_encoding(data)
    except ParseError as error:
        raise ImportFileError(str(error)) from error
    if likeliest not in CERTAIN:
        raise ImportFileError(
            f"The file is not UTF-8; it looks like {likeliest}. Save it as UTF-8, or say what it is with --encoding."
        )
    return likeliest


def add(exchanges: Sequence[ImportedExchange], *, by: User | None) -> tuple[list[TrainingExample], int]:
    """Examples in review, and how many were there already, as they are or as somebody has edited them since. Each is
    given the passages that are found for it today.

    What the passages do not say is for the reviewer to see. Raises ProviderError, and writes then nothing.
    """
    collections = list(Collection.objects.public().values_list("pk", flat=True))
    built = [_built(exchange, collections) for exchange in exchanges]
    known = {name: _known(name, [fields[name] for fields, _ in built]) for name in ("source", "checksum")}
    fresh = {
        fields["checksum"]: (fields, hits)
        for fields, hits in built
        if not any(fields[name] in there for name, there in known.items())
    }
    with transaction.atomic():
        rows = TrainingExample.objects.bulk_create(
            [TrainingExample(**fields, proposed_by=by) for fields, _ in fresh.values()], batch_size=500
        )
        passage_rows.keep(rows, [hits for _, hits in fresh.values()])
        assessing.assess_new(rows)
    return rows, len(built) - len(rows)


def _known(name: str, wanted: Sequence[str]) -> set[str]:
    """The values of a field that examples have already."""
    return set(TrainingExample.objects.filter(**{f"{name}__in": wanted}).values_list(name, flat=True))


def _source(exchange: ImportedExchange) -> str:
    """A hash of what the file says, which nobody without the key of the install can try guesses on."""
    said = [*((turn.role, turn.text) for turn in exchange.history), exchange.question, exchange.answer]
    return salted_hmac("parley.tuning.import", json.dumps(said), algorithm="sha256").hexdigest()


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
        "source": _source(exchange),
        "redactions": dict(redaction.counts),
        "placeholders": redaction.placeholders,
        "is_refusal": answer == prompts.NOT_FOUND,
        "template_hash": prompts.template_hash(),
        **final(prompt.messages(), answer),
    }
    return fields, found.hits


def _jsonl(text: str) -> Iterator[ImportedExchange | str]:
    if re.match(r"\s*([\[{]\s*\n|\[\s*\{)", text):
        yield "The file is one JSON document, where each line has to be one: write every example on a line of its own."
        return
    for number, line in enumerate(text.split("\n"), start=1):  # other separators may stand in JSON
        if line.strip():
            try:
                yield _exchange(_messages(line))
            except LineError as error:
                yield f"Line {number} {error}."


def _messages(line: str) -> list[dict[str, Any]]:
    """Raises LineError."""
    try:
        loaded = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LineError("is no JSON object with messages") from error
    if not isinstance(loaded, dict):
        raise LineError("is no JSON object with messages")
    if "messages" not in loaded and all(isinstance(loaded.get(name), str) for name in ("prompt", "completion")):
        return [{"role": "user", "content": loaded["prompt"]}, {"role": "assistant", "content": loaded["completion"]}]
    messages = loaded.get("messages")
    if messages is None:
        raise LineError("is no JSON object with messages")
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise LineError("has messages that are no list of objects")
    return messages


def _exchange(messages: Iterable[dict[str, Any]]) -> ImportedExchange:
    """The last answer that is to be learnt, the question before it, and the turns before that.

    Instructions are ours, not the file's, and so are the passages that stand where its tools answered. Raises
    LineError.
    """
    turns, learnt = _turns(messages)
    if len(turns) < 2 or turns[-1].role != "assistant" or turns[0].role != "user":
        raise LineError("does not end with a question and its answer")
    if not learnt:
        raise LineError("has no answer that is to be learnt: the weight of each is 0")
    last = max(learnt)
    if any(len(turn.text) > MOST_CHARACTERS for turn in turns):
        raise LineError(TOO_LONG)
    return ImportedExchange(turns[last - 1].text, learnt[last], tuple(turns[: last - 1]))


def _turns(messages: Iterable[dict[str, Any]]) -> tuple[list[Turn], dict[int, str]]:
    """What was said in turn, and by its place what of each answer is to be learnt. Raises LineError."""
    turns: list[Turn] = []
    learnt: dict[int, str] = {}
    for message in messages:
        role, is_learnt = message.get("role"), _is_learnt(message)
        if role not in ROLES:
            raise LineError(f"has a message of the role {role!r}")
        if role not in TOOLS and not _calls_tools(message):
            text = _text(message.get("content"))
            if role in SPOKEN:
                _say(turns, role, text)
            if role == "assistant" and is_learnt:
                place = len(turns) - 1
                learnt[place] = f"{learnt[place]}\n\n{text}" if place in learnt else text
    return turns, learnt


def _say(turns: list[Turn], role: Literal["user", "assistant"], text: str) -> None:
    """Add what was said to the turns; who goes on speaking goes on with the same one."""
    if turns and turns[-1].role == role:
        turns[-1] = Turn(role, f"{turns[-1].text}\n\n{text}")
    else:
        turns.append(Turn(role, text))


def _is_learnt(message: dict[str, Any]) -> bool:
    """OpenAI leaves out the answers of weight 0. Raises LineError for any other number."""
    weight = message.get("weight", 1)
    if weight not in (0, 1):
        raise LineError(f"has the weight {weight!r}, where 0 and 1 are possible")
    return bool(weight)


def _calls_tools(message: dict[str, Any]) -> bool:
    return bool(message.get("tool_calls") or message.get("function_call"))


def _text(content: Any) -> str:
    """A text, or the texts of parts; raises LineError for pictures, sound and nothing."""
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        kinds = {str(part.get("type")) for part in content} - {"text"}
        if kinds:
            raise LineError(f"has a message with something other than text ({', '.join(sorted(kinds))})")
        content = "".join(str(part.get("text") or "") for part in content)
    if not isinstance(content, str) or not clean(content).strip():
        raise LineError("has a message without text")
    return clean(content).strip()


def _csv(text: str) -> Iterator[ImportedExchange | str]:
    """By whichever separator makes the first line name both columns, in any order, beside any others."""
    skipped, text = _without_hint(text)
    for delimiter in DELIMITERS:
        names = _names(text, delimiter)
        question, answer = (_column(names, known) for known in (QUESTION, ANSWER))
        if question is not None and answer is not None:
            for number, row in _rows(text, delimiter):
                yield _of_row(f"Line {number + skipped}", row, (len(names), question, answer))
            return
    yield "The first line has to name the columns question and answer."


def _without_hint(text: str) -> tuple[int, str]:
    """Excel may say in a first line of its own which separator it used; and how many lines that took."""
    first, end, rest = text.partition("\n")
    return (1, rest) if end and re.fullmatch(r"sep=.", first.strip(), re.IGNORECASE) else (0, text)


def _names(text: str, delimiter: str) -> list[str]:
    """Of the columns, from the first line that says anything."""
    try:
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        return [cell.strip().lower() for cell in next((row for row in rows if any(map(str.strip, row))), [])]
    except csv.Error:
        return []


def _column(names: Sequence[str], known: Sequence[str]) -> int | None:
    return next((names.index(each) for each in known if names.count(each) == 1), None)


def _rows(text: str, delimiter: str) -> Iterator[tuple[int, list[str] | str]]:
    """The cells of each row below the names, with the number of its first line; at the end what could not be read."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    is_below = False
    while True:
        number = reader.line_num + 1
        try:
            cells = [clean(cell).strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error as error:
            yield number, f"is no CSV that can be read: {error}."
            return
        if any(cells):
            if is_below:
                yield number, cells
            is_below = True


def _of_row(line: str, row: list[str] | str, columns: tuple[int, int, int]) -> ImportedExchange | str:
    """A cell too many is an answer with a separator that nobody quoted, half of which would be lost."""
    width, question, answer = columns
    if isinstance(row, str):
        return f"{line} {row}"
    if len(row) > width:
        return f"{line} has {len(row)} cells where the first has {width}: quote what holds a separator."
    cells = row + [""] * (width - len(row))
    if not cells[question] or not cells[answer]:
        return f"{line} has no question or no answer."
    if max(len(cells[question]), len(cells[answer])) > MOST_CHARACTERS:
        return f"{line} {TOO_LONG}."
    return ImportedExchange(cells[question], cells[answer])
