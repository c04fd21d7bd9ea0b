"""PDF to Markdown: text in reading order, headings by outline and font size, ruled tables, code by its font.

PDFium gives characters with their boxes; what is a heading, a paragraph or a running header is told from those.
"""

import ctypes
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

import pypdfium2 as pdfium
import pypdfium2.raw as native

from knowledge.parsers.base import Parsed, ParseError, escape, hidden_text
from knowledge.parsers.pdf import annotations
from knowledge.parsers.pdf.grids import Box, Grid, tables
from knowledge.parsers.pdf.hidden import Sight
from knowledge.passages import hyperlinks

MAX_PAGES = 2_000
HEADING_RATIO = 1.12  # of the body's font size
MAX_HEADING = 200
MARGIN = 0.09  # of the page's height: where running headers and footers stand
_HYPHEN = 0x02  # PDFium's mark for a hyphen at a line's end
_BREAKS = {_HYPHEN, 0x0A, 0x0D, 0xFFFE}
_FIXED_PITCH = 1
_CODE_FONT = re.compile(rb"cour|mono|consol|menlo", re.IGNORECASE)
_BULLET = re.compile(r"^[•◦▪‣●○■·\u2013-]\s+")
_NUMBER = re.compile(r"^(\d{1,3}[.)])\s+")
_PAGE_NUMBER = re.compile(r"^(?:page\s*)?\d+(?:\s*(?:/|of)\s*\d+)?$", re.IGNORECASE)


@dataclass(frozen=True)
class Line:
    """A line of text on a page; sizes and places are points from the bottom left."""

    text: str
    page: int
    box: Box
    is_code: bool
    is_hyphenated: bool
    is_marginal: bool
    is_seen: bool
    links: tuple[tuple[str, str], ...] = ()  # words in it, and where they lead

    @property
    def size(self) -> float:
        return round(self.box.height * 2) / 2


Piece = Line | Grid


def parse(data: bytes) -> Parsed:
    try:
        document = pdfium.PdfDocument(data)
        if len(document) > MAX_PAGES:
            raise ParseError(f"The PDF has more than {MAX_PAGES:,} pages.")
        pages = [list(_pieces(document, number)) for number in range(len(document))]
    except pdfium.PdfiumError as error:
        if "password" in str(error).lower():
            raise ParseError("The PDF is protected by a password.") from error
        raise ParseError("The PDF is damaged or cut off.") from error
    shown = [[piece for piece in page if not isinstance(piece, Line) or piece.is_seen] for page in pages]
    warning = _warning(pages)
    pieces = [piece for page in _without_running_lines(shown) for piece in page]
    if not any(isinstance(piece, Line) or piece.rows for piece in pieces):
        return Parsed("", "", warning)
    writer = _Writer(pieces, _outline(document))
    markdown = writer.markdown()
    return Parsed(writer.title or _stated_title(document), markdown, warning)


def _warning(pages: list[list[Piece]]) -> str:
    words = sum(
        len(piece.text.split()) for page in pages for piece in page if isinstance(piece, Line) and not piece.is_seen
    )
    return hidden_text(words)


def _pieces(document: pdfium.PdfDocument, number: int) -> Iterator[Piece]:
    """The lines of a page, each ruled table once in place of the lines inside it."""
    page = document[number]
    textpage = page.get_textpage()
    areas = annotations.areas(document, page)
    found = tables(page, textpage)
    given: set[int] = set()
    for line in _lines(textpage, number, page.get_height(), Sight(page, textpage)):
        index = next((index for index, table in enumerate(found) if table.box.holds(line.box)), None)
        if index is None:
            yield replace(line, links=_links(textpage, line, areas)) if areas else line
        elif index not in given:
            given.add(index)
            yield found[index]
    textpage.close()
    page.close()


def _links(textpage: pdfium.PdfTextPage, line: Line, areas: list[annotations.LinkArea]) -> tuple[tuple[str, str], ...]:
    found = [(area.words(textpage, line.box), area.address) for area in areas]
    return tuple((words, address) for words, address in found if words)


def _lines(textpage: pdfium.PdfTextPage, page: int, height: float, sight: Sight) -> Iterator[Line]:
    count = textpage.count_chars()
    codes = [native.FPDFText_GetUnicode(textpage, index) for index in range(count)]
    start = 0
    for end, code in enumerate([*codes, 0x0A]):
        if code not in _BREAKS:
            continue
        first, last = start, end - 1
        start = end + 1
        while first <= last and codes[first] in {0x20, 0xA0, 0x09}:
            first += 1
        text = textpage.get_text_range(first, last - first + 1).strip() if first <= last else ""
        if not text:
            continue
        box = _box(textpage, first).joined(_box(textpage, last))
        is_code = all(_is_fixed_pitch(textpage, place) for place in (first, (first + last) // 2, last))
        middle = (box.bottom + box.top) / 2
        is_marginal = not MARGIN * height < middle < (1 - MARGIN) * height
        is_seen = sight.shows(first, box)
        yield Line(text, page, box, is_code, code in {_HYPHEN, 0xFFFE}, is_marginal, is_seen)


def _box(textpage: pdfium.PdfTextPage, index: int) -> Box:
    """The box of a character as high as its font, whatever its shape."""
    rectangle = native.FS_RECTF()
    native.FPDFText_GetLooseCharBox(textpage, index, rectangle)
    return Box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)


def _is_fixed_pitch(textpage: pdfium.PdfTextPage, index: int) -> bool:
    name, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    native.FPDFText_GetFontInfo(textpage, index, name, 128, flags)
    return bool(flags.value & _FIXED_PITCH) or bool(_CODE_FONT.search(name.value))


def _without_running_lines(pages: list[list[Piece]]) -> list[list[Piece]]:
    """Leave out what stands at the edge of the pages again and again, but for its numbers, and page numbers."""
    keys = Counter(key for page in pages for key in {_running_key(piece) for piece in page} if key)
    needed = max(2, len(pages) // 2)

    def is_running(piece: Piece) -> bool:
        key = _running_key(piece)
        return bool(key) and (keys[key] >= needed or bool(_PAGE_NUMBER.match(key.replace("#", "1"))))

    return [[piece for piece in page if not is_running(piece)] for page in pages]


def _running_key(piece: Piece) -> str:
    return re.sub(r"\d+", "#", piece.text) if isinstance(piece, Line) and piece.is_marginal else ""


def _outline(document: pdfium.PdfDocument) -> dict[tuple[int, str], int]:
    """Levels (from 1) of the headings in the document's outline, by page and text."""
    levels = {}
    for bookmark in document.get_toc(max_depth=6):
        destination = bookmark.get_dest()
        if destination is not None:
            levels[destination.get_index(), _normal(bookmark.get_title())] = bookmark.level + 1
    return levels


def _stated_title(document: pdfium.PdfDocument) -> str:
    """The title among the properties, unless a program put a file's name there."""
    title: str = document.get_metadata_value("Title").strip()
    return "" if re.search(r"\.\w{2,5}$|^Microsoft|^untitled|^anonymous", title, re.IGNORECASE) else title


def _normal(text: str) -> str:
    return " ".join(text.casefold().split())


class _Writer:
    """Turns the pieces of all pages into Markdown blocks, looking at each piece and the one before."""

    def __init__(self, pieces: list[Piece], outline: dict[tuple[int, str], int]) -> None:
        self.pieces = pieces
        self.outline = outline
        self.title = ""
        lines = [piece for piece in pieces if isinstance(piece, Line)]
        weights: Counter[float] = Counter()
        for line in lines:
            weights[line.size] += len(line.text)
        self.body_size = weights.most_common(1)[0][0] if weights else 0
        large = {line.size for line in lines if self._is_large(line)}
        self.ranks = {size: rank for rank, size in enumerate(sorted(large, reverse=True), start=1)}
        self.right_edge = max((line.box.right for line in lines), default=0)
        self.words = Counter(word for line in lines for word in re.findall(r"\w+", line.text.casefold()))
        self.blocks: list[str] = []

    def markdown(self) -> str:
        group: list[Line] = []
        for piece in self.pieces:
            if isinstance(piece, Line) and group and self._continues(group[-1], piece):
                group.append(piece)
                continue
            self._write(group)
            group = [piece] if isinstance(piece, Line) else []
            if isinstance(piece, Grid):
                self.blocks.append(piece.markdown())
        self._write(group)
        return "\n\n".join(self.blocks)

    def _is_large(self, line: Line) -> bool:
        is_short = len(line.text) <= MAX_HEADING and re.search(r"[^\W\d_]", line.text) is not None
        return is_short and not line.is_code and line.size >= self.body_size * HEADING_RATIO

    def _is_outlined(self, line: Line) -> bool:
        return (line.page, _normal(line.text)) in self.outline

    def _continues(self, before: Line, line: Line) -> bool:
        """Whether `line` belongs to the block of the line before it."""
        if before.is_code != line.is_code or abs(before.size - line.size) > 1:
            return False
        gap = before.box.bottom - line.box.top
        is_below = before.page == line.page and -before.box.height < gap
        if line.is_code:
            return is_below and gap < 3 * line.box.height
        if self._is_outlined(before) or self._is_outlined(line) or _BULLET.match(line.text) or _NUMBER.match(line.text):
            return False
        if is_below:
            return gap < 0.55 * before.box.height
        goes_on = before.is_hyphenated or not re.search(r"[.!?:;]$", before.text)
        return goes_on and line.text[:1].islower()

    def _write(self, group: list[Line]) -> None:
        if not group:
            return
        if group[0].is_code:
            self.blocks.append(_code(group))
            return
        text = self._joined(group)
        if level := self._level(group[0], text):
            if level == 1 and not self.title:
                self.title = text
            self.blocks.append(f"{'#' * level} {escape(text)}")
        else:
            self.blocks.append(_linked(_paragraph(text), [link for line in group for link in line.links]))

    def _level(self, line: Line, text: str) -> int:
        """The level of a heading, 0 for other text."""
        if level := self.outline.get((line.page, _normal(text))):
            return level
        return min(self.ranks[line.size], 6) if self._is_large(line) and len(text) <= MAX_HEADING else 0

    def _joined(self, group: list[Line]) -> str:
        """The lines as running text; the end of a line far short of the edge is kept."""
        text = group[0].text
        for before, line in pairwise(group):
            if before.is_hyphenated:
                rest = re.match(r"\w*", line.text)
                is_word = bool(rest and self.words[rest[0].casefold()] > 1)
                text += ("-" if is_word else "") + line.text
            elif before.box.right < 0.7 * self.right_edge and not self._is_large(line):
                text += "\n" + line.text
            else:
                text += " " + line.text
        return text


def _paragraph(text: str) -> str:
    if bullet := _BULLET.match(text):
        return "- " + escape(text[bullet.end() :].replace("\n", " "))
    if number := _NUMBER.match(text):
        return f"{number[1]} {escape(text[number.end() :].replace(chr(10), ' '))}"
    return "\\\n".join(escape(line) for line in text.split("\n"))


def _linked(markdown: str, links: list[tuple[str, str]]) -> str:
    """A paragraph with its links; one that was broken between lines is one where its words stand together."""
    end = 0
    for address, parts in groupby(links, key=lambda link: link[1]):
        words = [escape(part) for part, _ in parts]
        whole = " ".join(words)
        for each in [whole] if markdown.find(whole, end) >= 0 else words:
            start = markdown.find(each, end)
            if start >= 0:
                link = hyperlinks.written(each, address)
                markdown = markdown[:start] + link + markdown[start + len(each) :]
                end = start + len(link)
    return markdown


def _code(group: list[Line]) -> str:
    """Lines of code with the indentation that their places on the page show."""
    margin = min(line.box.left for line in group)
    width = max((line.box.right - line.box.left) / max(len(line.text), 1) for line in group) or 1
    written: list[str] = []
    for before, line in zip([group[0], *group], group, strict=False):
        if before.box.bottom - line.box.top > 0.6 * line.box.height and before.page == line.page:
            written.append("")
        written.append(" " * round((line.box.left - margin) / width) + line.text)
    return "```\n" + "\n".join(written) + "\n```"
