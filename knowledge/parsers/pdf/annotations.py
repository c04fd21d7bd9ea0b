"""Links on a page of a PDF: where they lie, and which words of a line lie under them."""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass

import pypdfium2 as pdfium
import pypdfium2.raw as native

from knowledge.parsers.pdf.grids import Box

MAX_LINKS = 1_000  # of one page
_LONGEST = 2_000  # bytes of an address


@dataclass(frozen=True)
class LinkArea:
    """A place on a page that leads to an address when it is clicked."""

    address: str
    box: Box

    def words(self, textpage: pdfium.PdfTextPage, line: Box) -> str:
        """The words of a line that lie in it."""
        middle = (line.bottom + line.top) / 2
        if not self.box.bottom <= middle <= self.box.top:
            return ""
        left, right = max(self.box.left, line.left), min(self.box.right, line.right)
        if right <= left:
            return ""
        return " ".join(textpage.get_text_bounded(left, line.bottom, right, line.top).split())


def areas(document: pdfium.PdfDocument, page: pdfium.PdfPage) -> list[LinkArea]:
    """The links of a page that lead to an address, and not to another page of it."""
    found = []
    for link in _links(page):
        address, box = _address(document, link), native.FS_RECTF()
        if address and native.FPDFLink_GetAnnotRect(link, box):
            found.append(LinkArea(address, Box(box.left, box.bottom, box.right, box.top)))
    return found


def _links(page: pdfium.PdfPage) -> Iterator[native.FPDF_LINK]:
    place, link = ctypes.c_int(0), native.FPDF_LINK()
    for _ in range(MAX_LINKS):
        if not native.FPDFLink_Enumerate(page, place, link):
            return
        yield link


def _address(document: pdfium.PdfDocument, link: native.FPDF_LINK) -> str:
    action = native.FPDFLink_GetAction(link)
    if not action:
        return ""
    written = ctypes.create_string_buffer(_LONGEST)
    length = native.FPDFAction_GetURIPath(document, action, written, _LONGEST)
    return written.value.decode(errors="replace") if 0 < length <= _LONGEST else ""
