"""A judged set of passages and questions as cases, and its documents as files.

A folder of three files with a JSON object a line: `corpus.jsonl` ({"id", "doc", "ord", "title", "head", "text"}, a
passage), `queries.jsonl` ({"id", "text", "answerable", "answers"?, "para"?}), `qrels.jsonl` ({"q", "c", "r"}: which
passage answers which question, and how well). What of it has no counterpart here is told, counted.
"""

import hashlib
import json
import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bot.answers.asking import QUESTION_CHARACTERS
from evaluation.cases.case_drafts import CaseDraft, CaseFileError, FileProblem, ReadCases, once
from evaluation.models import ExpectedBehaviour
from evaluation.scores import expectations
from foundation.text import clean

FILES = {"corpus": ("id", "doc", "text"), "queries": ("id", "text", "answerable"), "qrels": ("q", "c")}
NAMES = ("id", "doc", "q", "c", "para")  # of passages, documents and questions
NAME_BYTES = 150  # file systems take 255
TOLD = 20  # problems of one file

_UNSAFE = re.compile(r"[^\w.-]+")

Row = Mapping[str, Any]


def document_name(doc: str) -> str:
    """The file that a document of a set is written to and ingested from: the path by which answers cite it."""
    safe = _UNSAFE.sub("_", doc).strip(".").encode()[:NAME_BYTES].decode(errors="ignore")
    if safe != doc or not safe:
        safe += f"-{hashlib.sha256(doc.encode()).hexdigest()[:8]}"
    return f"{safe}.md"


def is_set(path: Path) -> bool:
    return path.is_dir()


@dataclass
class _BenchSet:
    """`document_of` has the document of every passage, `gold` the passages of every question, the best first."""

    name: str
    document_of: dict[str, str]
    gold: dict[str, list[str]]
    counts: Counter[str] = field(default_factory=Counter)


def read(folder: Path) -> ReadCases:
    """A case for each question: an answer from its documents, which says one of its gold strings, or a refusal.

    Cases of one document are of one cluster. Raises CaseFileError, which names every bad line; all or nothing.
    """
    corpus, queries, qrels = (_rows(folder, name) for name in FILES)
    documents = {row["id"]: row["doc"] for row in corpus}
    found = _BenchSet(folder.resolve().name, documents, _gold(qrels))
    _check_unique("queries.jsonl", "questions", queries)
    _check_unique("corpus.jsonl", "passages", corpus)
    drafts = [draft for row in queries if (draft := _draft(found, row)) is not None]
    if not drafts:
        raise CaseFileError([FileProblem("queries.jsonl", "holds no question that can be asked")])
    if nobody := len(found.gold.keys() - {row["id"] for row in queries}):
        found.counts["questions are judged and not there"] = nobody
    if graded := sum(row.get("r", 1) not in (1, True) for row in qrels):
        found.counts["relevances other than 1 count as the others do"] = graded
    return ReadCases(drafts, [f"{count:,} {sentence}" for sentence, count in found.counts.items()])


def write_documents(folder: Path, target: Path) -> int:
    """Each document of a set as a Markdown file, its passages in their order; how many there are.

    `target` has to be new or empty. Raises CaseFileError.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CaseFileError([FileProblem(str(target), "is there already; name a new folder for the documents")])
    passages: dict[str, list[Row]] = defaultdict(list)
    for row in _rows(folder, "corpus"):
        passages[row["doc"]].append(row)
    target.mkdir(parents=True, exist_ok=True)
    for doc, rows in passages.items():
        text = "\n\n".join(_markdown(sorted(rows, key=lambda row: row.get("ord", 0))))
        (target / document_name(doc)).write_text(text, encoding="utf-8")
    return len(passages)


def _markdown(rows: Sequence[Row]) -> Iterator[str]:
    title = " ".join(str(rows[0].get("title") or rows[0]["doc"]).split())
    yield f"# {title}"
    heading = title
    for row in rows:
        below = " ".join(str(row.get("head") or "").split())
        if below and below != heading:
            heading = below
            yield f"## {heading}"
        yield clean(row["text"]).strip()


def _rows(folder: Path, name: str) -> list[Row]:
    """The lines of a file of the set, each with what it must have. Raises CaseFileError."""
    file = folder / f"{name}.jsonl"
    try:
        lines = file.read_bytes().decode("utf-8-sig").split("\n")
    except FileNotFoundError as error:
        raise CaseFileError([FileProblem(str(folder), f"has no {file.name}, and so is no judged set")]) from error
    except UnicodeDecodeError as error:
        raise CaseFileError([FileProblem(file.name, f"is not UTF-8 (byte {error.start})")]) from error
    rows, problems = [], []
    for number, line in enumerate(lines, start=1):
        try:
            rows += [_row(line, FILES[name])] if line.strip() else []
        except ValueError as error:
            problems.append(FileProblem(f"{file.name}, line {number}", str(error)))
    if problems:
        raise CaseFileError(problems[:TOLD])
    return rows


def _row(line: str, needed: Sequence[str]) -> Row:
    """Raises ValueError with what is wrong. Names may be numbers."""
    try:
        row = json.loads(line, object_pairs_hook=once)
    except json.JSONDecodeError as error:
        raise ValueError(f"is no JSON: {error.msg} at character {error.pos + 1}") from error
    if not isinstance(row, dict):
        raise ValueError("is no JSON object")
    row |= {name: str(row[name]) for name in NAMES if type(row.get(name)) is int}
    for name in needed:
        kind = bool if name == "answerable" else str
        if not isinstance(row.get(name), kind):
            raise ValueError(f"has no {name}" if name not in row else f"its {name} is no {kind.__name__}")
    for name in ("r", "ord"):
        if type(row.get(name, 0)) not in (int, float, bool) or not math.isfinite(row.get(name, 0)):
            raise ValueError(f"its {name} is no number")
    if any(isinstance(value, str) and value != clean(value) for value in map(row.get, NAMES)):
        raise ValueError("is named with a sign that no text may hold")
    return row


def _gold(qrels: Sequence[Row]) -> dict[str, list[str]]:
    """The passages that answer each question, the most relevant first; what is judged at 0 answers nothing."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in sorted(qrels, key=lambda row: -float(row.get("r", 1))):
        if float(row.get("r", 1)) > 0:
            found[row["q"]].append(row["c"])
    return found


def _check_unique(file: str, kind: str, rows: Sequence[Row]) -> None:
    twice = [name for name, count in Counter(row["id"] for row in rows).items() if count > 1]
    if twice:
        raise CaseFileError([FileProblem(file, f"two {kind} are called {name}") for name in twice[:TOLD]])


def _draft(found: _BenchSet, row: Row) -> CaseDraft | None:
    """The case of a question; None for one that cannot be asked, which is counted."""
    question = clean(row["text"]).strip()
    if not question or len(question) > QUESTION_CHARACTERS:
        found.counts["questions are empty or too long, and left out"] += 1
        return None
    gold = _documents(found, row)
    about = gold or _documents_of(found, [row["para"]] if isinstance(row.get("para"), str) else [])
    answers: list[object] = list(_strings(found, row)) if row["answerable"] else []
    return CaseDraft(
        question=question,
        place=f"query {row['id']}",
        expected=ExpectedBehaviour.ANSWER if row["answerable"] else ExpectedBehaviour.REFUSE,
        gold=tuple(map(document_name, gold)),
        must_include=(answers,) if answers else (),
        reference=expectations.said(answers),
        tags=(found.name[:60],),
        thread=f"{found.name}: {about[0]}"[:200] if about else "",
    )


def _documents(found: _BenchSet, row: Row) -> list[str]:
    """The documents that hold the answer. One that holds none by its own word has none, whatever was judged."""
    named = found.gold.get(row["id"], [])
    if not row["answerable"]:
        if named:
            found.counts["questions without an answer are judged to have passages, which are left out"] += 1
        return []
    documents = _documents_of(found, named)
    if len(named) > sum(each in found.document_of for each in named):
        found.counts["questions name passages that the corpus does not hold"] += 1
    if not documents:
        found.counts["answerable questions have no document, so that nothing says whether it was found"] += 1
    return documents


def _documents_of(found: _BenchSet, passages: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found.document_of[each] for each in passages if each in found.document_of))


def _strings(found: _BenchSet, row: Row) -> Iterator[str]:
    """The gold strings that can be looked for, each once; any of them is enough."""
    written = row.get("answers") or []
    listed = written if isinstance(written, list) else [written]
    given = [each for each in listed if isinstance(each, str) and each.strip()]
    usable = []
    for each in dict.fromkeys(expectations.literal(clean(text).strip()) for text in given):
        try:
            expectations.check(each)
        except expectations.ExpectationError:
            continue
        usable.append(each)
    if len(usable) < len(set(map(str.strip, given))) or len(given) < len(listed):
        found.counts["questions have gold strings that cannot be looked for"] += 1
    if not usable:
        found.counts["answerable questions have no gold string, so that their facts are for people to grade"] += 1
    yield from usable
