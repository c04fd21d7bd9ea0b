"""Citation markers: only valid ones survive, numbered as readers meet them, whatever the chunks they stream in."""

from hypothesis import given
from hypothesis import strategies as st

from bot.claims import citations


def renumber(deltas: list[str], passage_count: int = 6) -> tuple[str, list[int]]:
    renumbered = citations.Renumbered(deltas, passage_count)
    return "".join(renumbered), renumbered.cited


def test_markers_are_numbered_in_the_order_readers_meet_them() -> None:
    assert renumber(["Yes [4]. No [2], and again [4]."]) == ("Yes [1]. No [2], and again [1].", [4, 2])


def test_a_marker_that_points_to_no_passage_vanishes() -> None:
    assert renumber(["A [7]. B [0]. C [1]."]) == ("A . B . C [1].", [1])


def test_a_list_of_numbers_becomes_markers_of_their_own() -> None:
    assert renumber(["Both [3, 1, 9]."]) == ("Both [1][2].", [3, 1])


def test_brackets_in_code_are_code() -> None:
    text = "Use `rows[1]` [2]\n```python\nx = y[3]\n```\nand [3]"
    assert renumber([text]) == ("Use `rows[1]` [1]\n```python\nx = y[3]\n```\nand [2]", [2, 3])


def test_a_lone_backtick_does_not_make_the_rest_code() -> None:
    assert renumber(["Press the ` key. [2]\nThen go on. [1]"]) == ("Press the ` key. [1]\nThen go on. [2]", [2, 1])


def test_a_fence_of_tildes_is_code_too() -> None:
    assert renumber(["~~~\nx[1]\n```\n~~~\nDone [2]"]) == ("~~~\nx[1]\n```\n~~~\nDone [1]", [2])


def test_a_number_too_large_for_a_marker_is_text() -> None:
    assert renumber(["The page says [404]."]) == ("The page says [404].", [])


def test_other_brackets_stay() -> None:
    assert renumber(["[see the page](x) [a] []"]) == ("[see the page](x) [a] []", [])


@given(st.text(alphabet="ab `~[]12,.\n", max_size=60), st.lists(st.integers(1, 8), max_size=20))
def test_streaming_in_any_pieces_gives_the_same_text(text: str, sizes: list[int]) -> None:
    pieces, rest = [], text
    for size in sizes:
        pieces.append(rest[:size])
        rest = rest[size:]
    assert renumber([*pieces, rest], 3) == renumber([text], 3)


def test_the_quote_is_the_sentence_that_says_it() -> None:
    sentences = ["Plans renew each year.", "Annual plans can be refunded in full within 30 days.", "Ask us anything."]
    answer = "Plans renew on their own [2]. You get a full refund for annual plans within 30 days [1]."
    assert citations.quote(answer, 1, sentences) == sentences[1]
    assert citations.quote(answer, 2, sentences) == sentences[0]


def test_of_several_sentences_under_one_marker_the_first_is_quoted() -> None:
    sentences = ["This page explains refunds.", "Annual plans can be refunded.", "Monthly plans cannot."]
    answer = "Annual plans can be refunded. Monthly plans cannot. [1]"
    assert citations.quote(answer, 1, sentences) == sentences[1]


def test_a_passage_without_sentences_quotes_nothing() -> None:
    assert citations.quote("Yes [1].", 1, []) == ""
