"""How an answer is read: its sentences, and what each of them cites."""

import pytest

from bot.claims import amending, statements
from bot.claims.checking import Checking, Fault


@pytest.mark.parametrize(
    ("answer", "read"),
    [
        ("It is so.[1] That is not.[2][3] Hm", [("It is so.[1]", (1,)), ("That is not.[2][3]", (2, 3)), ("Hm", ())]),
        ("One.[1]\nTwo![2] (Three.)[3]", [("One.[1]", (1,)), ("Two![2]", (2,)), ("(Three.)[3]", (3,))]),
        ("はい。[1]いいえです。[2]", [("はい。[1]", (1,)), ("いいえです。[2]", (2,))]),
        ("Type `a.[1] B` now.[2] Done.", [("Type `a.[1] B` now.[2]", (2,)), ("Done.", ())]),
        ("**Bold.**[1] Next.", [("**Bold.**[1]", (1,)), ("Next.", ())]),
        ("```\na.[1] B\n```\nDone.[1] Next.", [("```\na.[1] B\n```", ()), ("Done.[1]", (1,)), ("Next.", ())]),
    ],
)  # fmt: skip
def test_a_marker_right_behind_a_full_stop_ends_a_sentence(
    answer: str, read: list[tuple[str, tuple[int, ...]]]
) -> None:
    assert [(unit.written, unit.own) for unit in statements.read(answer)] == read


@pytest.mark.parametrize(
    "answer",
    [
        "**The Pro plan costs $1,500 per year [1].**",
        "__The Pro plan costs $1,500 per year.__",
        "**$1,500 per year** [1]",
    ],
)
def test_a_bold_sentence_is_judged(answer: str) -> None:
    (found,) = Checking(["The Pro plan costs $120 per year."]).sentences(answer)
    assert found.fault == Fault.NUMBER


@pytest.mark.parametrize(
    "answer", ["**Costs of 1,500 plans**", "__Costs of 1,500 plans:__", "## Costs of 1,500 plans."]
)
def test_a_heading_is_none(answer: str) -> None:
    (unit,) = statements.read(answer)
    assert unit.is_heading


def test_brackets_in_code_are_no_markers() -> None:
    found = Checking([]).sentences("Read `row[1] ` and ``a [2]`` first [3].")
    assert amending.marked("Read `row[1] ` and ``a [2]`` first [3].", {found[0]: 2}) == (
        "Read `row[1] ` and ``a [2]`` first. [2]"
    )


def test_one_wrong_number_takes_its_own_sentence_alone() -> None:
    passage = "Annual plans can be refunded within 30 days of purchase. Only an Owner can request a refund."
    found = Checking([passage]).sentences(
        "Annual plans can be refunded within 45 days of purchase.[1] Only an Owner can request a refund.[1]"
    )
    assert [each.fault for each in found] == [Fault.NUMBER, None]


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ("([1])", False),
        ("Sources: [1], [2]", False),
        ("**Sources**\n- [1] Billing", False),
        ("Quellen: [1]", False),
        ("You can read more on this [1].", False),
        ("See the documentation for details [1].", False),
        ("## Refunds [1]", False),
        ("Yes [1].", True),
        ("30 days [1].", True),
        ("[1] Annual plans are refunded.", True),
        ("See Settings > Billing [1].", True),
        ("| Solo | 12 | [1] |", True),
        ("はい [1]。", True),
    ],
)
def test_what_only_points_to_its_sources_says_nothing(answer: str, says: bool) -> None:
    assert any(unit.numbers and unit.says_something for unit in statements.read(answer)) == says
