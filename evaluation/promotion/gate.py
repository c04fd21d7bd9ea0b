"""May a candidate take the place of the live model: offered, not shown yet, or rejected, and why. Pure.

Offered takes a proven gain in one measure that was named before the run, and guards for all that must not get worse. A
guard whose interval is too wide to tell allows a canary and no more. What was not measured is never taken for good.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum

from evaluation.scores import statistics
from evaluation.scores.statistics import Comparison, count, points

# What must not get worse, and what stands in the way of knowing: said when no case has measured it.
GUARDS = {
    "facts": ("Factual accuracy", "grade answers for their facts"),
    "over_refusal": ("Answering what can be answered", "add cases that the documents answer"),
    "under_refusal": ("Refusing what the documents do not hold", "add cases that they do not answer"),
    "citations": ("Citation recall", "add cases whose answers cite"),
}


class GateVerdict(StrEnum):
    OFFERED = "offered"
    INCONCLUSIVE = "inconclusive"
    REJECTED = "rejected"


class GuardState(StrEnum):
    """UNSHOWN: measured, and the interval is too wide to tell. UNMEASURED: nothing is known."""

    HOLDS = "holds"
    FAILS = "fails"
    UNSHOWN = "not shown"
    UNMEASURED = "not measured"


@dataclass(frozen=True)
class Policy:
    """Shares are of 1, `most_p95_ms` of the candidate's own answers. `least_days` are those its base still serves."""

    least_graded: int = 100
    least_clusters: int = 30
    alpha: float = statistics.ALPHA
    margin: float = 0.05
    most_one_sided: float = 0.1
    most_p95_ms: float = 15_000.0
    least_days: int = 60
    stale_after: int = 10


@dataclass(frozen=True)
class Proof:
    """What a run says of a candidate. All comparisons are of the candidate with the live model, higher being better.

    `graded` cases were graded by people in both arms. `critical_failures` are those that the live model did not have,
    a sentence each: something that must not be said, personal data, a citation of nothing. `trained_hash` is None for
    a model that was never tuned, `p95_ms` where it was not measured; `retires_on` where the provider tells no day,
    or (`is_end_asked` False) could not be asked. `decided` is how often this set has decided before.
    """

    primary_name: str
    primary: Comparison
    graded: int
    guards: Mapping[str, Comparison]
    p95_ms: float | None
    critical_failures: Sequence[str]
    is_same_set: bool
    trained_hash: str | None
    serving_hash: str
    retires_on: date | None
    today: date
    is_end_asked: bool = True
    decided: int = 0


@dataclass(frozen=True)
class GuardCheck:
    """`more_cases` would show whether it holds; 0 where cases are not what is missing. `looks_worse`: beyond what is
    allowed, if the interval would only stay where it is."""

    name: str
    state: GuardState
    why: str
    more_cases: int = 0
    looks_worse: bool = False


@dataclass(frozen=True)
class Gate:
    """`more_cases` is 0 where no number of cases would change it. `is_canary_only`: offered, but not to everybody."""

    verdict: GateVerdict
    why: str
    more_cases: int
    guards: tuple[GuardCheck, ...]
    is_canary_only: bool = False
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, object]:
        return {**asdict(self), "verdict": str(self.verdict)}


DEFAULT = Policy()


def judge(proof: Proof, policy: Policy = DEFAULT) -> Gate:
    """The three answers, in this order: a guard that fails rejects, whatever is missing keeps it open, else offered."""
    guards = tuple(_guards(proof, policy))
    notes = tuple(_notes(proof, policy))
    failed = [check.why for check in guards if check.state == GuardState.FAILS]
    if _is_worse(proof.primary):
        failed.insert(0, f"{_change(proof.primary_name, proof.primary)}.")
    if failed:
        return Gate(GateVerdict.REJECTED, " ".join(failed), 0, guards, notes=notes)
    missing = _missing(proof, guards, policy)
    if missing:
        why, more = missing
        return Gate(GateVerdict.INCONCLUSIVE, why, more, guards, notes=notes)
    unshown = [check for check in guards if check.state == GuardState.UNSHOWN]
    why = f"{_change(proof.primary_name, proof.primary)}, and every guard holds."
    if unshown:
        told = " ".join(check.why for check in unshown)
        why = f"{_change(proof.primary_name, proof.primary)}. {told} Try it on a share of the conversations first."
    return Gate(GateVerdict.OFFERED, why, 0, guards, is_canary_only=bool(unshown), notes=notes)


def _missing(proof: Proof, guards: Sequence[GuardCheck], policy: Policy) -> tuple[str, int] | None:
    """What keeps it open, the first thing first, and how many more cases would help; None where nothing does."""
    primary = proof.primary
    if not proof.is_same_set:
        return "The arms were not asked the same frozen set: run them again on one.", 0
    if proof.graded < policy.least_graded:
        more = policy.least_graded - proof.graded
        said = f"{count(proof.graded)} graded by people in both arms; it takes {policy.least_graded}"
        return f"{said}: grade {more} more.", more
    if primary.one_sided > policy.most_one_sided * (primary.cases + primary.one_sided):
        named = count(primary.one_sided)
        return f"{named} have a score for {proof.primary_name} in one arm alone: finish or repeat the run.", 0
    if primary.interval is None or primary.clusters < policy.least_clusters:
        more = policy.least_clusters - primary.clusters
        said = f"The cases are about {primary.clusters} different questions; it takes {policy.least_clusters}"
        return f"{said}: add {more} that are like none of them.", more
    if not _is_better(primary, policy):
        return _unproven(proof.primary_name, primary)
    return _open(guards)


def _open(guards: Sequence[GuardCheck]) -> tuple[str, int] | None:
    for check in guards:
        if check.state == GuardState.UNMEASURED or check.looks_worse:
            return check.why, check.more_cases
    return None


def _unproven(name: str, primary: Comparison) -> tuple[str, int]:
    more = _more_for_gain(primary)
    said = f"{_change(name, primary)}, which may be luck"
    if primary.gain is None or primary.gain <= 0:
        return f"{_change(name, primary)}: there is no gain that more cases could prove.", 0
    if more is None:
        return f"{said}: so small a gain takes more than {statistics.MOST_CASES:,} cases.", 0
    return f"{said}: about {more} more cases would prove a gain of this size.", more


def _is_better(primary: Comparison, policy: Policy) -> bool:
    is_significant = primary.p is None or primary.p < policy.alpha
    return primary.interval is not None and primary.interval[0] > 0 and is_significant


def _is_worse(primary: Comparison) -> bool:
    return primary.interval is not None and primary.interval[1] < 0


def _more_for_gain(primary: Comparison) -> int | None:
    """How many more cases prove a gain of the size seen, by the exact test and by the width of the interval."""
    if not primary.gain or primary.interval is None:
        return None
    error = (primary.interval[1] - primary.interval[0]) / (2 * statistics.Z)
    needed = math.ceil(primary.cases * ((statistics.Z + statistics.Z_POWER) * error / primary.gain) ** 2)
    if primary.p is not None:
        exact = statistics.cases_needed(primary.wins / primary.cases, primary.losses / primary.cases)
        if exact is None:
            return None
        needed = max(needed, exact)
    return None if needed > statistics.MOST_CASES else max(needed - primary.cases, 1)


def _guards(proof: Proof, policy: Policy) -> Iterator[GuardCheck]:
    for name in dict.fromkeys([*GUARDS, *proof.guards]):
        yield _compared(name, proof.guards.get(name), policy.margin)
    yield _critical(proof.critical_failures)
    yield _worded(proof)
    yield _fast(proof.p95_ms, policy.most_p95_ms)
    yield _lasting(proof, policy)


def _compared(name: str, found: Comparison | None, margin: float) -> GuardCheck:
    """Holds where a loss beyond the margin is ruled out; fails where a loss is proven and may be beyond it."""
    label, remedy = GUARDS.get(name, (name.replace("_", " ").capitalize(), "add cases that measure it"))
    if found is None or not found.cases or found.gain is None:
        return GuardCheck(name, GuardState.UNMEASURED, f"{label} was not measured: {remedy}.", more_cases=1)
    if found.interval is None:
        why = f"{label} was measured on one question alone: {remedy}."
        return GuardCheck(name, GuardState.UNMEASURED, why, more_cases=1)
    low, high = found.interval
    said = _change(label, found)
    if low > -margin:
        return GuardCheck(name, GuardState.HOLDS, f"{said}; a loss of {points(margin)} is ruled out.")
    if high < 0:
        return GuardCheck(name, GuardState.FAILS, f"{said}; it may lose less than {points(margin)}.")
    room = found.gain + margin
    more = math.ceil(found.cases * ((found.gain - low) / room) ** 2) - found.cases if room > 0 else 0
    is_told = 0 < more <= statistics.MOST_CASES
    told = f"about {more} more cases would" if is_told else "this set cannot"
    why = f"{said}: a loss of {points(margin)} is not ruled out, {told} rule it out."
    return GuardCheck(name, GuardState.UNSHOWN, why, more if is_told else 0, looks_worse=room <= 0)


def _critical(failures: Sequence[str]) -> GuardCheck:
    if not failures:
        return GuardCheck("critical", GuardState.HOLDS, "It says nothing that must not be said.")
    first = failures[0].rstrip(".")
    more = f", and {len(failures) - 1} more" if len(failures) > 1 else ""
    return GuardCheck("critical", GuardState.FAILS, f"It fails where the live model does not: {first}{more}.")


def _worded(proof: Proof) -> GuardCheck:
    if proof.trained_hash is None:
        return GuardCheck("wording", GuardState.HOLDS, "It was never tuned, so no wording binds it.")
    if proof.trained_hash == proof.serving_hash:
        return GuardCheck("wording", GuardState.HOLDS, "It is asked in the words it was trained on.")
    why = "It was trained on another wording than it would be asked in: freeze the examples and tune again."
    return GuardCheck("wording", GuardState.FAILS, why)


def _fast(p95_ms: float | None, most: float) -> GuardCheck:
    limit = f"{most / 1000:g} s"
    if p95_ms is None:
        return GuardCheck("latency", GuardState.UNMEASURED, "How long it takes was not measured: run it end to end.")
    if not p95_ms <= most:
        why = f"Of its answers 5 % take longer than {p95_ms / 1000:.1f} s; {limit} are allowed."
        return GuardCheck("latency", GuardState.FAILS, why)
    why = f"Of its answers 95 % take at most {p95_ms / 1000:.1f} s; {limit} are allowed."
    return GuardCheck("latency", GuardState.HOLDS, why)


def _lasting(proof: Proof, policy: Policy) -> GuardCheck:
    if proof.retires_on is None and not proof.is_end_asked:
        return GuardCheck("retirement", GuardState.UNSHOWN, "Its provider could not be asked when it ends.")
    if proof.retires_on is None:
        return GuardCheck("retirement", GuardState.HOLDS, "Its provider names no day on which it ends.")
    days = (proof.retires_on - proof.today).days
    left = f"It ends on {proof.retires_on}, in {days} days" if days >= 0 else f"It has ended on {proof.retires_on}"
    if days > policy.least_days:
        return GuardCheck("retirement", GuardState.HOLDS, f"{left}.")
    why = f"{left}; more than {policy.least_days} days have to be left."
    return GuardCheck("retirement", GuardState.FAILS, why)


def _notes(proof: Proof, policy: Policy) -> Iterator[str]:
    yield statistics.reach(proof.primary.cases)
    if proof.decided >= policy.stale_after:
        yield (
            f"This set has decided {proof.decided} times. Candidates are by now chosen to please it: write new cases."
        )


def _change(label: str, found: Comparison) -> str:
    """ "Style is better by 12 points (5 to 19) on 120 cases"."""
    gain, name = found.gain, label[:1].upper() + label[1:]
    if gain is None or found.interval is None:
        return f"{name} is not known"
    how = f"better by {points(gain)}" if gain > 0 else f"worse by {points(-gain)}" if gain < 0 else "the same"
    low, high = (points(each).split(" ")[0] for each in found.interval)
    chance = "" if found.p is None else f", p = {found.p:.3f}"
    return f"{name} is {how} ({low} to {high} with 95 % certainty{chance}) on {count(found.cases)}"
