"""A rollout in figures and sentences, as its command and its page tell it."""

from collections.abc import Iterator
from typing import Any

from evaluation.promotion import canaries, harm, promoting
from evaluation.promotion.harm import ArmTally
from llm.models import Rollout, RolloutState


def as_json(rollout: Rollout) -> dict[str, Any]:
    """Shares from 0 to 1, None of nothing; times in milliseconds."""
    candidate, live = canaries.tallies(rollout)
    step = promoting.next_step(rollout) if rollout.state == RolloutState.GOING else None
    return {
        "rollout": rollout.pk,
        "model": str(rollout),
        "beside": str(rollout.beside),
        "run": rollout.run,
        "state": rollout.state,
        "percent": rollout.percent,
        "why": rollout.why,
        "reason": rollout.reason,
        "is_override": rollout.is_override,
        "arms": {"candidate": _shares(candidate), "live": _shares(live)},
        "next": {"percent": step.percent, "answers": step.answers, "missing": step.missing} if step else None,
    }


def _shares(arm: ArmTally) -> dict[str, Any]:
    return {"answers": arm.asked, "p95_ms": arm.p95_ms, **{measure: arm.share(measure) for measure in harm.MARGINS}}


def lines(rollout: Rollout) -> Iterator[str]:
    told = as_json(rollout)
    yield f"rollout {rollout.pk}, {rollout.state}: {rollout} beside {rollout.beside}, {rollout.percent} %"
    first, *others = rollout.reason.splitlines() or [""]
    yield f"  {'against the gate or the steps: ' if rollout.is_override else ''}{first}"
    yield from (f"  {each}" for each in others)
    if rollout.why:
        yield f"  {rollout.why}"
    for name, arm in told["arms"].items():
        shares = ", ".join(f"{measure} {_percent(arm[measure])}" for measure in harm.MARGINS)
        yield f"  {name:<9} {arm['answers']} answers: {shares}"
    if told["next"]:
        yield f"  next {told['next']['percent']} %: {told['next']['missing'] or 'nothing is missing'}"


def audited(rollout: Rollout, override: str = "") -> dict[str, Any]:
    """What the audit log keeps of a step."""
    told = {"model": str(rollout), "percent": rollout.percent, "state": rollout.state, "run": rollout.run}
    return {**told, **({"override": override} if override else {}), **({"why": rollout.why} if rollout.why else {})}


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.1f} %"
