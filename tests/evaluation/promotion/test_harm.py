"""When a candidate does harm: what is proven, what is a burst, and how seldom an equal one is halted."""

from dataclasses import replace

import numpy as np
import pytest

from evaluation.promotion import harm
from evaluation.promotion.harm import ArmTally

LIVE = ArmTally(asked=1000, errors=10, gave=990, slow=40, miscited=8, refused=120, disliked=30, p95_ms=2000.0)
EQUAL = ArmTally(asked=200, errors=2, gave=198, slow=8, miscited=2, refused=24, disliked=6, p95_ms=2000.0)
WORSE = {
    "errors": (replace(EQUAL, errors=20, gave=180), "20 of its 200 answers failed, 10 of the live model's 1000"),
    "slow": (replace(EQUAL, slow=50), "took too long"),
    "miscited": (replace(EQUAL, miscited=20), "20 of its 198 answers cited what is not there"),
    "refused": (replace(EQUAL, refused=70), "70 of its 198 answers were refusals"),
    "disliked": (replace(EQUAL, disliked=30), "30 of its 198 answers got a thumbs-down"),
}


def test_an_equal_candidate_goes_on() -> None:
    assert harm.found(EQUAL, LIVE, harm.look(200)) == ""


@pytest.mark.parametrize(("candidate", "said"), WORSE.values(), ids=WORSE)
def test_each_measure_alone_halts_and_is_named(candidate: ArmTally, said: str) -> None:
    found = harm.found(candidate, LIVE, harm.look(200))
    assert said in found
    assert found.count(" of the live model's ") == 1, found
    assert found.endswith("and not by chance.")


@pytest.mark.parametrize("measure", harm.MARGINS)
def test_what_is_within_the_margin_is_no_harm(measure: str) -> None:
    """However many answers show that it is a little worse."""
    many = ArmTally(asked=100_000, gave=100_000, slow=5000, miscited=1000, refused=10_000, disliked=3000)
    margin = harm.MARGINS[measure][0]
    little = replace(many, **{measure: getattr(many, measure) + int(99_000 * margin)})
    beyond = replace(many, **{measure: getattr(many, measure) + int(130_000 * margin)})
    assert harm.found(little, many, harm.look(100_000)) == ""
    assert harm.found(beyond, many, harm.look(100_000)) != ""


def test_with_nothing_to_compare_with_nothing_is_proven() -> None:
    dreadful = replace(EQUAL, errors=100, gave=100)
    assert harm.found(dreadful, ArmTally(), harm.look(200)) == ""
    assert harm.found(dreadful, replace(LIVE, asked=24, gave=24), harm.look(200)) == ""
    assert harm.found(dreadful, LIVE, 0) == ""


def test_looks_are_few_and_at_answers_that_do_not_change() -> None:
    looks = [harm.look(asked) for asked in range(2000)]
    assert (looks[24], looks[25], looks[49], looks[50], looks[1599], looks[1600]) == (0, 1, 1, 2, 6, 7)
    assert all(harm.size(look) <= asked for asked, look in enumerate(looks) if look)


@pytest.mark.parametrize(
    ("candidate", "live", "is_burst"),
    [
        ("11111", "", True),
        ("1111", "", False),
        ("1010101010", "0" * 10, True),
        ("1010101000", "0" * 10, False),
        ("0" * 10 + "1" * 10, "0" * 10, False),  # the newest come first
        ("1" * 10, "11111", False),  # all fail: it is not the candidate
        ("1" * 10, "11110", True),
    ],
)
def test_a_burst_of_errors_halts_at_once(candidate: str, live: str, is_burst: bool) -> None:
    failed = ([each == "1" for each in arm] for arm in (candidate, live))
    assert bool(harm.burst(*failed)) == is_burst


# What a usual model does: failed, slow, cited nothing, refused, disliked.
USUAL = (0.02, 0.05, 0.01, 0.15, 0.04)
NOISY = (0.10, 0.05, 0.10, 0.50, 0.20)


def halted(rates: tuple[float, ...], *, beside: int, worse: tuple[float, ...] | None = None, looks: int = 7) -> int:
    """How many of a thousand rollouts are halted within so many looks, the live model being asked `beside` times as
    often as the candidate. `worse` are the candidate's own rates."""
    random = np.random.default_rng(11)
    sizes = np.diff([0, *(harm.size(look) for look in range(1, looks + 1))])
    mine = random.binomial(sizes[:, None, None], worse or rates, (looks, 1000, 5)).cumsum(axis=0)
    others = random.binomial(beside * sizes[:, None, None], rates, (looks, 1000, 5)).cumsum(axis=0)
    ended = 0
    for row in range(1000):
        ended += any(
            harm.found(
                tally(harm.size(look), mine[look - 1, row]),
                tally(beside * harm.size(look), others[look - 1, row]),
                look,
            )
            for look in range(1, looks + 1)
        )
    return ended


def tally(asked: int, counts: np.ndarray) -> ArmTally:
    errors, *others = counts.tolist()
    return ArmTally(asked, errors, asked, *others)


@pytest.mark.parametrize(("rates", "beside"), [(USUAL, 19), (USUAL, 1), (NOISY, 1)])
def test_of_a_thousand_equal_candidates_at_most_one_in_twenty_is_halted(rates: tuple[float, ...], beside: int) -> None:
    """Over seven looks, from 25 to 1,600 answers, at five measures each."""
    assert halted(rates, beside=beside) <= 50


def test_bursts_are_rare_where_calls_fail_by_chance() -> None:
    """Two in a hundred fail, over 1,600 answers."""
    failed = np.random.default_rng(12).random((1000, 1600)) < 0.02
    inside = np.cumsum(failed, axis=1)
    windows: np.ndarray = inside[:, harm.BURST_OF :] - inside[:, : -harm.BURST_OF]
    assert (windows >= harm.BURST).any(axis=1).sum() <= 10


@pytest.mark.parametrize(("measure", "rate"), [(0, 0.20), (1, 0.35), (2, 0.20), (3, 0.45), (4, 0.25)])
def test_one_that_does_harm_is_halted_within_the_first_step(measure: int, rate: float) -> None:
    worse = tuple(rate if place == measure else usual for place, usual in enumerate(USUAL))
    assert halted(USUAL, beside=19, worse=worse, looks=4) >= 950
