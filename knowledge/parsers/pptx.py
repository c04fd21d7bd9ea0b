"""Presentations: every slide a section, with its text in reading order, its tables and its notes."""

import io
import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import Any
from zipfile import BadZipFile

from pptx import Presentation
from pptx.exc import PackageNotFoundError
from pptx.shapes.group import GroupShape

from knowledge.parsers import packed, tables
from knowledge.parsers.base import Parsed, ParseError, escape
from knowledge.passages import hyperlinks

MAX_DEPTH = 20  # of groups in groups
MAX_SLIDES = 2_000


def parse(data: bytes) -> Parsed:
    packed.check(data, "presentation")
    try:
        presentation = Presentation(io.BytesIO(data))
        slides = list(islice(presentation.slides, MAX_SLIDES + 1))
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError, AttributeError) as error:
        raise ParseError("The presentation is damaged or cut off.") from error
    if len(slides) > MAX_SLIDES:
        raise ParseError(f"The presentation has more than {MAX_SLIDES:,} slides.")
    shown = [slide for slide in slides if slide.element.get("show") not in {"0", "false"}]
    hidden = len(slides) - len(shown)
    sections = [section for number, slide in enumerate(shown, start=1) if (section := _section(slide, number))]
    title = presentation.core_properties.title or ""
    return Parsed(title, "\n\n".join(sections), f"Hidden slides were left out ({hidden})." if hidden else "")


def _section(slide: Any, number: int) -> str:
    heading = slide.shapes.title
    title = " ".join(heading.text_frame.text.split()) if heading is not None and heading.has_text_frame else ""
    rest = [shape for shape in slide.shapes if heading is None or shape.shape_id != heading.shape_id]
    parts = [part for shape in _in_order(rest, MAX_DEPTH) if (part := _shape(shape))]
    if slide.has_notes_slide and (notes := slide.notes_slide.notes_text_frame) is not None and notes.text.strip():
        parts.append("Notes: " + _paragraphs(notes))
    if not parts and not title:
        return ""
    return "\n\n".join([f"## {escape(title or f'Slide {number}')}", *parts])


def _in_order(shapes: Iterable[Any], depth: int) -> Iterator[Any]:
    """The shapes from top to bottom and left to right; those of a group in its place."""
    for shape in sorted(shapes, key=lambda shape: (shape.top or 0, shape.left or 0)):
        if isinstance(shape, GroupShape):
            if depth:
                yield from _in_order(shape.shapes, depth - 1)
        else:
            yield shape


def _shape(shape: Any) -> str:
    if shape.has_table:
        return tables.markdown([cell.text for cell in row.cells] for row in shape.table.rows)
    return _paragraphs(shape.text_frame) if shape.has_text_frame else ""


def _paragraphs(frame: Any) -> str:
    """Paragraphs as a list where there are several, nested by their levels."""
    found = [(paragraph.level, _text(paragraph)) for paragraph in frame.paragraphs]
    found = [(level, text) for level, text in found if text]
    if len(found) == 1:
        return found[0][1]
    return "\n".join(f"{'  ' * level}- {text}" for level, text in found)


def _text(paragraph: Any) -> str:
    """The text of a paragraph with its links."""
    whole, pieces, end = paragraph.text, [], 0
    for address, runs in groupby(paragraph.runs, key=_address):
        words = "".join(run.text for run in runs)
        start = whole.find(words, end)
        if address and start >= 0:
            pieces += [_escaped(whole[end:start]), hyperlinks.written(_escaped(words), address)]
            end = start + len(words)
    return "".join([*pieces, _escaped(whole[end:])]).strip()


def _escaped(text: str) -> str:
    """Without line ends, but with the space at its ends, which parts words from a link."""
    return escape(re.sub(r"\s+", " ", text))


def _address(run: Any) -> str:
    try:
        return run.hyperlink.address or ""
    except KeyError:  # what it refers to is not in the file
        return ""
