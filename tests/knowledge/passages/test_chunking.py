"""Passages: nothing is lost, nothing is torn from its heading, header or fence, and none is too big."""

import re
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from knowledge.passages.chunking import ChunkText, split

WORD = re.compile(r"\w+|[^\w\s]")
RULE = re.compile(r"\|(?: --- \|)+")


def count_tokens(texts: Sequence[str]) -> list[int]:
    return [len(WORD.findall(text)) for text in texts]


def passages(markdown: str, title: str = "Guide", max_tokens: int = 60) -> list[ChunkText]:
    return split(markdown, title, count_tokens, max_tokens)


def long(word: str, count: int = 50) -> str:
    return " ".join(f"{word}{number}" for number in range(count)) + "."


def test_heading_path_begins_with_the_title_and_follows_the_levels() -> None:
    found = passages(f"# Guide\n\n## A\n\n{long('a')}\n\n### B\n\n{long('b')}\n\n## C\n\n{long('c')}")
    assert [(chunk.heading, chunk.text[:2]) for chunk in found] == [
        ("Guide > A", "a0"),
        ("Guide > A > B", "b0"),
        ("Guide > C", "c0"),
    ]


def test_tiny_sections_are_joined_under_the_path_they_share() -> None:
    (chunk,) = passages("Intro.\n\n## A\n\nOne.\n\n### B\n\nTwo.\n\n## C\n\nThree.")
    assert chunk.heading == "Guide"
    assert chunk.text == "Intro.\n\n## A\n\nOne.\n\n### B\n\nTwo.\n\n## C\n\nThree."
    assert [chunk.text[start:end] for start, end in chunk.sentence_spans] == ["Intro.", "One.", "Two.", "Three."]


def test_heading_without_text_is_not_lost() -> None:
    assert passages("# Guide\n\n## Can I cancel?\n\n## Can I pause?")[0].text == "## Can I cancel?\n\n## Can I pause?"


def test_long_table_repeats_its_header_in_every_piece() -> None:
    rows = "\n".join(f"| row{number} | {number} \\| x |" for number in range(40))
    found = passages(f"| Name | Value |\n|---|---|\n{rows}")
    assert len(found) > 4
    for chunk in found:
        assert chunk.text.startswith("| Name | Value |\n| --- | --- |\n| row")
        assert chunk.token_count <= 60
    assert [row for chunk in found for row in chunk.text.split("\n")[2:]] == rows.split("\n")


def test_table_wider_than_a_passage_names_its_columns_in_every_row() -> None:
    header = "|".join(f"column{number}" for number in range(40))
    found = passages(f"|{header}|\n|{'---|' * 40}\n|{'|'.join(map(str, range(40)))}|")
    assert "column39: 39" in found[-1].text


def test_long_code_is_cut_at_blank_lines_and_opens_its_fence_again() -> None:
    code = "\n\n".join(f"def f{number}():\n    return '`' * {number}" for number in range(20))
    found = passages(f"```python\n{code}\n```")
    assert len(found) > 2
    for chunk in found:
        assert chunk.text.startswith("```python\ndef f")
        assert chunk.text.endswith("\n```")
    assert "\n\n".join(chunk.text[10:-4] for chunk in found) == code


def test_hash_in_code_is_no_heading_and_code_in_a_list_keeps_its_fence() -> None:
    (chunk,) = passages("1. Run\n\n   ```sh\n   # not a heading\n   ```\n\n2. Done")
    assert chunk.text == "1. Run\n\n```sh\n# not a heading\n```\n\n2. Done"


def test_long_prose_is_cut_between_sentences() -> None:
    found = passages(" ".join(f"Sentence number {number} says something." for number in range(40)))
    assert all(chunk.text.endswith("something.") and chunk.token_count <= 60 for chunk in found)


def test_text_is_for_reading() -> None:
    (chunk,) = passages(
        "See **the** [API](https://x.y) ![i](j.png) `x|y` &amp; <b>more</b>\nhere.\n\n"
        "- a\n  1. b\n     c\n- d\n\n> quoted"
    )
    assert chunk.text == "See the [API](<https://x.y>) `x|y` & more here.\n\n- a\n  1. b c\n- d\n\nquoted"


def test_announcement_stays_with_what_it_announces() -> None:
    found = passages(f"{long('a', 30)}\n\nYou need:\n\n- {long('b', 40)}")
    assert found[1].text.startswith("You need:\n\n- b0")


def test_word_of_any_length_makes_no_giant_passage() -> None:
    found = passages("x" * 100_000, max_tokens=200)
    assert max(len(chunk.text) for chunk in found) <= 4_000
    assert sum(len(chunk.text) for chunk in found) == 100_000


def test_nothing_gives_nothing() -> None:
    assert passages("") == []
    assert passages("![only](image.png)\n\n---") == []


words = st.text("abcdefgäß日本 ", min_size=1, max_size=30).map(lambda text: " ".join(text.split())).filter(bool)
prose = st.lists(words, min_size=1, max_size=40).map(lambda parts: ". ".join(parts) + ".")
headings = st.tuples(st.integers(1, 4), words).map(lambda pair: f"{'#' * pair[0]} {pair[1]}")
lists = st.lists(words, min_size=1, max_size=20).map(lambda items: "\n".join(f"- {item}" for item in items))
code = st.lists(st.one_of(words, st.just("")), min_size=1, max_size=40).map(
    lambda lines: "\n".join(["```py", *lines, "```"])
)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(words, min_size=width, max_size=width), min_size=2, max_size=20).map(
        lambda rows: "\n".join(
            [f"| {' | '.join(rows[0])} |", "|" + "---|" * width, *(f"| {' | '.join(row)} |" for row in rows[1:])]
        )
    )
)
documents = st.lists(st.one_of(prose, headings, lists, code, tables), max_size=12).map("\n\n".join)


@given(documents, st.integers(20, 200))
def test_every_word_is_kept_in_order_of_blocks_and_no_passage_is_empty_or_too_big(document: str, size: int) -> None:
    found = split(document, "", count_tokens, size)
    kept = set(re.findall(r"\w+", " ".join(f"{chunk.heading} {chunk.text}" for chunk in found)))
    written = {word for word in re.findall(r"\w+", document) if not re.fullmatch(r"py", word)}
    torn = {word for word in written - kept if not _is_torn(word, kept)}
    assert not torn
    for chunk in found:
        assert chunk.text.strip()
        assert chunk.sentence_spans
        assert chunk.token_count == count_tokens([chunk.text])[0]
        assert chunk.token_count <= 2 * size + 60


def _is_torn(word: str, kept: set[str]) -> bool:
    """Whether a word too long for a passage is there in two parts."""
    return any(word[:cut] in kept and word[cut:] in kept for cut in range(1, len(word)))


@given(documents, st.integers(20, 200))
def test_fences_are_balanced_and_no_row_is_without_its_header(document: str, size: int) -> None:
    for chunk in split(document, "T", count_tokens, size):
        assert len(re.findall(r"^```", chunk.text, re.MULTILINE)) % 2 == 0
        outside = re.sub(r"^```.*?^```$", "", chunk.text, flags=re.MULTILINE | re.DOTALL)
        lines = outside.split("\n")
        for number, line in enumerate(lines):
            if line.startswith("| ") and not (number and lines[number - 1].startswith("|")):
                assert RULE.fullmatch(lines[number + 1])
