"""Tests and intervals, against values of scipy, statsmodels and scikit-learn, and against slow ways to the same."""

import math
import random
import time
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.scores import statistics
from evaluation.scores.statistics import ScoresError


def arms(both: int, won: int, lost: int, neither: int) -> tuple[dict[str, float], dict[str, float]]:
    """The scores of a live model and a candidate that are right together on so many cases, alone on so many."""
    outcomes = [(1, 1)] * both + [(0, 1)] * won + [(1, 0)] * lost + [(0, 0)] * neither
    return (
        {str(number): float(live) for number, (live, _) in enumerate(outcomes)},
        {str(number): float(candidate) for number, (_, candidate) in enumerate(outcomes)},
    )


# By scipy's binomtest, and by statsmodels' exact mcnemar
BY_SCIPY = (
    (0, 0, 1.0), (0, 1, 1.0), (1, 5, 0.21875), (3, 12, 0.03515625), (12, 3, 0.03515625), (0, 6, 0.03125),
    (25, 25, 1.0), (40, 61, 0.046044066929342785), (150, 205, 0.004092845173825071),
)  # fmt: skip
WILSON = (
    (0, 0, 0.0, 1.0), (0, 10, 0.0, 0.27753279986288926), (10, 10, 0.7224672001371109, 1.0),
    (81, 100, 0.7222115462093562, 0.8748524849023126), (1, 3, 0.06149194472039626, 0.7923403991979523),
    (263, 1000, 0.23665685979107837, 0.2911570237310747),
)  # fmt: skip


@pytest.mark.parametrize(("lost", "won", "p"), BY_SCIPY)
def test_mcnemar_is_that_of_scipy(lost: int, won: int, p: float) -> None:
    assert statistics.mcnemar(lost, won) == pytest.approx(p, rel=1e-12)


def test_mcnemar_is_the_share_of_coin_throws_that_are_as_uneven() -> None:
    for lost, won in ((0, 3), (1, 4), (2, 5), (4, 4), (2, 9)):
        throws = list(product((0, 1), repeat=lost + won))
        as_uneven = sum(abs(2 * sum(throw) - lost - won) >= abs(won - lost) for throw in throws)
        assert statistics.mcnemar(lost, won) == as_uneven / len(throws)


def test_mcnemar_of_thousands_neither_overflows_nor_takes_long() -> None:
    assert statistics.mcnemar(2500, 2500) == 1.0
    assert 0 <= statistics.mcnemar(0, 5000) < 1e-300
    with pytest.raises(ScoresError):
        statistics.mcnemar(-1, 3)


@pytest.mark.parametrize(("right", "cases", "low", "high"), WILSON)
def test_wilson_is_that_of_scipy(right: int, cases: int, low: float, high: float) -> None:
    assert statistics.wilson(right, cases) == pytest.approx((low, high), rel=1e-12)


def test_kappa_is_that_of_scikit_learn_and_unknown_where_all_grades_are_one() -> None:
    first, second = [1, 0, 1, 1, 0, 1, 0, 0, 1, 1, 2], [1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 2]
    assert statistics.kappa(first, second) == pytest.approx(0.6764705882352942, rel=1e-12)
    assert statistics.kappa([1, 1, 0], [0, 0, 1]) == pytest.approx(-0.8, rel=1e-12)
    assert statistics.kappa(["yes"] * 5, ["yes"] * 5) is None, "neither perfect nor none: nobody can tell"
    assert statistics.kappa([], []) is None
    assert statistics.kappa([1, 1], [0, 0]) == 0.0
    with pytest.raises(ScoresError, match="1 and 2"):
        statistics.kappa([1], [1, 0])


def test_the_interval_of_a_mean_is_that_of_scipys_bootstrap() -> None:
    differences = np.random.default_rng(7).normal(0.05, 0.2, 150)
    by_scipy = (-0.009830880566260072, 0.04689892499205064)  # of 20,000 resamples, by percentiles
    found = statistics.bootstrap(differences, range(150))
    assert found == pytest.approx(by_scipy, abs=0.002)
    assert found == statistics.bootstrap(differences, range(150)), "the same scores give the same interval"


def test_whole_clusters_are_drawn() -> None:
    """Forty conversations of five alike questions know as much as forty questions, not as two hundred."""
    each = np.random.default_rng(3).normal(0.0, 0.3, 40)
    together = statistics.bootstrap(np.repeat(each, 5), [number // 5 for number in range(200)])
    assert together == pytest.approx(statistics.bootstrap(each, range(40)), rel=1e-9)
    alone = statistics.bootstrap(np.repeat(each, 5), range(200))
    assert together is not None
    assert alone is not None
    assert together[1] - together[0] > 2 * (alone[1] - alone[0])


def test_the_interval_of_shares_is_newcombes() -> None:
    """His own example: 36 right in both arms, 12 and 2 in one, none in neither, by method 10."""
    live, candidate = (np.array(list(arm.values())) for arm in arms(36, 12, 2, 0))
    assert statistics.newcombe(live, candidate) == pytest.approx((0.0569, 0.3404), abs=0.0001)


def test_an_arm_that_is_as_good_on_every_case_is_not_taken_for_surely_as_good() -> None:
    few, many = statistics.compare(*arms(20, 0, 0, 0)), statistics.compare(*arms(100, 0, 0, 40))
    assert (few.gain, few.p, few.wins, few.losses) == (0.0, 1.0, 0, 0)
    assert few.interval is not None
    assert many.interval is not None
    assert few.interval[0] < -0.15, "twenty cases without a difference do not rule out fifteen points"
    assert -0.05 < many.interval[0] < 0 < many.interval[1] < 0.05
    graded = {str(number): 0.5 for number in range(140)}
    assert statistics.compare(graded, graded).interval == pytest.approx((-0.0267, 0.0267), abs=0.001)


def test_one_cluster_tells_nothing_of_others() -> None:
    live, candidate = arms(10, 30, 0, 10)
    found = statistics.compare(live, candidate, dict.fromkeys(live, "the same thread"))
    assert (found.cases, found.clusters, found.interval) == (50, 1, None)
    assert statistics.compare(live, candidate, dict.fromkeys(live, "")).clusters == 50, "no cluster is none shared"


def test_arms_that_were_asked_other_cases_are_refused() -> None:
    with pytest.raises(ScoresError, match="2 stand in one of them alone \\(a, c\\)"):
        statistics.compare({"a": 1.0, "b": 1.0}, {"b": 1.0, "c": 0.0})


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_neither_a_failure_nor_left_out(bad: float) -> None:
    with pytest.raises(ScoresError, match="1 scores are no finite numbers \\(b\\)"):
        statistics.compare({"a": 1.0, "b": 1.0}, {"a": 1.0, "b": bad})


def test_a_case_without_a_score_is_left_out_and_counted() -> None:
    found = statistics.compare({"a": 1.0, "b": None, "c": 0.0, "d": None}, {"a": 1.0, "b": 1.0, "c": 1.0, "d": None})
    assert (found.cases, found.left_out, found.one_sided, found.before, found.after) == (2, 2, 1, 0.5, 1.0)
    nothing = statistics.compare({"a": None}, {"a": 1.0})
    assert (nothing.cases, nothing.left_out, nothing.gain, nothing.interval) == (0, 1, None, None)
    assert statistics.compare({}, {}).cases == 0


def test_scores_between_right_and_wrong_have_no_p() -> None:
    assert statistics.compare({"a": 0.5, "b": 1.0}, {"a": 1.0, "b": 1.0}).p is None
    assert statistics.compare({"a": False, "b": True}, {"a": True, "b": True}).p == 1.0


# The same sum by scipy.stats.binom and binomtest
@pytest.mark.parametrize(
    ("cases", "won", "lost", "chance"),
    [(100, 0.2, 0.05, 0.8367350635371896), (100, 0.15, 0.05, 0.5444412569039272), (60, 0.3, 0.1, 0.6349146492245465)],
)
def test_power_is_that_of_the_exact_test(cases: int, won: float, lost: float, chance: float) -> None:
    assert statistics.power(cases, won, lost) == pytest.approx(chance, abs=1e-6)


def test_what_a_set_can_show_is_said() -> None:
    assert statistics.reach(100) == (
        "With 100 cases you can see gains of about 15 points; 10 points need 200 to 300 cases."
    )
    assert statistics.reach(300) == "With 300 cases you can see gains of about 7 points."
    assert statistics.reach(5) == "5 cases can show no gain at all: write more."
    assert statistics.reach(1) == "1 case can show no gain at all: write more."
    assert (statistics.cases_needed(0.15, 0.05), statistics.cases_needed(0.05, 0.05)) == (168, None)
    assert statistics.cases_needed(0.0501, 0.05) is None, "more than anybody writes"
    assert statistics.power(100, 0.0, 0.0) == 0.0


def test_a_thousand_cases_are_compared_at_once() -> None:
    throw = random.Random(5)  # noqa: S311
    live = {str(number): throw.random() for number in range(1000)}
    candidate = {name: min(1.0, score + throw.gauss(0.01, 0.1)) for name, score in live.items()}
    begun = time.perf_counter()
    assert statistics.compare(live, candidate).cases == 1000
    assert time.perf_counter() - begun < 2


@settings(max_examples=30, deadline=None)
@given(st.tuples(*[st.integers(0, 25)] * 4).filter(lambda counts: sum(counts) > 1))
def test_changing_places_turns_everything_round(counts: tuple[int, int, int, int]) -> None:
    live, candidate = arms(*counts)
    there, back = statistics.compare(live, candidate), statistics.compare(candidate, live)
    assert there.p == back.p
    assert (there.wins, there.losses) == (back.losses, back.wins)
    assert there.interval is not None
    assert back.interval is not None
    assert there.gain is not None
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]), abs=0.1), "but for the drawing"
    assert there.interval[0] <= there.gain + 1e-12
    assert there.gain <= there.interval[1] + 1e-12
