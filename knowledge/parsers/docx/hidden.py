"""What a Word document holds but does not show: hidden type, white on white, type too small to read."""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, tostring
from xml.etree.ElementTree import ParseError as XmlError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from knowledge.parsers.base import ParseError

MAX_DEPTH = 300  # of elements in elements
MAX_HALF_POINTS = 4  # a run of two points or less is not meant to be read
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_TEXTS = re.compile(r"word/(document\d*|footnotes|endnotes)\.xml", re.IGNORECASE)
_OFF = {"0", "false", "off"}
_UNSHADED = {None, "auto", "FFFFFF"}


@dataclass(frozen=True)
class _Place:
    """Where an element stands: how deep, in a paragraph of which style, and whether behind it may be a colour."""

    depth: int
    paragraph_style: str | None
    is_shaded: bool


def without_hidden(data: bytes) -> tuple[bytes, int]:
    """The document without the runs that nobody sees, and how many words those held."""
    buffer, words = io.BytesIO(), 0
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(buffer, "w") as target:
        names = source.namelist()
        hidden = _hidden_styles(source.read("word/styles.xml")) if "word/styles.xml" in names else frozenset()
        for name in dict.fromkeys(names):
            content = source.read(name)
            if _TEXTS.fullmatch(name):
                content, count = _shown(content, hidden)
                words += count
            target.writestr(name, content)
    return (buffer.getvalue(), words) if words else (data, 0)


def _shown(content: bytes, hidden: frozenset[str]) -> tuple[bytes, int]:
    root = _tree(content)
    words = 0
    for run, place in _runs(root):
        if _is_hidden(run, place, hidden):
            texts = list(run.iter(f"{_W}t"))
            words += len("".join(text.text or "" for text in texts).split())
            for text in texts:
                text.text = ""
    return tostring(root, encoding="UTF-8", xml_declaration=True), words


def _runs(root: Element) -> Iterator[tuple[Element, _Place]]:
    """Every run with its place; each element is looked at once, however deep it lies."""
    waiting = [(root, _Place(0, None, root.find(f"{_W}background") is not None))]
    while waiting:
        element, above = waiting.pop()
        if above.depth > MAX_DEPTH:
            raise ParseError("The Word document is nested too deeply to be read.")
        style = _style(element, "pPr", "pStyle") if element.tag == f"{_W}p" else above.paragraph_style
        place = _Place(above.depth + 1, style, above.is_shaded or _may_be_shaded(element))
        if element.tag == f"{_W}r":
            yield element, place
        waiting += [(child, place) for child in element]


def _is_hidden(run: Element, place: _Place, hidden: frozenset[str]) -> bool:
    properties = run.find(f"{_W}rPr")
    if properties is None:
        return place.paragraph_style in hidden
    if _states(properties):
        is_vanished = _is_on(properties)
    else:
        is_vanished = bool({place.paragraph_style, _style(run, "rPr", "rStyle")} & hidden)
    size = _value(properties, "sz") or ""
    is_tiny = size.isdecimal() and int(size) <= MAX_HALF_POINTS
    is_white = (_value(properties, "color") or "").upper() == "FFFFFF" and not place.is_shaded
    return is_vanished or is_tiny or is_white


def _may_be_shaded(element: Element) -> bool:
    """Whether an element may lay a colour behind its text, by itself or by its style."""
    if element.tag == f"{_W}txbxContent":
        return True
    properties = element.find(f"{element.tag}Pr")
    if properties is None:
        return False
    if any(properties.find(f"{_W}{name}") is not None for name in ("highlight", "pStyle", "tblStyle")):
        return True
    shade = properties.find(f"{_W}shd")
    return shade is not None and bool(shade.get(f"{_W}themeFill") or shade.get(f"{_W}fill") not in _UNSHADED)


def _hidden_styles(content: bytes) -> frozenset[str]:
    styles = _tree(content).iter(f"{_W}style")
    return frozenset(
        style.get(f"{_W}styleId", "")
        for style in styles
        if (properties := style.find(f"{_W}rPr")) is not None and _is_on(properties)
    )


def _states(properties: Element) -> bool:
    return properties.find(f"{_W}vanish") is not None


def _is_on(properties: Element) -> bool:
    return _states(properties) and (_value(properties, "vanish") or "") not in _OFF


def _style(element: Element, properties: str, name: str) -> str | None:
    found = element.find(f"{_W}{properties}/{_W}{name}")
    return found.get(f"{_W}val") if found is not None else None


def _value(properties: Element, name: str) -> str | None:
    found = properties.find(f"{_W}{name}")
    return found.get(f"{_W}val") if found is not None else None


def _tree(content: bytes) -> Element:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (XmlError, DefusedXmlException, ValueError) as error:
        raise ParseError("The Word document is damaged or cut off.") from error
    return root
