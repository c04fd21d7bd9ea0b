"""Tables that a PDF draws with rules: the rules make a grid, and each cell is the text inside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as native

from knowledge.parsers.base import escape

THIN = 2.5  # points: a path at most so thick is a rule
SLOP = 4.0  # points: rules closer than this are one, such as the two sides of a double border
MAX_PATHS = 5_000  # a page with more is a drawing


@dataclass(frozen=True)
class Box:
    """A rectangle in points from the bottom left of its page."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return abs(self.top - self.bottom)

    @property
    def width(self) -> float:
        return self.right - self.left

    def joined(self, other: "Box") -> "Box":
        return Box(
            min(self.left, other.left),
            min(self.bottom, other.bottom),
            max(self.right, other.right),
            max(self.top, other.top),
        )

    def holds(self, other: "Box") -> bool:
        """Whether the middle of `other` lies inside."""
        across, up = (other.left + other.right) / 2, (other.bottom + other.top) / 2
        return self.left - SLOP <= across <= self.right + SLOP and self.bottom - SLOP <= up <= self.top + SLOP


@dataclass(frozen=True)
class Grid:
    """A table and its cells as plain text, row by row; the first row is the header."""

    box: Box
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        header, *body = ("| " + " | ".join(escape(cell) for cell in row) + " |" for row in self.rows)
        return "\n".join([header, "|" + " --- |" * len(self.rows[0]), *body])


def tables(page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> list[Grid]:
    """The ruled tables of a page that have two rows and columns or more and text in at least half of their cells."""
    rules = [
        Box(*path.get_bounds())
        for _, path in zip(range(MAX_PATHS), page.get_objects(filter=[native.FPDF_PAGEOBJ_PATH]), strict=False)
    ]
    upright = [rule for rule in rules if rule.width <= THIN < rule.height]
    level = [rule for rule in rules if rule.height <= THIN < rule.width]
    found = (_table(textpage, area, upright, level) for area in _areas(upright))
    return [table for table in found if table is not None]


def _areas(upright: Iterable[Box]) -> list[Box]:
    """The areas that upright rules cover, those beside and touching each other taken as one, from the top down."""
    areas: list[Box] = []
    for rule in sorted(upright, key=lambda box: -box.top):
        if areas and rule.top >= areas[-1].bottom - SLOP:
            areas[-1] = areas[-1].joined(rule)
        else:
            areas.append(rule)
    return areas


def _table(textpage: pdfium.PdfTextPage, area: Box, upright: list[Box], level: list[Box]) -> Grid | None:
    across = _merged(rule.left for rule in upright if area.holds(rule))
    up = _merged(rule.bottom for rule in level if area.holds(rule))[::-1]
    if len(across) < 3 or len(up) < 3:
        return None
    rows = []
    for top, bottom in pairwise(up):
        cells = (
            " ".join(textpage.get_text_bounded(left, bottom, right, top).split()).replace("\ufffe", "")
            for left, right in pairwise(across)
        )
        rows.append(tuple(cells))
    written = [row for row in rows if any(row)]
    filled = sum(bool(cell) for row in written for cell in row)
    if len(written) < 2 or filled * 2 < len(written) * len(written[0]):
        return None
    return Grid(Box(across[0], up[-1], across[-1], up[0]), tuple(written))


def _merged(places: Iterable[float]) -> list[float]:
    """Places in rising order, those within SLOP of the one before left out."""
    kept: list[float] = []
    for place in sorted(places):
        if not kept or place - kept[-1] > SLOP:
            kept.append(place)
    return kept
