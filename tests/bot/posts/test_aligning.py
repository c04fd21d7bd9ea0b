"""Tables that are read where nobody renders Markdown."""

import random

import pytest

from bot.platforms.discord.posts import CONTENT
from bot.posts.aligning import WIDEST, aligned, width
from bot.posts.neutralising import neutral
from bot.posts.splitting import split

PLANS = """Plans:

| Plan | Refund | Price |
|:-----|:------:|------:|
| Annual | 30 days [1] | 1,200 |
| **Monthly** | `none` | 9 |
That is all."""


def test_a_narrow_table_stands_in_columns_with_its_markers() -> None:
    assert aligned(PLANS) == (
        "Plans:\n\n```\n"
        "Plan       Refund     Price\n"
        "-------  -----------  -----\n"
        "Annual   30 days [1]  1,200\n"
        "Monthly     none          9\n"
        "```\nThat is all."
    )  # fmt: skip


def test_wide_characters_count_twice_and_unseen_ones_not() -> None:
    assert (width("日本"), width("ｶﾅ"), width("e\u0301\u200b"), width("👍")) == (4, 2, 1, 2)
    block = aligned("| 国 | Days |\n|---|---|\n| 日本語 | 3 |\n| DE | 30 |").split("\n")[1:-1]
    assert block == ["国      Days", "------  ----", "日本語  3", "DE      30"]


def test_a_wide_table_or_one_with_links_is_read_line_by_line() -> None:
    link = "[the form](https://help.example.com/a)"
    assert aligned(f"| Plan | Where |\n|---|---|\n| Annual | {link} [2] |\n| Monthly | |") == (
        f"**Plan:** Annual\n**Where:** {link} [2]\n\n**Plan:** Monthly"
    )
    long = "word " * 30
    assert aligned(f"| A | B |\n|---|---|\n| x | {long}|") == f"**A:** x\n**B:** {long.strip()}"


@pytest.mark.parametrize(
    ("table", "shown"),
    [
        ("| A | B |\n|---|---|", "**A** · **B**"),
        ("A | B\n--- | ---\nx | y", "```\nA  B\n-  -\nx  y\n```"),
        ("| A \\| B | C |\n|---|---|\n| x \\| y | |", "```\nA | B  C\n-----  -\nx | y\n```"),
        ("| A | B |\n|---|---|\n| x |\n| 1 | 2 | 3 |", "```\nA  B\n-  -\nx\n1  2\n```"),
        ("> | A |\n> |---|\n> | x |", "> ```\n> A\n> -\n> x\n> ```"),
        ("  | A |\n  |---|\n  | x |", "```\nA\n-\nx\n```"),
        ("| A | B |\n|---|---|\n| one<br>two | x |", "```\nA          B\n---------  -\none / two  x\n```"),
        ("| A |\n|---|\n| x ``` y |", "```\nA\n-------\nx ''' y\n```"),
    ],
)
def test_tables_of_every_kind(table: str, shown: str) -> None:
    assert aligned(table) == shown


@pytest.mark.parametrize(
    "text",
    [
        "a | b\nand more",
        "```\n| A | B |\n|---|---|\n| x | y |\n```",
        "| A | B |\n|---|\n| x | y |",
        "no table\n---\nhere",
        "~~~\n| A |\n|---|\n| x |\n~~~",
    ],
)
def test_what_is_no_table_stays_as_it_is(text: str) -> None:
    assert aligned(text) == text


def test_no_row_is_lost_or_broken_whatever_the_cells_hold() -> None:
    """Safe as before, aligned twice as once, whole in parts, and every word of every cell there."""
    signs = random.Random(7)  # noqa: S311  the same cells each time
    words = [
        "plan",
        "30",
        "日本",
        "[1]",
        "a\\|b",
        "`x`",
        "**b**",
        "<@5>",
        "@everyone",
        "evil.example/x",
        "👍🏽",
        "```",
        "",
    ]
    for _ in range(300):
        columns = signs.randint(1, 6)
        rows = [[" ".join(signs.choices(words, k=signs.randint(0, 5))) for _ in range(columns)] for _ in range(9)]
        rule = "|" + "---|" * columns
        table = "\n".join(["| " + " | ".join(rows[0]) + " |", rule, *("| " + " | ".join(r) + " |" for r in rows[1:])])
        safe = neutral(f"Before.\n\n{table}\n\nAfter.", links=())
        shown = aligned(safe)
        assert "<@5>" not in shown
        assert "@everyone" not in shown
        assert aligned(shown) == shown
        parts = split(shown, 300)
        assert all(len(part) <= 300 and part.count("```") % 2 == 0 for part in parts)
        if "```\n" in shown:
            inside = shown.split("```")[1].strip("\n").split("\n")
            assert all(width(line) <= WIDEST for line in inside)
        for word in ("plan", "日本", "👍🏽"):
            assert shown.count(word) >= sum(cell.count(word) for row in rows[1:] for cell in row)


def test_a_table_longer_than_a_message_has_its_header_in_each() -> None:
    rows = "\n".join(f"| Plan {number} | {number} days |" for number in range(300))
    parts = split(aligned(f"All plans:\n\n| Plan | Refund |\n|---|---|\n{rows}\n\nThat is all."), 1900)
    assert len(parts) > 2
    assert all("Plan      Refund" in part and part.count("```") % 2 == 0 for part in parts)
    assert sum(line.startswith("Plan ") for part in parts for line in part.split("\n")) == 300 + len(parts)


def test_a_table_in_code_is_not_cut_where_it_fits_whole() -> None:
    rows = "\n".join(f"| Plan {number} | {number} days |" for number in range(60))
    text = aligned("A sentence that goes before it. " * 30 + f"\n\n| Plan | Refund |\n|---|---|\n{rows}")
    parts = split(text, 1900)
    assert [part.count("```") for part in parts] == [0, 2]
    assert all(len(part) <= CONTENT for part in parts)
    table = next(part for part in parts if "Plan 59" in part)
    assert "Plan     Refund" in table


@pytest.mark.parametrize("row", ["", f"\n| {'a word ' * 12}| b |"])
def test_an_address_in_code_is_no_link_in_a_header_either(row: str) -> None:
    written = neutral(f"| `https://evil.example/x` | B |\n|---|---|{row}", links=())
    assert "`https://evil.example/x`" in aligned(written)
