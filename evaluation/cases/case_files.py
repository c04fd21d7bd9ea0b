"""Cases in files: our own form, one JSON object a line, and promptfoo's YAML. Pure.

A line of ours has `question`, and may have `history` ([{"role": "user", "text": "…"}, …]), `expected` (answer, refuse,
clarify, escalate), `gold` (paths or addresses of documents), `must_include`, `must_not_include`, `reference`, `tags`
and `cluster` (the name of what other cases ask as well). Whatever else stands there is an error and no comment.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

from bot.answers.asking import QUESTION_CHARACTERS
from evaluation.cases import promptfoo
from evaluation.cases.case_drafts import CaseDraft, CaseFileError, FileProblem, ReadCases, once
from evaluation.models import ExpectedBehaviour
from evaluation.scores import expectations
from foundation.text import clean

MOST_CASES = 10_000

_FIELDS = {
    "question", "history", "expected", "gold", "must_include", "must_not_include", "reference", "tags", "cluster",
}  # fmt: skip


def read(name: str, data: bytes) -> ReadCases:
    """The cases of a .jsonl, .yaml or .yml file. Raises CaseFileError, which names every bad line; all or nothing."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CaseFileError([FileProblem("", f"the file is not UTF-8 (byte {error.start})")]) from error
    suffix = PurePath(name).suffix.lower()
    if suffix == ".jsonl":
        found = ReadCases(_jsonl(text))
    elif suffix in (".yaml", ".yml"):
        found = ReadCases(*promptfoo.read(text))
    else:
        raise CaseFileError([FileProblem("", "the file has to be .jsonl (a case a line) or .yaml (promptfoo)")])
    if not found.drafts:
        raise CaseFileError([FileProblem("", "the file holds no case")])
    if len(found.drafts) > MOST_CASES:
        raise CaseFileError([FileProblem("", f"the file holds more than {MOST_CASES:,} cases; please split it")])
    return found


def _jsonl(text: str) -> list[CaseDraft]:
    drafts, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):  # other separators may stand in JSON
        if not line.strip():
            continue
        try:
            drafts.append(_draft(f"line {number}", json.loads(line, object_pairs_hook=once)))
        except ValueError as error:
            problems.append(FileProblem(f"line {number}", _reason(error)))
    if problems:
        raise CaseFileError(problems)
    return drafts


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is no JSON: {error.msg} at character {error.pos + 1}"
    return str(error)


def _draft(place: str, row: object) -> CaseDraft:
    """Raises ValueError with what is wrong. What is null is not there."""
    if not isinstance(row, Mapping):
        raise ValueError("is no JSON object")
    row = {name: value for name, value in row.items() if value is not None}
    if unknown := sorted(set(row) - _FIELDS):
        raise ValueError(f"has a field that no case has: {', '.join(unknown)}")
    expected = row.get("expected", ExpectedBehaviour.ANSWER.value)
    if expected not in ExpectedBehaviour.values:
        raise ValueError(f"expected is {expected!r}, and has to be one of {', '.join(ExpectedBehaviour.values)}")
    return CaseDraft(
        place=place,
        question=_question(row.get("question")),
        history=tuple(_turns(row.get("history", []))),
        expected=ExpectedBehaviour(expected),
        gold=tuple(_texts(row, "gold")),
        must_include=tuple(_expectations(row, "must_include")),
        must_not_include=tuple(_expectations(row, "must_not_include")),
        reference=_text(row, "reference"),
        tags=tuple(_texts(row, "tags")),
        thread=_text(row, "cluster"),
    )


def _question(written: object) -> str:
    if not isinstance(written, str) or not clean(written).strip():
        raise ValueError("has no question")
    if len(written) > QUESTION_CHARACTERS:
        raise ValueError(f"its question is longer than {QUESTION_CHARACTERS:,} characters")
    return clean(written).strip()


def _turns(written: object) -> Iterator[dict[str, str]]:
    if not isinstance(written, list):
        raise ValueError("history has to be a list of turns")
    for turn in written:
        is_turn = isinstance(turn, Mapping) and turn.get("role") in ("user", "assistant")
        text = turn.get("text", turn.get("content")) if isinstance(turn, Mapping) else None
        if not is_turn or not isinstance(text, str) or not text.strip():
            raise ValueError("a turn of the history has a role (user or assistant) and a text")
        yield {"role": turn["role"], "text": clean(text).strip()}


def _texts(row: Mapping[str, Any], name: str) -> Iterator[str]:
    written = row.get(name, [])
    if not isinstance(written, list) or not all(isinstance(each, str) and each.strip() for each in written):
        raise ValueError(f"{name} has to be a list of texts")
    yield from (clean(each).strip() for each in written)


def _text(row: Mapping[str, Any], name: str) -> str:
    written = row.get(name, "")
    if not isinstance(written, str):
        raise ValueError(f"{name} has to be a text")
    return clean(written).strip()


def _expectations(row: Mapping[str, Any], name: str) -> Iterator[expectations.Expectation]:
    written = row.get(name, [])
    if not isinstance(written, list):
        raise ValueError(f"{name} has to be a list")
    for each in written:
        try:
            expectations.check(each)
        except expectations.ExpectationError as error:
            raise ValueError(f"{name}: {error}") from error
        yield each
