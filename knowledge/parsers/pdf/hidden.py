"""Text of a PDF that a person who looks at it does not see: drawn invisibly, too small to read, or white on white."""

import ctypes
from functools import cached_property

import pypdfium2 as pdfium
import pypdfium2.raw as native

from knowledge.parsers.pdf.grids import Box

TINY = 2.5  # points, of a line as high as its font
LIGHT = 230  # of 255: what is darker can be seen on paper
CONTRAST = 24  # of 255, between the lightest and the darkest dot of a place: with less there is nothing to read
COVERED = 0.5  # of a page: a picture so large is a scan, and invisible text over it says what it shows
MOST_DOTS = 2_000  # of the drawn page, across or down
_INVISIBLE = native.FPDF_TEXTRENDERMODE_INVISIBLE


class Sight:
    """What can be seen on a page. The page is drawn only where light letters make it necessary."""

    def __init__(self, page: pdfium.PdfPage, textpage: pdfium.PdfTextPage) -> None:
        self.page = page
        self.textpage = textpage

    def shows(self, index: int, box: Box) -> bool:
        """Whether the line that the character `index` belongs to, which fills `box`, can be read."""
        if box.height <= TINY:
            return False
        if self._is_drawn_invisibly(index):
            return self._is_scan
        return not self._is_light(index) or self._stands_out(box)

    def _is_drawn_invisibly(self, index: int) -> bool:
        drawn = native.FPDFText_GetTextObject(self.textpage, index)
        return bool(drawn) and native.FPDFTextObj_GetTextRenderMode(drawn) == _INVISIBLE

    def _is_light(self, index: int) -> bool:
        red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
        if not native.FPDFText_GetFillColor(self.textpage, index, red, green, blue, alpha):
            return False
        return bool(alpha.value < 255 - LIGHT or min(red.value, green.value, blue.value) >= LIGHT)

    @cached_property
    def _is_scan(self) -> bool:
        width, height = self.page.get_size()
        images = self.page.get_objects(filter=[native.FPDF_PAGEOBJ_IMAGE], max_depth=2)
        areas = [(right - left) * (top - bottom) for left, bottom, right, top in (each.get_bounds() for each in images)]
        return bool(max(areas, default=0.0) >= COVERED * width * height)

    @cached_property
    def _drawing(self) -> pdfium.PdfBitmap:
        return self.page.render(scale=self._scale, grayscale=True)

    @cached_property
    def _scale(self) -> float:
        return min(1.0, MOST_DOTS / float(max(*self.page.get_size(), 1)))

    def _stands_out(self, box: Box) -> bool:
        """Whether the drawn page differs within the box: letters that are not its background."""
        drawing, scale = self._drawing, self._scale
        top = max(0, int(drawing.height - box.top * scale))
        bottom = min(drawing.height, int(drawing.height - box.bottom * scale) + 1)
        left, right = max(0, int(box.left * scale)), min(drawing.width, int(box.right * scale) + 1)
        dots = bytes(drawing.buffer)
        rows = (dots[row * drawing.stride + left : row * drawing.stride + right] for row in range(top, bottom))
        seen = b"".join(rows)
        return bool(seen) and max(seen) - min(seen) >= CONTRAST
