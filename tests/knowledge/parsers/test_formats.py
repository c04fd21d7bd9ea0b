"""Slides, sheets, tables, books and rich text as Markdown."""

import datetime
from typing import Any

import pytest
from pptx.util import Inches

from knowledge.parsers import parse
from knowledge.parsers.base import ParseError
from knowledge.passages.chunking import split
from tests.knowledge.parsers.office_files import make_epub, make_ods, make_packed, make_pptx, make_xlsx


def test_slides_are_sections_with_lists_tables_and_notes() -> None:
    def fill(presentation: Any) -> None:
        slide = presentation.slides.add_slide(presentation.slide_layouts[1])
        slide.shapes.title.text = "Refunds"
        slide.placeholders[1].text = "Within 30 days"
        below = slide.placeholders[1].text_frame.add_paragraph()
        below.text, below.level = "Annual plans only", 1
        table = slide.shapes.add_table(2, 2, Inches(1), Inches(5), Inches(4), Inches(1)).table
        for (row, column), text in {(0, 0): "Plan", (0, 1): "Days", (1, 0): "Annual", (1, 1): "30|31"}.items():
            table.cell(row, column).text = text
        slide.notes_slide.notes_text_frame.text = "Say that monthly plans are not refunded."
        group = slide.shapes.add_group_shape()
        group.shapes.add_textbox(Inches(1), Inches(6.5), Inches(2), Inches(1)).text_frame.text = "In a group"
        presentation.core_properties.title = "Training"

    parsed = parse("a.pptx", make_pptx(fill))
    assert parsed.title == "Training"
    assert parsed.markdown == (
        "## Refunds\n\n- Within 30 days\n  - Annual plans only\n\n| Plan | Days |\n"
        "| --- | --- |\n| Annual | 30\\|31 |\n\n"
        "In a group\n\nNotes: Say that monthly plans are not refunded."
    )


def test_hidden_slides_are_left_out_and_reported() -> None:
    def fill(presentation: Any) -> None:
        for text in ("Shown", "Secret"):
            presentation.slides.add_slide(presentation.slide_layouts[5]).shapes.title.text = text
        presentation.slides[1].element.set("show", "0")

    parsed = parse("a.pptx", make_pptx(fill))
    assert (parsed.markdown, parsed.warning) == ("## Shown", "Hidden slides were left out (1).")


def test_slides_of_pictures_may_be_a_scan() -> None:
    with pytest.raises(ParseError, match="No text was found; is this a scan"):
        parse("a.pptx", make_pptx(lambda p: p.slides.add_slide(p.slide_layouts[6])))


def test_sheets_are_tables_with_readable_cells() -> None:
    def fill(book: Any) -> None:
        sheet = book.active
        sheet.title = "Prices"
        for row in (
            ["Price list 2026"],
            ["Plan", "Per month", "From", "Old"],
            ["Team", 12.0, datetime.date(2026, 1, 31), True],
            ["Pro", 19.5, datetime.datetime(2026, 2, 1, 9, 30), False],  # noqa: DTZ001  sheets know no zones
            [],
            ["Code", "Country"],
            ["DE", "Germany"],
        ):
            sheet.append(row)
        book.create_sheet("Empty")
        book.create_sheet("Limits").append(["Projects", 3])
        book.create_sheet("Secret").append(["Margin", 0.4])
        book["Secret"].sheet_state = "hidden"

    parsed = parse("a.xlsx", make_xlsx(fill))
    assert parsed.warning == "Hidden sheets were left out (1)."
    assert parsed.markdown == (
        "## Prices\n\nPrice list 2026\n\n| Plan | Per month | From | Old |\n| --- | --- | --- | --- |\n"
        "| Team | 12 | 2026-01-31 | yes |\n| Pro | 19.5 | 2026-02-01 09:30 | no |\n\n"
        "| Code | Country |\n| --- | --- |\n| DE | Germany |\n\n"
        "## Limits\n\n| Projects | 3 |\n| --- | --- |"
    )


def test_open_document_sheets_are_read() -> None:
    def cell(text: str) -> str:
        return f"<table:table-cell office:value-type='string'><text:p>{text}</text:p></table:table-cell>"

    rows = "".join(
        f"<table:table-row>{cell(a)}{cell(b)}</table:table-row>" for a, b in (("Plan", "Price"), ("Team", "12"))
    )
    assert parse("a.ods", make_ods(rows)).markdown == "| Plan | Price |\n| --- | --- |\n| Team | 12 |"


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separated_values_are_a_table_whatever_separates_them(separator: str) -> None:
    rows = [["Plan", "Price", "Note"], ["Team", "12", '"one, two; three"'], ["Pro", "19", ""]]
    text = "\n".join(separator.join(row) for row in rows)
    assert parse("a.csv", text.encode()).markdown == (
        "| Plan | Price | Note |\n| --- | --- | --- |\n| Team | 12 | one, two; three |\n| Pro | 19 |  |"
    )


def test_every_passage_of_a_long_table_has_its_header() -> None:
    text = "Country,Tax\n" + "".join(f"Country number {number},{number} percent of all\n" for number in range(300))
    passages = split(parse("a.csv", text.encode()).markdown, "Taxes", lambda texts: [len(t.split()) for t in texts])
    assert len(passages) > 3
    assert all(passage.text.startswith("| Country | Tax |\n| --- | --- |\n") for passage in passages)


def test_books_are_read_in_the_order_of_their_spine() -> None:
    book = make_epub({"two.xhtml": "<h1>First</h1><p>One.</p>", "one%20a.xhtml": "<h1>Second</h1><p hidden>x</p>"})
    book_with_space = book.replace(b"one%20a.xhtml", b"one%20a.xhtml")
    parsed = parse("a.epub", book_with_space)
    assert parsed.title == "The handbook"
    assert parsed.markdown.startswith("# First\n\nOne.")


def test_rich_text_is_read_as_text() -> None:
    rtf = rb"{\rtf1\ansi{\fonttbl{\f0 Arial;}}\f0\b Refunds\b0\par Within 30 days, for \u8364?20.\par}"
    assert parse("a.rtf", rtf).markdown.split() == ["Refunds\\", "Within", "30", "days,", "for", "€20."]


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("a.xlsx", make_xlsx(lambda b: b.active.append(["x"]))[:-700], "The workbook is damaged or cut off."),
        ("a.pptx", make_pptx(str)[:3000], "The presentation is damaged or cut off."),
        ("a.epub", make_packed({"mimetype": "application/epub+zip"}), "The book is damaged or incomplete."),
        ("a.docx", make_xlsx(str), "The file is called .docx but is a workbook; rename it."),
        ("a.rtf", b"no rich text", "The file is called .rtf but is not an RTF document."),
        (
            "a.csv",
            b'"' + b"x" * 1_100_000 + b'"',
            "The table is damaged, or a cell is longer than 1,000,000 characters.",
        ),
        ("a.csv", b",".join([b"x"] * 300), "A table has more than 100,000 rows or 200 columns; please split it."),
        (
            "a.xlsx",
            make_packed({"xl/workbook.xml": '<!DOCTYPE w [<!ENTITY a "aaaa">]><w>&a;</w>'}),
            "The workbook declares entities of its own, which are not read.",
        ),
        (
            "a.pptx",
            make_packed({"ppt/presentation.xml": "<!DOCTYPE x []>".encode("utf-16-le")}),
            "The presentation declares entities of its own, which are not read.",
        ),
        (
            "a.epub",
            make_packed({"mimetype": "application/epub+zip", "big": bytes(50_000_000)}),
            "The book is too big when unpacked.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_read_fails_with_a_sentence(name: str, data: bytes, sentence: str) -> None:
    with pytest.raises(ParseError) as caught:
        parse(name, data)
    assert str(caught.value) == sentence
