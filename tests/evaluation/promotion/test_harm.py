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
        ((5, 5), (0, 95), True),
        ((4, 4), (0, 95), False),
        ((5, 10), (0, 95), True),
        ((10, 10), (0, 12), True),
        ((10, 10), (1, 12), True),
        ((10, 10), (0, 5), False),  # too few to tell it from an outage
        ((10, 10), (0, 0), False),
        ((5, 10), (95, 190), False),  # an outage of both
        ((10, 10), (10, 10), False),
        ((5, 10), (19, 190), False),  # one in ten fails for both
    ],
)
def test_a_burst_is_more_failures_than_the_live_models_of_that_time(
    candidate: tuple[int, int], live: tuple[int, int], is_burst: bool
) -> None:
    assert bool(harm.burst(candidate, live)) == is_burst


def bursts(share: float, mine: np.ndarray, beside: np.ndarray, *, since: int = 0) -> list[int | None]:
    """After how many answers of the candidate from a place on each of a hundred rollouts is halted by a burst, None
    where it is not.

    `mine` and `beside` are how likely the answer at each place fails, where it is the candidate's and where it is not.
    """
    random = np.random.default_rng(12)
    ended = []
    for _ in range(100):
        is_candidate = random.random(mine.size) < share
        failed = random.random(mine.size) < np.where(is_candidate, mine, beside)
        place = first_burst(is_candidate, failed)
        ended.append(None if place is None else int(is_candidate[since : place + 1].sum()))
    return ended


def first_burst(is_candidate: np.ndarray, failed: np.ndarray) -> int | None:
    """The place of the answer after which it is halted. As evaluation.promotion.canaries counts: from the oldest of the
    candidate's newest ten on."""
    places = np.flatnonzero(is_candidate)
    live = np.concatenate([[0], np.cumsum(~is_candidate)])
    lost, beside = (np.concatenate([[0], np.cumsum(failed[arm])]) for arm in (is_candidate, ~is_candidate))
    for last in range(places.size):
        first = max(0, last + 1 - harm.BURST_OF)
        count = int(lost[last + 1] - lost[first])
        if count < harm.BURST:
            continue
        until, since = live[places[last]], live[places[first]]
        if 0 < until - since < harm.BURST_BESIDE:
            since = max(0, until - harm.BURST_BESIDE)
        others = int(beside[until] - beside[since]), int(until - since)
        if harm.burst((count, last + 1 - first), others):
            return int(places[last])
    return None


def halts(ended: list[int | None]) -> int:
    return sum(each is not None for each in ended)


SHARES = (0.05, 0.25, 0.5)


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("rate", [0.02, 0.05, 0.10, 0.15, 0.5])
def test_bursts_are_rare_where_calls_fail_alike(rate: float, share: float) -> None:
    """Over 800 answers of the candidate."""
    alike = np.full(int(800 / share), rate)
    assert halts(bursts(share, alike, alike)) <= 5


@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize("answers", [20, 100, 400])  # of both, as in half an hour, one and two of a busy day
def test_an_outage_of_both_is_no_burst(answers: int, share: float) -> None:
    alike = np.full(int(100 / share) + answers, 0.02)
    alike[int(50 / share) :][:answers] = 1.0
    assert halts(bursts(share, alike, alike)) <= 5


@pytest.mark.parametrize("share", SHARES)
def test_a_candidate_that_is_dead_is_halted_within_ten_answers(share: float) -> None:
    """After twenty good ones or so, while two in a hundred of the live model's fail by chance."""
    live, dead = np.full(int(60 / share), 0.02), int(20 / share)
    mine = live.copy()
    mine[dead:] = 1.0
    ended = bursts(share, mine, live, since=dead)
    assert sum(each is not None and each <= 10 for each in ended) >= 95


# What a usual model does: failed, slow, cited nothing, refused, disliked.
USUAL = (0.02, 0.05, 0.01, 0.15, 0.04)
CLEAN = (0.0, 0.0, 0.0, 0.05, 0.0)
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


@pytest.mark.parametrize(("rates", "beside"), [(USUAL, 19), (USUAL, 1), (NOISY, 19), (CLEAN, 19)])
def test_of_a_thousand_at_every_margin_at_most_one_in_twenty_is_halted(rates: tuple[float, ...], beside: int) -> None:
    """Each measure is just as much worse as it may be."""
    margins = (margin for margin, _ in harm.MARGINS.values())
    assert halted(rates, beside=beside, worse=tuple(map(sum, zip(rates, margins, strict=True)))) <= 50


@pytest.mark.parametrize(
    ("count", "total", "least"), [(0, 25, 0.0), (1, 25, 0.001013), (5, 10, 0.187086), (25, 25, 0.862815)]
)
def test_the_exact_lower_end_of_a_share(count: int, total: int, least: float) -> None:
    """At a one-sided level of 2.5 %, as in the tables of Clopper and Pearson."""
    assert harm._least(count, total, 0.025) == pytest.approx(least, abs=2e-5)


@pytest.mark.parametrize(("measure", "rate"), [(0, 0.20), (1, 0.35), (2, 0.20), (3, 0.45), (4, 0.25)])
def test_one_that_does_harm_is_halted_within_the_first_step(measure: int, rate: float) -> None:
    worse = tuple(rate if place == measure else usual for place, usual in enumerate(USUAL))
    assert halted(USUAL, beside=19, worse=worse, looks=4) >= 950
