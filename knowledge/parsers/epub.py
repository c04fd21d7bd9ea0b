"""E-books (EPUB): the chapters in their reading order."""

import io
import posixpath
import zipfile
from collections.abc import Iterator
from urllib.parse import unquote
from xml.etree.ElementTree import Element
from xml.etree.ElementTree import ParseError as XmlError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from knowledge.parsers import packed
from knowledge.parsers.base import Parsed, ParseError
from knowledge.parsers.html import parser

_PAGES = {"application/xhtml+xml", "text/html", "application/x-dtbook+xml"}


def parse(data: bytes) -> Parsed:
    packed.check(data, "book", may_declare=True)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            place = _package_place(parts)
            package = fromstring(parts.read(place))
            chapters = [
                parser.parse_part(parts.read(name)) for name in _chapters(package, place, set(parts.namelist()))
            ]
    except DefusedXmlException as error:
        raise ParseError("The book declares entities of its own, which are not read.") from error
    except (XmlError, KeyError, StopIteration, ValueError) as error:
        raise ParseError("The book is damaged or incomplete.") from error
    warnings = dict.fromkeys(chapter.warning for chapter in chapters if chapter.warning)
    markdown = "\n\n".join(chapter.markdown for chapter in chapters if chapter.markdown.strip())
    return Parsed(_title(package), markdown, " ".join(warnings))


def _package_place(parts: zipfile.ZipFile) -> str:
    container = fromstring(parts.read("META-INF/container.xml"))
    return next(part.attrib["full-path"] for part in container.iter() if _name(part) == "rootfile")


def _chapters(package: Element, place: str, names: set[str]) -> Iterator[str]:
    """The parts that a reader turns through, in order; those that are not there are passed over."""
    folder = posixpath.dirname(place)
    pages = {
        item.attrib.get("id", ""): posixpath.normpath(posixpath.join(folder, unquote(item.attrib.get("href", ""))))
        for item in package.iter()
        if _name(item) == "item" and item.attrib.get("media-type") in _PAGES
    }
    for reference in package.iter():
        if _name(reference) == "itemref" and pages.get(reference.attrib.get("idref", "")) in names:
            yield pages[reference.attrib["idref"]]


def _title(package: Element) -> str:
    titles = (part.text.strip() for part in package.iter() if _name(part) == "title" and part.text)
    return next(titles, "")


def _name(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
