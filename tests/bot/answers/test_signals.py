"""What a model writes in words of its own: signals in other letters and places, markers in other habits."""

import pytest

from bot.answers.signals import Signalled


def read(text: str, step: int) -> tuple[str, Signalled]:
    reply = Signalled(text[at : at + step] for at in range(0, len(text), step))
    return "".join(reply), reply


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("NOT_IN_DOCS", ""),
        ("**NOT_IN_DOCS**\nThe passages speak of plans.", ""),
        ("not_in_docs", ""),
        ("Not in docs.", ""),
        ("NOT IN DOCS", ""),
        ("I looked in all passages. NOT_IN_DOCS", "I looked in all passages. "),
        ("Sorry. Not_In_Docs. Ask the team.", "Sorry. "),
    ],
)
def test_that_nothing_was_found_is_heard_and_never_shown(text: str, shown: str, step: int) -> None:
    said, reply = read(text, step)
    assert reply.is_not_found
    assert "docs" not in said.casefold()
    assert shown.startswith(said)


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("No", "No"),
        ("Not in all docs, but in one [1].", "Not in all docs, but in one [1]."),
        ("Searching takes a second [1].", "Searching takes a second [1]."),
        ("Within 30 days【1†source】.", "Within 30 days[1]."),
        ("Within 30 days 【2:0†refunds.md】【3】", "Within 30 days [2][3]"),
        ("Within 30 days\uff3b1, 2\uff3d.", "Within 30 days[1][2]."),
        ("Within 30 days [^1].", "Within 30 days [1]."),
        ("Within 30 days [Source 1] [passage: 2].", "Within 30 days [1] [2]."),
        ("Within 30 days [Sources 1 and 2].", "Within 30 days [1][2]."),
        ("See [the docs](https://acme.example) and [1].", "See [the docs](https://acme.example) and [1]."),
        ("【note】 and [source code] stay", "【note】 and [source code] stay"),
        ("It ends with an open 【1", "It ends with an open 【1"),
    ],
)
def test_text_stays_and_markers_become_ours(text: str, shown: str, step: int) -> None:
    said, reply = read(text, step)
    assert (said, reply.is_not_found, reply.search) == (shown, False, "")


@pytest.mark.parametrize("step", [1, 1000])
def test_a_search_is_asked_for_at_the_beginning_alone(step: int) -> None:
    said, reply = read("`SEARCH: annual plans`", step)
    assert (said, reply.search) == ("", "annual plans")
