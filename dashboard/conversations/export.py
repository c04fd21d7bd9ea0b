"""Conversations as files for other programs. What a spreadsheet would take for a formula is made plain text."""

import csv
import json
from collections.abc import Iterable, Iterator

from dashboard.conversations.exchanges import Exchange

COLUMNS = (
    "at",
    "platform",
    "channel",
    "asker",
    "question",
    "answer",
    "outcome",
    "model",
    "cost_usd",
    "seconds",
    "rating",
)
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  spreadsheets take these, too


def safe(cell: str) -> str:
    """A cell that starts nothing: a leading apostrophe makes a spreadsheet show the rest as it is."""
    return f"'{cell}" if cell.startswith(FORMULA) or cell.lstrip().startswith(FORMULA[:4]) else cell


def rows(exchanges: Iterable[Exchange]) -> Iterator[dict[str, object]]:
    for exchange in exchanges:
        answer = exchange.answer
        yield {
            "at": answer.created_at.isoformat(),
            "platform": answer.conversation.platform,
            "channel": answer.conversation.place,
            "asker": exchange.asker,
            "question": exchange.question,
            "answer": answer.text,
            "outcome": answer.outcome,
            "model": answer.model,
            "cost_usd": None if answer.cost is None else str(answer.cost),
            "seconds": round(exchange.seconds, 3),
            "rating": {True: "up", False: "down", None: None}[exchange.rating],
        }


class _Line:
    """What csv writes to, which hands the line back."""

    def write(self, line: str) -> str:
        return line


def as_csv(exchanges: Iterable[Exchange]) -> Iterator[str]:
    writer = csv.writer(_Line())
    yield "\ufeff" + str(writer.writerow(COLUMNS))  # so that Excel reads it as UTF-8
    for row in rows(exchanges):
        yield str(writer.writerow([safe("" if row[name] is None else str(row[name])) for name in COLUMNS]))


def as_jsonl(exchanges: Iterable[Exchange]) -> Iterator[str]:
    for row in rows(exchanges):
        yield json.dumps(row, ensure_ascii=False) + "\n"
