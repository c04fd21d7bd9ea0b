"""Links of documents of every format come through ingest: to the passages, and to what a search lifts."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import docx
import pytest
from django.db.models import TextField
from django.db.models.functions import Cast
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate

from knowledge.models import Chunk, ChunkVector, Document
from knowledge.originals.base import File
from knowledge.passages import hyperlinks
from knowledge.retrieval.search import retrieve
from tests.knowledge.parsers.office_files import make_epub, make_pptx
from tests.rows.make import make_collection, make_deployment, make_file, make_indexed

pytestmark = pytest.mark.django_db

FORM = "https://help.example.com/refunds"
SAID = f"Use [the refund form]({FORM}) within 30 days."


def in_word() -> bytes:
    document = docx.Document()
    paragraph = document.add_paragraph("Use ")
    link = OxmlElement("w:hyperlink")
    link.set(qn("r:id"), document.part.relate_to(FORM, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    run = paragraph.add_run("the refund form")
    link.append(run._r)
    paragraph._p.append(link)
    paragraph.add_run(" within 30 days.")
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def in_pdf() -> bytes:
    buffer = io.BytesIO()
    said = f'Use <a href="{FORM}">the refund form</a> within 30 days.'
    SimpleDocTemplate(buffer).build([Paragraph(said, getSampleStyleSheet()["Normal"])])
    return buffer.getvalue()


def in_slides() -> bytes:
    def fill(presentation: Any) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        paragraph = slide.placeholders[1].text_frame.paragraphs[0]
        for text, address in (("Use ", None), ("the refund", FORM), (" form", FORM), (" within 30 days.", None)):
            run = paragraph.add_run()
            run.text = text
            run.hyperlink.address = address

    return make_pptx(fill)


def in_book() -> bytes:
    said = f'Use <a href="{FORM}">the refund form</a> within <a href="b.xhtml">30 days</a>.'
    return make_epub({"a.xhtml": f"<html><body><p>{said}</p></body></html>"})


RTF = r'{\rtf1 Use {\field{\*\fldinst{HYPERLINK "FORM"}}{\fldrslt{\ul the refund form}}} within 30 days.\par}'.replace(
    "FORM", FORM
)
PAGE = f'<html><body><p>Use <a href="{FORM}" title="t">the <b>refund</b> form</a> within 30 days.</p></body></html>'


@pytest.mark.parametrize(
    ("name", "made"),
    [
        ("a.md", f"Use [the *refund* form]({FORM} 'title') within 30 days.".encode),
        ("b.md", f'Use <a class="x" href="{FORM}">the refund form</a> within 30 days.'.encode),
        ("c.md", f'<p>Use <a href="{FORM}">the refund form</a> within 30 days.</p>'.encode),
        ("a.html", PAGE.encode),
        ("a.docx", in_word),
        ("a.pptx", in_slides),
        ("a.epub", in_book),
        ("a.rtf", RTF.encode),
        ("a.pdf", in_pdf),
    ],
)
def test_a_link_comes_through_from_every_format(tmp_path: Path, name: str, made: Callable[[], bytes]) -> None:
    make_deployment()
    [outcome] = make_indexed(make_collection(), make_file(tmp_path, name, made()))
    assert outcome.reason is None
    chunk = Chunk.objects.get()
    assert (chunk.text, chunk.links) == (SAID, [FORM])
    assert chunk.sentence_spans == [0, len(SAID)]


def test_a_bare_address_is_a_link_too(tmp_path: Path) -> None:
    make_deployment()
    make_indexed(make_collection(), make_file(tmp_path, "a.txt", f"Use {FORM}, within 30 days."))
    assert Chunk.objects.get().links == [FORM]


def test_links_between_files_are_kept_as_paths_and_shown_as_words(tmp_path: Path) -> None:
    make_deployment()
    text = "See [the plans](../billing/plans.md#annual), [us](mailto:a@b.example), [below](#below) or [x](x.md)."
    make_indexed(make_collection(), make_file(tmp_path, "help/refunds.md", text))
    chunk = Chunk.objects.get()
    assert chunk.text == "See the plans, us, below or x."
    assert chunk.links == ["billing/plans.md", "help/x.md"]


def test_links_of_a_document_with_an_address_can_be_opened(tmp_path: Path) -> None:
    make_deployment()
    file = make_file(tmp_path, "refunds.md", "See [the plans](plans?utm_source=x#annual).")
    make_indexed(make_collection(), File(file.place, file.called, "https://help.example.com/billing/refunds"))
    chunk = Chunk.objects.get()
    assert chunk.text == "See [the plans](https://help.example.com/billing/plans#annual)."
    assert chunk.links == ["https://help.example.com/billing/plans"]


def test_what_is_searched_is_the_text_without_addresses(tmp_path: Path) -> None:
    make_deployment()
    shelf = make_collection()
    make_indexed(
        shelf,
        make_file(tmp_path, "linked.md", f"# Refunds\n\nUse [the refund form]({FORM}) now. It takes days."),
        make_file(tmp_path, "plain.md", "# Refunds\n\nUse the refund form now. It takes days."),
    )
    linked, plain = Chunk.objects.order_by("document__path")
    assert (linked.terms, linked.bm25, linked.token_count) == (plain.terms, plain.bm25, plain.token_count)
    assert (
        len(set(ChunkVector.objects.annotate(said=Cast("embedding", TextField())).values_list("said", flat=True))) == 1
    )
    hit = next(hit for hit in retrieve("refund form", collections=[shelf.pk]).hits if hit.path == "linked.md")
    said = [hit.text[each.start : each.end] for each in hit.sentences]
    assert said == [f"Use [the refund form]({FORM}) now.", "It takes days."]


def test_a_passage_that_a_leading_one_links_to_is_lifted(tmp_path: Path) -> None:
    make_deployment()
    shelf = make_collection()
    make_indexed(
        shelf,
        make_file(tmp_path, "uploads.md", "# When uploads stop\n\nThen [another page](limits.md) helps."),
        make_file(tmp_path, "limits.md", "# Storage of a plan\n\nUploads end at nine gigabytes."),
        make_file(tmp_path, "traffic.md", "# Traffic of a plan\n\nDownloads end at ten gigabytes."),
    )
    found = {hit.path: hit.scores["link"] for hit in retrieve("Why do uploads stop?", collections=[shelf.pk]).hits}
    assert (found["limits.md"], found["traffic.md"]) == (0.25, 0)


def test_a_document_is_read_anew_when_only_a_link_has_changed(tmp_path: Path) -> None:
    make_deployment()
    shelf = make_collection()
    make_indexed(shelf, make_file(tmp_path, "a.md", "See [the plans](plans.md)."))
    [outcome] = make_indexed(shelf, make_file(tmp_path, "a.md", "See [the plans](prices.md)."))
    assert (outcome.state, Chunk.objects.get().links) == ("indexed", ["prices.md"])
    assert Document.objects.get().live_version is not None


@pytest.mark.parametrize(
    ("words", "address", "written"),
    [
        ("a [b]\nc", "x y(1).md", "[a (b) c](<x%20y%281%29.md>)"),
        ("https://a.example/b", "https://a.example/b", "https://a.example/b"),
        ("a", "data:text/html,x", "a"),
        ("a", "javascript:x", "a"),
        ("a", "#b", "a"),
        ("", "b.md", ""),
    ],
)
def test_links_are_written_so_that_they_can_be_found(words: str, address: str, written: str) -> None:
    assert hyperlinks.written(words, address) == written


def test_spans_fit_the_text_without_addresses() -> None:
    text = "See [a](https://x.example/1). Then [b](<c.md>)."
    plain, spans = hyperlinks.plain_with(text, [(0, 29), (30, len(text))])
    assert [plain[start:end] for start, end in spans] == ["See a.", "Then b."]
