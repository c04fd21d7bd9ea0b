"""Comma-separated values, whatever separates them, as one table."""

import csv
import io

from knowledge.parsers import tables
from knowledge.parsers.base import Parsed, ParseError
from knowledge.parsers.text import decode

MAX_CELL = 1_000_000  # characters
_SAMPLE = 20_000
_SEPARATORS = ",;\t|"


def parse(data: bytes) -> Parsed:
    text, warning = decode(data)
    csv.field_size_limit(MAX_CELL)
    try:
        rows = csv.reader(io.StringIO(text), delimiter=_separator(text[:_SAMPLE]), skipinitialspace=True)
        return Parsed("", tables.markdown(rows), warning)
    except csv.Error as error:
        raise ParseError(f"The table is damaged, or a cell is longer than {MAX_CELL:,} characters.") from error


def _separator(sample: str) -> str:
    """What stands between the cells: the one that cuts the first lines into equally many, most of all; else a comma."""
    lines = [line for line in sample.split("\n")[:-1] or [sample] if line.strip()][:50]

    def evenness(mark: str) -> tuple[float, int]:
        counts = [len(next(csv.reader([line], delimiter=mark), [])) for line in lines]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual) / max(len(counts), 1) if usual > 1 else 0.0), usual

    return max(_SEPARATORS, key=evenness)
