"""The estimate that the passages found hold the answer."""

from typing import Any

import pytest

from knowledge.retrieval.answerable import estimate


def make_row(**fields: Any) -> dict[str, Any]:
    row = {
        "cosine": 0.6,
        "phrase": 0.8,
        "matched": [True, True, False],
        "idf": [4.0, 3.0, 1.0],
        "similarities": [0.65, 0.2],
        "sentence_mix": 0.67,
    }
    return {**row, **fields}


def test_nothing_found_is_no_answer() -> None:
    assert estimate([]) == 0.0


def test_a_close_passage_with_the_words_of_the_question_holds_the_answer() -> None:
    assert estimate([make_row()]) > 0.8


def test_a_passage_that_shares_nothing_holds_no_answer() -> None:
    row = make_row(cosine=0.1, phrase=0.0, matched=[False] * 3, similarities=[0.1, 0.1], sentence_mix=0.06)

    assert estimate([row]) < 0.1


@pytest.mark.parametrize(
    "weaker",
    [
        {"cosine": 0.3},
        {"phrase": 0.0},
        {"matched": [False, True, False]},
        {"similarities": [0.2, 0.2]},
        {"sentence_mix": 0.4},
    ],
)
def test_every_sign_counts(weaker: dict[str, Any]) -> None:
    assert estimate([make_row(**weaker)]) < estimate([make_row()])


def test_hits_together_cover_what_one_alone_does_not() -> None:
    first, second = make_row(matched=[True, False, False]), make_row(matched=[False, True, True])

    assert estimate([first, second]) > estimate([first, first])


def test_a_question_without_terms_and_passages_without_sentence_vectors_are_estimated_too() -> None:
    row = make_row(cosine=0.2, matched=[], idf=[], similarities=[], sentence_mix=None, phrase=0.0)

    assert 0 < estimate([row]) < 0.5
