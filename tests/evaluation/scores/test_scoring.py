"""What an answer is worth, and the one layer that is to blame."""

from typing import Any

import pytest

from bot.models import Outcome
from evaluation.models import ExpectedBehaviour, FailureLayer
from evaluation.scores import arm_scores, scoring
from evaluation.scores.scoring import Observed, ObservedPassage

GOLD = "Annual plans can be refunded in full within 30 days of purchase."
OTHER = "Monthly plans can be refunded within 7 days of the very first payment."
RIGHT = "Annual plans can be refunded in full within 30 days [1]."


def passage(text: str = GOLD, path: str = "refunds.md") -> ObservedPassage:
    return ObservedPassage(path, "", text)


def seen(**changes: Any) -> Observed:
    whole = {
        "expected": ExpectedBehaviour.ANSWER,
        "outcome": Outcome.ANSWERED,
        "text": RIGHT,
        "must_include": ["30 days"],
        "passages": [passage(), passage(OTHER, "monthly.md")],
        "cited": [passage()],
        "gold": {"refunds.md": GOLD},
        "turns": ["How are annual plans refunded?"],
    }
    return Observed(**{**whole, **changes})


REFUSED = {"outcome": Outcome.NOT_IN_DOCS, "text": "I could not find it.", "cited": []}
WRONG = {
    "text": "Monthly plans can be refunded within 7 days of the very first payment [1].",
    "cited": [passage(OTHER)],
}


@pytest.mark.parametrize(
    ("layer", "changes"),
    [
        (None, {}),
        (FailureLayer.OVER_REFUSAL, REFUSED),
        (FailureLayer.MISS, {**REFUSED, "passages": [passage(OTHER, "monthly.md")]}),
        (FailureLayer.GAP, {**REFUSED, "gold": {"refunds.md": None}, "passages": []}),
        (FailureLayer.STALE, {**WRONG, "gold": {"refunds.md": "Annual plans are not refunded any more."}}),
        (FailureLayer.MISS, {**WRONG, "passages": [passage(OTHER, "monthly.md")]}),
        (FailureLayer.NOISE, WRONG),
        (FailureLayer.UNFAITHFUL, {"text": "Annual plans can be refunded in full within 45 days [1]."}),
        (FailureLayer.UNFAITHFUL, {"must_not_include": ["in full"]}),
        (FailureLayer.UNFAITHFUL, {"must_include": [], "text": "Our founders met in Lisbon long ago [1]."}),
        (FailureLayer.UNDER_REFUSAL, {"expected": ExpectedBehaviour.REFUSE, "must_include": []}),
        (FailureLayer.OVER_REFUSAL, {**REFUSED, "expected": ExpectedBehaviour.CLARIFY, "must_include": []}),
        (None, {**REFUSED, "expected": ExpectedBehaviour.REFUSE, "must_include": []}),
        (FailureLayer.FORMAT, {"invalid_markers": 1}),
        (FailureLayer.FORMAT, {"cited": [passage(OTHER)]}),
        (FailureLayer.STYLE, {"faults": ["opening"]}),
        (None, {"faults": []}),
        (FailureLayer.LATENCY, {"total_ms": 12_000.0}),
        (FailureLayer.UNFAITHFUL, {"passages": None, "cited": [], "text": "Within a year."}),
        (FailureLayer.OVER_REFUSAL, {**REFUSED, "passages": None}),
        (None, {"passages": None, "cited": [], "text": "Within 30 days."}),
    ],
)
def test_each_failed_case_has_the_one_layer_that_explains_it(
    layer: FailureLayer | None, changes: dict[str, Any]
) -> None:
    found = scoring.score(seen(**changes))
    assert (found.layer, found.has_passed) == (layer, layer is None)


def test_what_a_provider_failed_at_is_not_known() -> None:
    for outcome in (Outcome.PROVIDER_ERROR, Outcome.OVER_BUDGET):
        assert scoring.score(seen(outcome=outcome, text="")) == scoring.Scored({}, None, None)


def test_an_answer_that_was_not_given_has_no_score_for_its_words() -> None:
    found = scoring.score(seen(**REFUSED)).scores
    assert (found["grounded"], found["citations"], found["style"], found["factual"]) == (None, None, None, False)


def test_facts_are_scored_only_where_they_are_said_to_be_expected() -> None:
    assert scoring.score(seen(must_include=[])).scores["factual"] is None
    assert scoring.score(seen()).scores["factual"] is True
    refused = scoring.score(seen(**REFUSED, expected=ExpectedBehaviour.REFUSE))
    assert (refused.scores["factual"], refused.has_passed) == (None, True)  # a right refusal is no wrong fact


def test_a_document_is_known_by_its_path_or_the_end_of_it() -> None:
    assert scoring.rank(seen(passages=[passage(OTHER, "x.md"), passage(GOLD, "public/refunds.md")])) == 2
    assert scoring.rank(seen(passages=[passage(OTHER, "my-refunds.md")])) == 0
    assert scoring.rank(seen(gold={})) is None


def test_what_the_voice_asks_for_is_no_claim() -> None:
    text = f"Hello there from Brambleday! {RIGHT} Happy to look further into everything."
    kept = ("Hello there from Brambleday!", "Happy to look further into everything.")
    assert scoring.score(seen(text=text, courtesies=kept)).scores["citations"]["recall"] == 1.0


def test_a_percentile_is_a_value_that_was_measured() -> None:
    assert arm_scores.percentile([], 95) is None
    assert arm_scores.percentile([3.0], 95) == 3.0
    assert arm_scores.percentile([float(value) for value in range(1, 101)], 95) == 95.0
    assert arm_scores.percentile([4.0, 1.0, 3.0, 2.0], 50) == 2.0
