"""Tables of Markdown put so that they can be read where nobody renders them: aligned in code, or line by line. Pure.

A table is as GitHub's Markdown has it, but for a line without a bar, which ends one here: models forget the empty line
after a table more often than they mean a row of one cell.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest

from bot.posts.neutralising import plain

WIDEST = 56  # columns of a code block that a window shows without breaking its lines
LONGEST = 1600  # characters of a block, so that one fits into a message of any platform
BETWEEN = "  "
PREFIX = re.compile(r"(?:[ \t]*>)*[ \t]*")  # a table may stand in a quotation, or in an item of a list
DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*")
BAR = re.compile(r"(?<!\\)((?:\\\\)*)\|")
FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
LIVE = re.compile(r"\]\(<?https?://|https?://", re.IGNORECASE)  # in code nobody could press it
LINE_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+.!|~>-])")


@dataclass(frozen=True)
class _Table:
    """`alignments` has a word for each column, and every row as many cells as there are columns."""

    prefix: str
    header: list[str]
    alignments: list[str]
    rows: list[list[str]]


def aligned(text: str) -> str:
    """`text` with its tables as code where they are narrow and hold no link, else as a line for every cell."""
    lines = text.split("\n")
    shown, at, fence = list[str](), 0, ""
    while at < len(lines):
        marker = FENCE.match(lines[at])
        if marker and (not fence or marker.group(1).startswith(fence)):
            fence = "" if fence else marker.group(1)
        found = None if fence else _table(lines, at)
        if found is None:
            shown.append(lines[at])
            at += 1
            continue
        shown += [f"{_quote(found.prefix)}{line}".rstrip() for line in _shown(found)]
        at += 2 + len(found.rows)
    return "\n".join(shown)


def _quote(prefix: str) -> str:
    """The marks of a quotation; the indent of a list would stand in the code."""
    return "> " * prefix.count(">")


def _table(lines: list[str], at: int) -> _Table | None:
    """The table whose header is the line `at`, if there is one."""
    if at + 1 >= len(lines) or "|" not in lines[at]:
        return None
    prefix = _prefix(lines[at])
    header, rule = _cells(lines[at], prefix), _without(lines[at + 1], prefix)
    if rule is None or not DELIMITER.fullmatch(rule) or len(_split(rule)) != len(header):
        return None
    rows = []
    for line in lines[at + 2 :]:
        inner = _without(line, prefix)
        if inner is None or not BAR.search(inner) or FENCE.match(inner):
            break
        cells = _split(inner)[: len(header)]
        rows.append(cells + [""] * (len(header) - len(cells)))
    return _Table(prefix, header, [_alignment(each) for each in _split(rule)], rows)


def _prefix(line: str) -> str:
    found = PREFIX.match(line)
    return found.group() if found else ""


def _cells(line: str, prefix: str) -> list[str]:
    return _split(line.removeprefix(prefix))


def _without(line: str, prefix: str) -> str | None:
    """A line without the marks of the quotation that the table stands in; None where it stands in another, or none."""
    own = _prefix(line)
    return line[len(own) :] if own.count(">") == prefix.count(">") else None


def _split(row: str) -> list[str]:
    """The cells of a row. Bars are escaped by a backslash, in code as well."""
    row = row.strip()
    cells = BAR.sub(lambda bar: f"{bar.group(1)}\0", row).split("\0")
    if row.startswith("|"):
        cells = cells[1:]
    if len(cells) > 1 and not cells[-1].strip():
        cells = cells[:-1]
    return [LINE_BREAK.sub(" / ", cell.strip().replace("\\|", "|")) for cell in cells]


def _alignment(rule: str) -> str:
    if rule.endswith(":"):
        return "center" if rule.startswith(":") else "right"
    return "left"


def _shown(table: _Table) -> list[str]:
    if not table.rows:
        return [" · ".join(f"**{_named(cell)}**" for cell in table.header if cell)]
    rows = [[_coded(cell) for cell in row] for row in (table.header, *table.rows)]
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    is_narrow = sum(widths) + len(BETWEEN) * (len(widths) - 1) <= WIDEST
    if is_narrow and not any(LIVE.search(cell) for row in table.rows for cell in row):
        return list(_blocks(list(_columns(rows, widths, table.alignments))))
    return list(_records(table))


def _blocks(lines: list[str]) -> Iterator[str]:
    """The lines in blocks that each fit into a message, with the header in every one of them."""
    head, rows = lines[:2], lines[2:]
    count = max((LONGEST - sum(map(len, head))) // (max(map(len, rows)) + 1), 1)
    for at in range(0, len(rows), count):
        yield from ["```", *head, *rows[at : at + count], "```"]


def _coded(cell: str) -> str:
    """A cell as it is read in code, where Markdown means nothing and no backtick may end the block."""
    return ESCAPED.sub(r"\1", plain(cell)).replace("`", "'")


def _columns(rows: list[list[str]], widths: list[int], alignments: list[str]) -> Iterator[str]:
    for number, row in enumerate(rows):
        cells = (_padded(cell, room, how) for cell, room, how in zip(row, widths, alignments, strict=True))
        yield BETWEEN.join(cells).rstrip()
        if number == 0:
            yield BETWEEN.join("-" * room for room in widths)


def _padded(cell: str, room: int, alignment: str) -> str:
    left = room - width(cell)
    put: dict[str, Callable[[], str]] = {
        "left": lambda: cell + " " * left,
        "right": lambda: " " * left + cell,
        "center": lambda: " " * (left // 2) + cell + " " * (left - left // 2),
    }
    return put[alignment]()


def width(text: str) -> int:
    """How many columns a text takes in a font of one width: two for each wide character, none for those unseen."""
    return sum(
        0 if unicodedata.category(sign) in ("Mn", "Me", "Cf") else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def _records(table: _Table) -> Iterator[str]:
    """Every row as lines of "Header: value", an empty line between two rows."""
    for number, row in enumerate(table.rows):
        if number:
            yield ""
        for header, cell in zip_longest(table.header, row, fillvalue=""):
            if cell:
                yield f"**{_named(header)}:** {cell}" if header else cell


def _named(header: str) -> str:
    """A header as it stands in bold words: without Markdown of its own, but for code, in which an address may stand."""
    return header if "`" in header else plain(header)
