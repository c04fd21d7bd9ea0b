"""What a model or a document writes becomes HTML that can do no harm and leads nowhere but to its sources."""

import re

import pytest

from dashboard.rendering import markdown
from dashboard.rendering.markdown import CitedSource

REFUNDS = CitedSource(1, "/passages/7/", "Refunds", ("https://help.example.com/refunds",))
CITED = '<a href="/passages/7/" class="cite" aria-label="Source 1: Refunds" rel="noopener noreferrer nofollow">1</a>'

HARMLESS = {"p", "a", "code", "pre", "mark", "em", "strong", "table", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg/onload=alert(1)>",
        "<style>*{display:none}</style>",
        "a\n\n<iframe src='https://evil.example'></iframe>",
        "<a href='javascript:alert(1)'>x</a>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](data:text/html,<script>alert(1)</script>)",
        "[x](vbscript:x)",
        '[x](https://help.example.com/refunds" onmouseover="alert(1))',
        "![x](https://evil.example/pixel.png?secret)",
        "![x][1]\n\n[1]: https://evil.example/pixel.png",
        "<https://evil.example>",
        "[click](https://evil.example)",
        "[1](https://evil.example)",
        "[1]: https://evil.example\n\nSee [1].",
        "`<script>alert(1)</script>`",
        "```\n</code></pre><script>alert(1)</script>\n```",
        "| a |\n|---|\n| <b onclick=x>y</b> |",
    ],
)
def test_nothing_a_writer_writes_becomes_a_tag_or_a_link_of_theirs(text: str) -> None:
    for html in (markdown.answer(text, [REFUNDS]), markdown.passage(text, text)):
        tags = re.findall(r"<(\w+)([^>]*)>", html)
        assert {tag for tag, _ in tags} <= HARMLESS
        assert [attributes for tag, attributes in tags if tag == "a" and "/passages/7/" not in attributes] == []
        assert not re.search(r"<[^>]*(\son\w+=|javascript:|style=)", html)


def test_a_marker_leads_to_the_passage_it_names() -> None:
    assert markdown.answer("Within 30 days [1].", [REFUNDS]) == f"<p>Within 30 days {CITED}.</p>\n"


def test_markers_side_by_side_in_bold_and_in_tables_are_found() -> None:
    html = markdown.answer("**Yes [1]**[1][1]\n\n| a |\n|---|\n| b [1] |", [REFUNDS])
    assert html.count(CITED) == 4


@pytest.mark.parametrize("text", ["As said [2].", "`rows[1]`", "```\nrows[1]\n```", "[12]"])
def test_a_number_in_brackets_that_is_no_citation_stays_text(text: str) -> None:
    assert "<a " not in markdown.answer(text, [REFUNDS])


def test_a_title_of_a_source_cannot_break_out_of_its_attribute() -> None:
    html = markdown.answer("x [1]", [CitedSource(1, "/passages/7/", '"><script>alert(1)</script>')])
    assert "<script" not in html


def test_links_to_the_documents_of_the_sources_stay_links() -> None:
    html = markdown.answer("[the policy](https://help.example.com/refunds)", [REFUNDS])
    assert '<a href="https://help.example.com/refunds" rel="noopener noreferrer nofollow">the policy</a>' in html


def test_other_links_say_their_address_as_text() -> None:
    html = markdown.answer("[the policy](https://evil.example/a) and https://evil.example/b", [REFUNDS])
    assert html == "<p>the policy (https://evil.example/a) and https://evil.example/b</p>\n"


def test_alignment_of_a_table_needs_no_style_attribute() -> None:
    html = markdown.answer("| a | b |\n|---|--:|\n| 1 | 2 |", [])
    assert '<td class="text-end">2</td>' in html
    assert "style" not in html


def test_headings_rank_below_those_of_the_page() -> None:
    assert markdown.answer("# Plans", []) == "<h3>Plans</h3>\n"


@pytest.mark.parametrize(
    ("text", "quote", "expected"),
    [
        ("One. Two is here. Three.", "Two is here.", "<p>One. <mark>Two is here.</mark> Three.</p>"),
        ("One.\nTwo\nis here.", "Two is here.", "<p>One.\n<mark>Two</mark>\n<mark>is here.</mark></p>"),
        ("- one\n- two\n- three", "- two", "<li><mark>two</mark></li>"),
        ("1. one\n2. two", "2. two", "<li><mark>two</mark></li>"),
        ("|a|b|\n|-|-|\n|1|2|\n|3|4|", "|3|4|", "<td><mark>3</mark></td>\n<td><mark>4</mark></td>"),
        ("```sh\nls < x\n```", "```sh\nls < x\n```", "<mark>ls &lt; x</mark>"),
        ("Has *some* weight.", "Has *some* weight.", "<em><mark>some</mark></em>"),
        ("Nothing of it.", "Something else.", "<p>Nothing of it.</p>"),
        ("a (b) [c] \\d", "a (b) [c]", "<mark>a (b) [c]</mark>"),
    ],
)
def test_the_quote_is_marked_in_the_passage_and_leaves_its_markdown_alone(text: str, quote: str, expected: str) -> None:
    assert expected in markdown.passage(text, quote)


def test_a_quote_can_be_read_without_its_markdown() -> None:
    assert markdown.plain("- **Two**fold `a < b`\n  c\n- | x") == "Twofold a < b c | x"
    assert markdown.plain("```sh\nls -l\n```") == "ls -l"


def test_characters_that_stand_for_marks_cannot_be_smuggled_in() -> None:
    assert "<mark>" not in markdown.passage(f"a {markdown.START}b{markdown.END} c", "")
