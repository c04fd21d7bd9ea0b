"""Articles as PDF, with an outline, ruled tables, and a running header and footer."""

from collections.abc import Callable, Iterator
from io import BytesIO
from xml.sax.saxutils import escape, quoteattr

from markdown_it.tree import SyntaxTreeNode
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, ListFlowable, Paragraph, SimpleDocTemplate, Table

from knowledge.sample.article import Article, Span, plain, rows, spans

MARGIN = 22 * mm
TEXT_WIDTH = A4[0] - 2 * MARGIN - 12  # a frame keeps 6 points free on either side
CELL_PADDING = 14
GREEN = colors.HexColor("#1f4d3a")

BODY = ParagraphStyle("Body", fontName="Helvetica", fontSize=10, leading=14.5, spaceAfter=7)
CELL = ParagraphStyle("Cell", BODY, fontSize=9, leading=12, spaceAfter=0)
BOLD = ParagraphStyle("Bold", BODY, fontName="Helvetica-Bold")
HEADINGS = {
    "h1": ParagraphStyle("Title", BOLD, fontSize=22, leading=27, spaceAfter=12, textColor=GREEN),
    "h2": ParagraphStyle("Section", BOLD, fontSize=14, leading=18, spaceBefore=9, keepWithNext=1),
}
TABLE_STYLE = [
    ("GRID", (0, 0), (-1, -1), 0.6, colors.HexColor("#9db3a8")),
    ("BACKGROUND", (0, 0), (-1, 0), colors.HexColor("#e3ece7")),
    ("VALIGN", (0, 0), (-1, -1), "TOP"),
]


def render(article: Article) -> bytes:
    """The page streams stay uncompressed, because zlib versions differ in the bytes they write."""
    buffer = BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=A4,
        leftMargin=MARGIN,
        rightMargin=MARGIN,
        topMargin=MARGIN,
        bottomMargin=MARGIN,
        title=article.title,
        author="Brambleday",
        subject="Help centre article",
        creator="Brambleday Help Centre",
        lang="en-GB",
        invariant=1,
        pageCompression=0,
    )
    document.afterFlowable = _outline(document)
    document.build([_flowable(block) for block in article.blocks()], onFirstPage=_frame, onLaterPages=_frame)
    return buffer.getvalue()


def _outline(document: SimpleDocTemplate) -> Callable[[Flowable], None]:
    """A callback that bookmarks each heading as it is placed on a page."""
    levels = {style.name: level for level, style in enumerate(HEADINGS.values())}

    def bookmark(flowable: Flowable) -> None:
        if isinstance(flowable, Paragraph) and flowable.style.name in levels:
            text = flowable.getPlainText()
            document.canv.bookmarkPage(text)
            document.canv.addOutlineEntry(text, text, levels[flowable.style.name])

    return bookmark


def _frame(canvas: Canvas, document: SimpleDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(colors.grey)
    canvas.drawString(MARGIN, A4[1] - 13 * mm, "Brambleday Help Centre")
    canvas.drawRightString(A4[0] - MARGIN, 12 * mm, f"Page {document.page}")


def _flowable(block: SyntaxTreeNode) -> Flowable:
    match block.type:
        case "heading":
            return Paragraph(_markup(block), HEADINGS[block.tag])
        case "paragraph":
            return Paragraph(_markup(block), BODY)
        case "bullet_list":
            return _list(block, bulletType="bullet", start="•")
        case "ordered_list":
            return _list(block, bulletType="1", bulletFormat="%s.")
        case "table":
            return _table(block)
        case other:
            raise ValueError(f"a PDF article cannot hold: {other}")


def _list(block: SyntaxTreeNode, **bullets: str) -> ListFlowable:
    item_style = ParagraphStyle("Item", BODY, spaceAfter=3)
    items = [Paragraph(_markup(item.children[0]), item_style) for item in block.children]
    return ListFlowable(items, leftIndent=16, bulletFontName="Helvetica", bulletFontSize=10, spaceAfter=6, **bullets)


def _table(block: SyntaxTreeNode) -> Table:
    cells = rows(block)
    header_style = ParagraphStyle("Header cell", CELL, fontName="Helvetica-Bold")
    styles = [header_style] + [CELL] * (len(cells) - 1)
    content = [[Paragraph(_markup(cell), style) for cell in row] for row, style in zip(cells, styles, strict=True)]
    return Table(
        content, colWidths=list(_column_widths(cells)), style=TABLE_STYLE, repeatRows=1, spaceBefore=3, spaceAfter=12
    )


def _column_widths(cells: list[list[SyntaxTreeNode]]) -> Iterator[float]:
    """Widths in points: no word is broken, and what is left is shared out by the longest cell of each column."""
    columns = [[plain(cell) for cell in column] for column in zip(*cells, strict=True)]
    words = [max(" ".join(column).split(), key=_widest) for column in columns]
    needed = [_widest(word) + CELL_PADDING for word in words]
    weights = [min(max(len(text) for text in column), 40) for column in columns]
    spare = TEXT_WIDTH - sum(needed)
    for least, weight in zip(needed, weights, strict=True):
        yield least + spare * weight / sum(weights)


def _widest(text: str) -> float:
    """The width that the text may need in a cell, as a header or as code."""
    return max(float(stringWidth(text, font, CELL.fontSize)) for font in ("Helvetica-Bold", "Courier"))


def _markup(block: SyntaxTreeNode) -> str:
    return "".join(_styled(span) for span in spans(block))


def _styled(span: Span) -> str:
    text = escape(span.text)
    if span.is_code:
        text = f'<font face="Courier">{text}</font>'
    if span.is_bold:
        text = f"<b>{text}</b>"
    if span.href:
        text = f'<a href={quoteattr(span.href)} color="#1f6d4d">{text}</a>'
    return text
