"""How an answer is read: its sentences, and what each of them cites."""

import pytest

from bot.claims import statements
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


def test_one_wrong_number_takes_its_own_sentence_alone() -> None:
    passage = "Annual plans can be refunded within 30 days of purchase. Only an Owner can request a refund."
    found = Checking([passage]).sentences(
        "Annual plans can be refunded within 45 days of purchase.[1] Only an Owner can request a refund.[1]"
    )
    assert [each.fault for each in found] == [Fault.NUMBER, None]
