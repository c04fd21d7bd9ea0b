"""A long answer in parts that a platform takes."""

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.posts.splitting import split

LINE = st.sampled_from(
    ["Some words of a sentence. And one more sentence, a little longer!", "```python", "```", "    x = 1",
     "| a | b |", "|---|---|", "| cell | another cell |", "", "", "- an item with `code in it` and **bold words**",
     "a" * 90,
     "See [the label of a link](https://help.example.com/a/long/address) for more.", "~~~", "````"]
)  # fmt: skip


def words(text: str) -> str:
    return re.sub(r"[\s`~|-]+", "", text)


@settings(max_examples=200, deadline=None)
@given(st.lists(LINE, max_size=60), st.integers(120, 2000))
def test_parts_fit_and_hold_everything(lines: list[str], limit: int) -> None:
    text = "\n".join(lines)
    parts = split(text, limit)
    assert all(part.strip() and len(part) <= limit for part in parts)
    rest = "".join(map(words, parts))
    for word in words(text)[::7]:
        assert word in rest
    assert len(rest) >= len(words(text))


def test_a_fence_is_whole_in_every_part() -> None:
    code = "\n".join(f"line {number}" for number in range(200))
    parts = split(f"Before.\n\n```python\n{code}\n```\n\nAfter.", 500)
    assert all(part.count("```") % 2 == 0 for part in parts)
    assert all(part.startswith("```python\n") for part in parts[1:])
    assert "".join(parts).count("line 199") == 1
    assert parts[-1].endswith("After.")


def test_a_fence_that_is_left_open_is_closed() -> None:
    assert split("```\ncode", 100) == ["```\ncode\n```"]


def test_a_table_keeps_its_header() -> None:
    rows = "\n".join(f"| {number} | value of {number} |" for number in range(60))
    parts = split(f"| Number | Value |\n|---|---|\n{rows}", 400)
    assert len(parts) > 2
    assert all(part.startswith("| Number | Value |\n|---|---|\n|") for part in parts)


def test_paragraphs_come_first_and_links_stay_whole() -> None:
    text = "First paragraph. " * 4 + "\n\n" + "word " * 10 + "[a link of several words](https://example.com/x) end"
    parts = split(text, 100)
    assert parts[0] == ("First paragraph. " * 4).strip()
    assert any("[a link of several words](https://example.com/x)" in part for part in parts)


def test_short_text_is_one_part_and_nothing_is_none() -> None:
    assert split("Short.", 2000) == ["Short."]
    assert split("  \n", 2000) == []


def test_half_a_code_span_sets_nothing_free() -> None:
    for span in (f"`https://evil.com {'x ' * 300}`", f"`https://evil.com/{'x' * 600}`"):
        parts = split(f"{'y' * 90}{span} after", 200)
        assert all(part.count("`") % 2 == 0 and len(part) <= 200 for part in parts)


def test_an_item_of_a_list_keeps_its_indent() -> None:
    text = "- first\n" + "\n".join(f"  - item {number}" for number in range(40))
    assert all(part.startswith("  - item") for part in split(text, 120)[1:])


def test_a_part_that_ends_with_a_fence_gets_no_tick_behind_it() -> None:
    text = "```\n" + "code\n" * 20 + "```\n\n" + "More words. " * 20
    parts = split(text, 130)
    assert parts[0].endswith("code\n```")
    assert not any("````" in part for part in parts)


def test_a_fence_that_fits_whole_into_the_next_part_is_not_cut() -> None:
    words, code = "More words. " * 12, "```\n" + "code\n" * 20 + "```"
    assert split(f"{words}\n\n{code}\n\nThe end.", 200) == [words.strip(), f"{code}\n\nThe end."]
