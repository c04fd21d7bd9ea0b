"""Sentences are cut where a reader would cut them."""

from itertools import pairwise

import pytest

from knowledge.passages.sentences import split


def cut(text: str) -> list[str]:
    return [text[start:end] for start, end in split(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One is here. Two is there! Is three?", ["One is here.", "Two is there!", "Is three?"]),
        (
            "Ask Dr. Who in the U.S. office. It takes 3.5 days.",
            ["Ask Dr. Who in the U.S. office.", "It takes 3.5 days."],
        ),
        ("Use it, e.g. now. See Fig. 2 for more.", ["Use it, e.g. now.", "See Fig. 2 for more."]),
        ('"Really?" he said. (It is.) Fine.', ['"Really?" he said.', "(It is.)", "Fine."]),
        ("A line\nthat goes on. Another\none.", ["A line\nthat goes on.", "Another\none."]),
        ("払い戻しは30日以内です。年間プランのみ。", ["払い戻しは30日以内です。", "年間プランのみ。"]),
        ("See [it. All](<a.md>). Then go.", ["See [it. All](<a.md>).", "Then go."]),
        (
            "[Read it.](https://a.example/b?c.) Then [go](<d.md>)",
            ["[Read it.](https://a.example/b?c.)", "Then [go](<d.md>)"],
        ),
        ("no end", ["no end"]),
    ],
)
def test_prose_is_cut_after_its_sentences(text: str, expected: list[str]) -> None:
    assert cut(text) == expected


def test_a_row_an_item_a_heading_and_a_block_of_code_stay_whole() -> None:
    text = (
        "## Plans\n| Plan | Price |\n|---|---:|\n| Pro | $10. Each. |\n\n- first. Still\n  and wrapped\n- second\n"
        "1. third\n\n```python\na = 1. \n\nb = 2\n```\nEnd."
    )

    assert cut(text) == [
        "## Plans",
        "| Plan | Price |",
        "| Pro | $10. Each. |",
        "- first. Still\n  and wrapped",
        "- second",
        "1. third",
        "```python\na = 1. \n\nb = 2\n```",
        "End.",
    ]


@pytest.mark.parametrize("text", ["", "\n \n", "|---|---|"])
def test_text_without_words_has_no_sentences(text: str) -> None:
    assert split(text) == []


def test_spans_are_in_order_and_without_space_around_them() -> None:
    text = "  A b.  C d.\n\n* e\n\n~~~\nopen block. No end"
    spans = split(text)

    assert spans == sorted(spans)
    assert all(text[start:end] == text[start:end].strip() != "" for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
