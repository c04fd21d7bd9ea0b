"""Workbooks (XLSX, ODS): every sheet a section, its rows a table whose header is its first row of several cells."""

import datetime
import io
from collections.abc import Iterator, Sequence
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from knowledge.parsers import packed
from knowledge.parsers.base import Parsed, ParseError, escape
from knowledge.parsers.tables import Table

MAX_CELLS = 5_000_000  # of the area that a sheet spans, empty ones too


def parse(data: bytes) -> Parsed:
    packed.check(data, "workbook")
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        shown = [sheet.name for sheet in book.sheets_metadata if sheet.visible == SheetVisibleEnum.Visible]
        parts = [part for name in shown if (part := _sheet(book.get_sheet_by_name(name), is_only=len(shown) == 1))]
    except PasswordError as error:
        raise ParseError("The workbook is protected by a password.") from error
    except CalamineError as error:
        raise ParseError("The workbook is damaged or cut off.") from error
    hidden = len(book.sheet_names) - len(shown)
    warning = f"Hidden sheets were left out ({hidden})." if hidden else ""
    return Parsed("", "\n\n".join(parts), warning)


def _sheet(sheet: CalamineSheet, *, is_only: bool) -> str:
    if sheet.height * sheet.width > MAX_CELLS:
        raise ParseError(f"The sheet {sheet.name!r} spans more than {MAX_CELLS:,} cells; please split it.")
    body = "\n\n".join(_parts([_text(value) for value in row] for row in sheet.iter_rows()))
    if not body:
        return ""
    return body if is_only else f"## {escape(sheet.name)}\n\n{body}"


def _parts(rows: Iterator[list[str]]) -> Iterator[str]:
    """Rows of one cell are lines; rows of several are tables, each until the next empty row."""
    table = Table()
    for row in rows:
        filled = [cell for cell in row if cell]
        if not table.lines and len(filled) == 1:
            yield escape(filled[0])
        elif filled:
            table.add(_trimmed(row))
        elif table.lines:
            yield table.markdown()
            table = Table()
    if table.lines:
        yield table.markdown()


def _trimmed(row: Sequence[str]) -> Sequence[str]:
    """A row without the empty cells at its end, where another table of the sheet is wider."""
    return row[: max(index for index, cell in enumerate(row) if cell) + 1]


def _text(value: Any) -> str:
    """What a person reads in a cell. Whole numbers come as fractions, and midnight is no time that anybody meant."""
    match value:
        case bool():
            return "yes" if value else "no"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case float():
            return f"{value:.10g}"
        case datetime.datetime() if value.time() == datetime.time():
            return value.date().isoformat()
        case datetime.datetime():
            return value.isoformat(" ", "minutes")
        case _:
            return " ".join(str(value).split())
