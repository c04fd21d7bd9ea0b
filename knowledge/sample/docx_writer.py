"""Articles as Word files, with the built-in styles for the title, headings, lists and tables."""

from datetime import UTC, datetime
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile, ZipInfo

import docx
from docx.document import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from markdown_it.tree import SyntaxTreeNode

from knowledge.sample.article import Article, Span, rows, spans

WRITTEN_AT = datetime(2026, 9, 1, 9, tzinfo=UTC)
HEADINGS = {"h1": "Title", "h2": "Heading 1", "h3": "Heading 2"}
UNUSED_PARTS = ("/stylesWithEffects", "/customXml", "/thumbnail")


def render(article: Article) -> bytes:
    document = docx.Document()
    _slim(document)
    _describe(document, article.title)
    for block in article.blocks():
        _add(document, block)
    buffer = BytesIO()
    document.save(buffer)
    return _with_fixed_dates(buffer)


def _slim(document: Document) -> None:
    """Take out what the empty document of python-docx brings along and no article uses: 95% of its size."""
    for relations in (document.part.rels, document.part.package.rels):
        unused = [key for key, relation in relations.items() if relation.reltype.endswith(UNUSED_PARTS)]
        for key in unused:
            del relations[key]
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in {"Normal Table", "Table Grid"}:
            style.delete()


def _describe(document: Document, title: str) -> None:
    properties = document.core_properties
    properties.title = title
    properties.author = properties.last_modified_by = "Brambleday"
    properties.created = properties.modified = WRITTEN_AT
    properties.language = "en-GB"
    properties.comments = ""


def _add(document: Document, block: SyntaxTreeNode) -> None:
    match block.type:
        case "heading":
            _fill(document.add_paragraph(style=HEADINGS[block.tag]), block)
        case "paragraph":
            _fill(document.add_paragraph(), block)
        case "bullet_list":
            for item in block.children:
                _fill(document.add_paragraph(style="List Bullet"), item.children[0])
        case "ordered_list":
            _add_numbered(document, block)
        case "table":
            _add_table(document, block)
        case other:
            raise ValueError(f"a Word article cannot hold: {other}")


def _add_numbered(document: Document, block: SyntaxTreeNode) -> None:
    """Start again at 1: paragraphs in Word's numbered style otherwise count on through the whole document."""
    numbering = document.part.numbering_part.element
    style_number = document.styles["List Number"].element.pPr.numPr.numId.val
    abstract_id = numbering.num_having_numId(style_number).abstractNumId.val
    restarted = numbering.add_num(abstract_id)
    restarted.add_lvlOverride(ilvl=0).add_startOverride(1)
    for item in block.children:
        paragraph = document.add_paragraph(style="List Number")
        properties = paragraph._p.get_or_add_pPr().get_or_add_numPr()
        properties.get_or_add_numId().val = restarted.numId
        _fill(paragraph, item.children[0])


def _add_table(document: Document, block: SyntaxTreeNode) -> None:
    cells = rows(block)
    table = document.add_table(rows=len(cells), cols=len(cells[0]), style="Table Grid")
    for row, written in zip(cells, table.rows, strict=True):
        for cell, target in zip(row, written.cells, strict=True):
            _fill(target.paragraphs[0], cell, is_header=cell.type == "th")
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph()


def _fill(paragraph: Paragraph, block: SyntaxTreeNode, *, is_header: bool = False) -> None:
    for span in spans(block):
        _add_run(paragraph, span._replace(is_bold=span.is_bold or is_header))


def _add_run(paragraph: Paragraph, span: Span) -> None:
    run = paragraph.add_run(span.text)
    if span.is_bold:
        run.bold = True
    if span.is_code:
        run.font.name = "Courier New"
    if span.href:
        run.font.underline = True
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), paragraph.part.relate_to(span.href, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        link.append(run._r)
        paragraph._p.append(link)


def _with_fixed_dates(packed: BytesIO) -> bytes:
    """Repack with one date for every part, uncompressed, because zlib versions differ in the bytes they write."""
    repacked = BytesIO()
    with ZipFile(packed) as parts, ZipFile(repacked, "w", ZIP_STORED) as target:
        for name in sorted(parts.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            entry = ZipInfo(name, WRITTEN_AT.timetuple()[:6])
            entry.create_system = 3  # Unix; the default depends on the machine
            target.writestr(entry, parts.read(name))
    return repacked.getvalue()
