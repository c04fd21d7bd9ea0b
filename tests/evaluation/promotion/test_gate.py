"""The gate: what is offered, what stays open and with how many more cases, what is rejected and by which guard."""

import json
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest

from evaluation.promotion import gate
from evaluation.promotion.gate import Gate, GateVerdict, Proof
from evaluation.scores import statistics
from evaluation.scores.statistics import Comparison

TODAY = date(2026, 11, 30)


@cache
def compared(both: int, won: int, lost: int, neither: int, clusters: int | None = None) -> Comparison:
    outcomes = [(1.0, 1.0)] * both + [(0.0, 1.0)] * won + [(1.0, 0.0)] * lost + [(0.0, 0.0)] * neither
    live = {str(number): outcome[0] for number, outcome in enumerate(outcomes)}
    candidate = {str(number): outcome[1] for number, outcome in enumerate(outcomes)}
    named = {name: str(int(name) % clusters) for name in live} if clusters else None
    return statistics.compare(live, candidate, named)


BETTER = compared(70, 24, 4, 22)
AS_GOOD = compared(106, 3, 3, 8)
WORSE = compared(80, 2, 24, 14)
PERHAPS = compared(80, 12, 6, 22)  # better by five points, which may be luck
UNCERTAIN = compared(90, 9, 11, 10)  # the same within two points, and nobody can tell
LOOKS_WORSE = compared(14, 1, 4, 1)


def proof(**changed: object) -> Proof:
    """A candidate that is offered, but for what is changed; `guards` are added to those that hold."""
    guards = {**dict.fromkeys(gate.GUARDS, AS_GOOD), **changed.pop("guards", {})}  # type: ignore[dict-item]
    whole = Proof(
        primary_name="style",
        primary=BETTER,
        graded=120,
        guards=guards,
        p95_ms=4000.0,
        critical_failures=(),
        is_same_set=True,
        trained_hash="h",
        serving_hash="h",
        retires_on=None,
        today=TODAY,
    )
    return replace(whole, **changed)  # type: ignore[arg-type]


def judged(**changed: object) -> Gate:
    return gate.judge(proof(**changed))


def state(found: Gate, name: str) -> str:
    return next(str(check.state) for check in found.guards if check.name == name)


def test_a_proven_gain_with_every_guard_is_offered() -> None:
    found = judged()
    assert (found.verdict, found.more_cases, found.is_canary_only) == ("offered", 0, False)
    assert found.why.startswith("Style is better by 17 points (")
    assert found.why.endswith("on 120 cases, and every guard holds.")
    assert found.notes[0].startswith("With 120 cases you can see gains of about 13 points")


REJECTED = {
    "primary": ({"primary": WORSE}, "Style is worse by 18 points"),
    "facts": ({"guards": {"facts": WORSE}}, "Factual accuracy is worse by 18 points"),
    "over_refusal": ({"guards": {"over_refusal": WORSE}}, "Answering what can be answered is worse"),
    "under_refusal": ({"guards": {"under_refusal": WORSE}}, "Refusing what the documents do not hold is worse"),
    "citations": ({"guards": {"citations": WORSE}}, "Citation recall is worse"),
    "a set of one's own": ({"guards": {"general_behaviour": WORSE}}, "General behaviour is worse"),
    "critical": ({"critical_failures": ["case 3 says “guarantee”.", "case 9"]}, "case 3 says “guarantee”, and 1 more."),
    "wording": ({"trained_hash": "another"}, "another wording"),
    "latency": ({"p95_ms": 15_000.1}, "5 % take longer than 15.0 s; 15 s are allowed."),
    "retirement": ({"retires_on": TODAY + timedelta(days=60)}, "in 60 days; more than 60 days have to be left."),
    "retired": ({"retires_on": TODAY - timedelta(days=1)}, "It has ended on 2026-11-29"),
}


@pytest.mark.parametrize("changed", REJECTED.values(), ids=REJECTED)
def test_each_guard_alone_rejects_and_is_named(changed: tuple[dict[str, object], str]) -> None:
    found = judged(**changed[0])
    assert (found.verdict, found.more_cases) == ("rejected", 0)
    assert changed[1] in found.why


@pytest.mark.parametrize("changed", REJECTED.values(), ids=REJECTED)
def test_a_guard_that_fails_rejects_whatever_else_is_missing(changed: tuple[dict[str, object], str]) -> None:
    assert judged(**{"primary": PERHAPS, **changed[0]}, graded=10).verdict == "rejected"


HELD = {
    "p95 at the limit": {"p95_ms": 15_000.0},
    "61 days": {"retires_on": TODAY + timedelta(days=61)},
    "never tuned": {"trained_hash": None},
    "exactly a hundred": {"graded": 100},
}


@pytest.mark.parametrize("changed", HELD.values(), ids=HELD)
def test_what_is_just_enough_is_enough(changed: dict[str, object]) -> None:
    assert judged(**changed).verdict == "offered"


OPEN = {
    "99 graded": ({"graded": 99}, 1, "grade 1 more"),
    "none graded": ({"graded": 0}, 100, "grade 100 more"),
    "another set": ({"is_same_set": False}, 0, "the same frozen set"),
    "luck": ({"primary": PERHAPS}, 378, "which may be luck: about"),
    "no gain": ({"primary": AS_GOOD}, 0, "no gain that more cases could prove"),
    "one question": ({"primary": compared(70, 24, 4, 22, clusters=1)}, 29, "about 1 different questions; it takes 30"),
    "29 questions": ({"primary": compared(70, 24, 4, 22, clusters=29)}, 1, "add 1 that are like none of them"),
    "half scored": ({"primary": replace(BETTER, one_sided=20)}, 0, "20 cases have a score for style in one arm alone"),
    "nothing scored": ({"primary": Comparison(0, 0, None, None, None, None)}, 30, "about 0 different questions"),
    "latency": ({"p95_ms": None}, 0, "was not measured"),
    "no refusals": ({"guards": {"under_refusal": Comparison(0, 0, None, None, None, None)}}, 1, "do not answer"),
    "one thread": ({"guards": {"facts": compared(20, 0, 0, 2, clusters=1)}}, 1, "on one question alone"),
    "looks worse": ({"guards": {"citations": LOOKS_WORSE}}, 0, "this set cannot rule it out"),
}


@pytest.mark.parametrize("changed", OPEN.values(), ids=OPEN)
def test_what_is_missing_keeps_it_open_and_says_how_many_more(changed: tuple[dict[str, object], int, str]) -> None:
    found = judged(**changed[0])
    assert (found.verdict, found.more_cases) == ("inconclusive", changed[1]), found.why
    assert changed[2] in found.why


def test_a_guard_that_is_not_in_the_run_keeps_it_open() -> None:
    """As a metric that is missing on one side was let pass elsewhere: what was not measured is not known to hold."""
    for missing in gate.GUARDS:
        guards = {name: AS_GOOD for name in gate.GUARDS if name != missing}
        found = gate.judge(replace(proof(), guards=guards))
        assert (found.verdict, state(found, missing)) == ("inconclusive", "not measured"), missing


def test_a_guard_that_nobody_can_tell_allows_a_canary_alone() -> None:
    found = judged(guards={"facts": UNCERTAIN})
    assert (found.verdict, found.is_canary_only, state(found, "facts")) == ("offered", True, "not shown")
    assert "a loss of 5 points is not ruled out, about" in found.why
    assert "on a share of the conversations first" in found.why
    unasked = judged(is_end_asked=False)
    assert (unasked.verdict, unasked.is_canary_only) == ("offered", True)


def test_the_cases_it_asks_for_are_about_enough() -> None:
    """With as many more of the same kind as it asks for, four in five such candidates are offered."""
    more = judged(primary=PERHAPS).more_cases
    assert statistics.power(PERHAPS.cases + more, 12 / 120, 6 / 120) >= 0.75
    tiny = compared(4000, 31, 30, 900)
    assert (judged(primary=tiny).more_cases, "takes more than 5,000" in judged(primary=tiny).why) == (0, True)


def test_a_set_that_has_decided_often_is_to_be_renewed() -> None:
    assert len(judged(decided=9).notes) == 1
    assert "has decided 10 times" in judged(decided=10).notes[1]


def test_the_policy_may_be_another() -> None:
    strict = gate.Policy(least_graded=200, margin=0.01)
    assert gate.judge(proof(), strict).more_cases == 80
    assert gate.judge(proof(graded=200), strict).is_canary_only, "one point is not ruled out by 120 cases"


def test_it_prints_as_json() -> None:
    written = json.loads(json.dumps(judged(guards={"facts": WORSE}).as_json()))
    assert (written["verdict"], written["more_cases"]) == ("rejected", 0)
    assert {check["name"]: check["state"] for check in written["guards"]}["facts"] == "fails"


Arms = tuple[np.ndarray, np.ndarray, np.ndarray]


def simulated(cases: int, clusters: int) -> Arms:
    """A thousand pairs of arms that are equally good, a row each, and the cluster of each case.

    A question is right with a chance of its own; those of a cluster share it, and lean together to one arm.
    """
    random = np.random.default_rng(7)
    cluster = np.arange(cases) % clusters
    chance = random.beta(4, 1, (1000, clusters))[:, cluster]
    lean = random.normal(0, 0.15, (1000, clusters))[:, cluster] if clusters < cases else np.zeros((1000, cases))
    live, candidate = (random.random((1000, cases)) < np.clip(chance + side * lean, 0, 1) for side in (-1, 1))
    return live, candidate, cluster


@pytest.mark.parametrize("clusters", [120, 40], ids=["every question of its own", "three alike each"])
def test_of_a_thousand_candidates_that_are_no_better_at_most_one_in_twenty_is_offered(clusters: int) -> None:
    """Whoever is not better by the exact test is not offered, so only the others are judged one by one."""
    live, candidate, cluster = simulated(120, clusters)
    wins, losses = (candidate & ~live).sum(axis=1).tolist(), (live & ~candidate).sum(axis=1).tolist()
    through = [
        row for row in range(1000) if wins[row] > losses[row] and statistics.mcnemar(losses[row], wins[row]) < 0.05
    ]
    named = {str(number): str(each) for number, each in enumerate(cluster)}
    offered = 0
    for row in through:
        arms = [{str(number): float(right) for number, right in enumerate(arm[row])} for arm in (live, candidate)]
        offered += judged(primary=statistics.compare(*arms, named)).verdict == GateVerdict.OFFERED
    assert 0 < offered <= 50
    assert len(through) >= offered
