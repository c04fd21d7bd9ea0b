"""Rows of cells as a table of Markdown."""

from collections.abc import Iterable, Sequence

from knowledge.parsers.base import MAX_CHARACTERS, ParseError, escape

MAX_ROWS = 100_000
MAX_COLUMNS = 200


class Table:
    """A table that is written row by row, the first row being the header. Raises ParseError when it grows too big."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.width = 0
        self.size = 0

    def add(self, cells: Sequence[str]) -> None:
        if not self.lines:
            self.width = len(cells)
        if len(self.lines) > MAX_ROWS or len(cells) > MAX_COLUMNS:
            raise ParseError(f"A table has more than {MAX_ROWS:,} rows or {MAX_COLUMNS} columns; please split it.")
        padded = [*cells, *[""] * (self.width - len(cells))]
        line = f"| {' | '.join(_cell(cell) for cell in padded)} |"
        self.size += len(line)
        if self.size > MAX_CHARACTERS:
            raise ParseError(f"The file holds more than {MAX_CHARACTERS:,} characters of text; please split it.")
        if len(padded) > self.width:  # Markdown drops cells beyond those of the header
            self._widen(len(padded))
        self.lines.append(line)

    def _widen(self, width: int) -> None:
        if self.lines:
            self.lines[0] += " |" * (width - self.width)
        self.width = width

    def markdown(self) -> str:
        if not self.lines:
            return ""
        header, *body = self.lines
        return "\n".join([header, "|" + " --- |" * self.width, *body])


def markdown(rows: Iterable[Sequence[str]]) -> str:
    """The rows that hold anything as a table; the first of them is the header."""
    table = Table()
    for row in rows:
        if any(cell.strip() for cell in row):
            table.add(row)
    return table.markdown()


def _cell(text: str) -> str:
    return escape(" ".join(text.split()))
