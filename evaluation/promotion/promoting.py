"""From a judged candidate to the live model: at once, or by a canary that grows step by step."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from bot.answers import prompts
from evaluation.cases import case_sets
from evaluation.cases.case_sets import CaseSetError
from evaluation.models import EvaluationArm, EvaluationRun, RunState
from evaluation.promotion import canaries, harm, proofs
from evaluation.promotion.gate import Gate, GateVerdict
from evaluation.scores.statistics import ScoresError
from llm.models import EVERYBODY, Deployment, PromptVariant, Rollout, RolloutState, ServingRole
from tuning.models import ModelVersion
from tuning.registry import deploying, versions
from tuning.registry.versions import RegistryError

STEPS = (5, 25, 50, EVERYBODY)
MOST_BESIDE = 50  # percent, with which the live model is left with enough to be compared with
LEAST_ANSWERS = 200  # of the candidate, in each step
LEAST_TIME = timedelta(hours=24)

Keep = Callable[[Rollout], object]
"""What is to be kept of a decision elsewhere, as in the audit log: done with it in one transaction, or not at all."""


def _nothing(_: Rollout) -> None:
    """What is kept elsewhere where nobody asked for it."""


class PromotionError(ValueError):
    """It may not go live, or no further; the message says why."""


@dataclass(frozen=True)
class NextStep:
    """Where a rollout goes next, and what it still takes, a sentence; empty where nothing is missing."""

    percent: int
    answers: int
    missing: str


def promote(
    version: ModelVersion,
    run: EvaluationRun,
    *,
    percent: int = EVERYBODY,
    override: str = "",
    by: User | None,
    keep: Keep = _nothing,
) -> Rollout:
    """Let a candidate answer a share of the conversations, or all of them, as the gate allows after `run`.

    `override` is a person's reason to do it against the gate, which takes an owner; by nobody is by the command line.
    Asks the model, so no transaction may be open. Raises PromotionError.
    """
    if not 1 <= percent <= MOST_BESIDE and percent != EVERYBODY:
        raise PromotionError(f"Begin with 1 to {MOST_BESIDE} %, or with all of them at once; not with {percent} %.")
    check_run(version, run)
    judged, live = judgement(run), Deployment.objects.live(ServingRole.ANSWER)
    refusal = _joined(refused(judged, percent), against(version, run, live))
    if refusal:
        check_override(refusal, override, by)
    if going := Rollout.objects.going():
        raise PromotionError(f"The rollout of {going} goes on: finish it or halt it first.")
    try:
        wanted = deploying.tried(version, reason="a rollout")
    except RegistryError as error:
        raise PromotionError(str(error)) from error
    begun = Rollout(
        endpoint=version.endpoint, model=version.model, prompt=version.prompt, percent=percent, run=run.pk,
        beside=live, salt=secrets.token_hex(16), is_override=bool(refusal), reason=override.strip() or judged.why,
        created_by=by,
    )  # fmt: skip
    return _at_once(begun, wanted, version, keep) if percent == EVERYBODY else _going(begun, keep)


def check_run(version: ModelVersion, run: EvaluationRun) -> None:
    """Raises PromotionError where a run proves nothing of a version, which nobody may override."""
    if run.candidate_id != version.pk:
        raise PromotionError(f"Run {run.pk} asked {run.candidate or 'no candidate'}, not {version}.")
    if run.state != RunState.DONE:
        raise PromotionError(f"Run {run.pk} is not done: it {run.get_state_display()}.")
    if run.results.count() != run.total:
        raise PromotionError(f"Run {run.pk} is not whole: {run.results.count()} of {run.total} answers are there.")
    try:
        case_sets.check(run.case_set)
        versions.check_wording(version)
    except (CaseSetError, RegistryError) as error:
        raise PromotionError(str(error)) from error
    asked_in = run.template_hashes.get(EvaluationArm.TUNED_RAG)
    if asked_in != prompts.template_hash(PromptVariant(version.prompt)):
        raise PromotionError(
            f"Run {run.pk} asked {version} in other words than it would be asked in now: run it again."
        )
    if deploying.is_served(version):
        raise PromotionError(f"{version} answers already.")


def judgement(run: EvaluationRun) -> Gate:
    """What the gate says. Raises PromotionError where it cannot say anything."""
    try:
        judged = proofs.judge(run)
    except ScoresError as error:
        raise PromotionError(str(error)) from error
    if judged is None:
        raise PromotionError(f"Run {run.pk} did not ask a candidate beside the live model, both over passages.")
    return judged


def refused(judged: Gate, percent: int) -> str:
    """Why the gate does not let so large a share; empty where it does."""
    if judged.verdict != GateVerdict.OFFERED:
        return f"The gate says {judged.verdict}: {judged.why}"
    if judged.is_canary_only and percent == EVERYBODY:
        return f"The gate offers a canary alone: {judged.why}"
    return ""


def against(version: ModelVersion, run: EvaluationRun, live: Deployment) -> str:
    """What speaks against it beside the gate, which an evaluation of now would settle; empty where nothing does."""
    return _joined(_compared_with_another(run, live), _halted_since(version, run))


def _compared_with_another(run: EvaluationRun, live: Deployment) -> str:
    if (live.endpoint_id, live.model) == (run.live.endpoint_id, run.live.model):
        return ""
    return f"Run {run.pk} compared it with {run.live}, and {live} answers now: run it again."


def _halted_since(version: ModelVersion, run: EvaluationRun) -> str:
    """That it did harm, or somebody halted it, after this evaluation or a newer one."""
    served = {"endpoint": version.endpoint, "model": version.model, "prompt": version.prompt}
    halted = Rollout.objects.filter(state=RolloutState.HALTED, run__gte=run.pk, **served).first()
    if halted is None:
        return ""
    return f"It was halted after run {halted.run}: {halted.why.rstrip('.')}. Evaluate it again first."


def _joined(*sentences: str) -> str:
    return " ".join(each for each in sentences if each)


def check_override(refusal: str, override: str, by: User | None) -> None:
    """Raises PromotionError unless an owner has typed why it is to be all the same."""
    if not override.strip():
        raise PromotionError(refusal)
    if by is not None and not by.is_superuser:
        raise PromotionError(f"{refusal} To decide against it takes an owner.")


@dataclass(frozen=True)
class Offer:
    """What may be done with the candidate of a run: `blocked` says why nothing at all, `canary` and `everybody` why not
    so far without deciding against the gate; empty where it may. `against` is what speaks against it beside the gate.
    """

    blocked: str
    canary: str = ""
    everybody: str = ""
    against: str = ""


def offer(run: EvaluationRun, judged: Gate) -> Offer:
    if run.candidate is None:
        return Offer("It has no candidate.")
    try:
        check_run(run.candidate, run)
    except PromotionError as error:
        return Offer(str(error))
    if going := Rollout.objects.going():
        return Offer(f"The rollout of {going} goes on at {going.percent} %.")
    said = against(run.candidate, run, Deployment.objects.live(ServingRole.ANSWER))
    canary, everybody = (_joined(refused(judged, percent), said) for percent in (STEPS[0], EVERYBODY))
    return Offer("", canary, everybody, said)


def _going(begun: Rollout, keep: Keep) -> Rollout:
    versions.register_live()
    with transaction.atomic():
        _check_beside(begun)
        try:
            with transaction.atomic():
                begun.save()
        except IntegrityError as error:
            raise PromotionError("Another rollout has begun meanwhile.") from error
        begun.refresh_from_db()
        keep(begun)
    return begun


def _at_once(begun: Rollout, wanted: Deployment, version: ModelVersion, keep: Keep) -> Rollout:
    begun.state, begun.why, begun.ended_by = RolloutState.FINISHED, "Promoted at once.", begun.created_by
    begun.ended_at = timezone.now()
    with transaction.atomic():
        _check_beside(begun)
        begun.save()
        deploying.begin(wanted, version, reason=_reason(begun), by=begun.created_by)
        begun.refresh_from_db()
        keep(begun)
    return begun


def _check_beside(rollout: Rollout) -> None:
    """Raises PromotionError where another model was let answer than the one that it is compared with."""
    if replaced := canaries.with_nobody(rollout):
        raise PromotionError(replaced)


def next_step(rollout: Rollout) -> NextStep:
    percent = next((step for step in STEPS if step > rollout.percent), EVERYBODY)
    answers, beside = canaries.in_step(rollout)
    left = rollout.step_started_at + LEAST_TIME - timezone.now()
    missing = []
    if answers < LEAST_ANSWERS:
        missing.append(f"{LEAST_ANSWERS - answers} of the {LEAST_ANSWERS} answers that a step takes")
    if beside < harm.LEAST_BESIDE:
        missing.append(f"{harm.LEAST_BESIDE - beside} of the live model's {harm.LEAST_BESIDE} to compare with")
    if left > timedelta(0):
        missing.append(_hours(left))
    return NextStep(percent, answers, f"Still missing: {_listed(missing)}." if missing else "")


def _listed(named: list[str]) -> str:
    *others, last = named
    return f"{', '.join(others)} and {last}" if others else last


def raise_share(
    rollout: Rollout, *, seen: int | None = None, override: str = "", by: User | None, keep: Keep = _nothing
) -> Rollout:
    """The next step; after the last of them the candidate is live. Asks the model then, so no transaction may be open.

    `seen` is the share at which a person saw it, where that may be a while ago. Raises PromotionError where it does
    harm, has ended, has been raised since, is compared with nobody any more, or the step was not long enough and nobody
    overrides that.
    """
    if rollout.state != RolloutState.GOING:
        raise PromotionError(f"The rollout of {rollout} is {rollout.get_state_display()}: {rollout.why}")
    if seen not in (None, rollout.percent):
        raise PromotionError(f"It was raised already: it answers {rollout.percent} % of the conversations by now.")
    _check_beside(rollout)
    if done := canaries.harm_of(rollout):
        raise PromotionError(f"It does harm: {done}")
    step = next_step(rollout)
    if step.missing:
        check_override(step.missing, override, by)
    reason = override.strip() if step.missing else ""
    if step.percent == EVERYBODY:
        return _finished(rollout, reason, by, keep)
    with transaction.atomic():
        if not rollout.raise_to(step.percent, override=reason):
            raise PromotionError(f"Somebody was quicker: it is {rollout.get_state_display()} at {rollout.percent} %.")
        keep(rollout)
    return rollout


def _finished(rollout: Rollout, override: str, by: User | None, keep: Keep) -> Rollout:
    version = ModelVersion.objects.get(endpoint=rollout.endpoint, model=rollout.model)
    if version.prompt != rollout.prompt:
        raise PromotionError(
            f"{version} is asked {version.get_prompt_display()} by now, and was tried {rollout.get_prompt_display()}:"
            " halt it, and evaluate it as it is."
        )
    try:
        wanted = deploying.tried(version, reason="a rollout")
    except RegistryError as error:
        raise PromotionError(str(error)) from error
    with transaction.atomic():
        _check_beside(rollout)
        if not rollout.finish("It answers all conversations.", override=override, by=by):
            raise PromotionError(f"It has ended meanwhile: {rollout.why}")
        deploying.begin(wanted, version, reason=_reason(rollout), by=by)
        keep(rollout)
    return rollout


def halt(rollout: Rollout, why: str, *, by: User | None, keep: Keep = _nothing) -> Rollout:
    """Let the candidate answer nobody from the next question on. Raises PromotionError where it has ended already."""
    if not why.strip():
        raise PromotionError("Say why, for those who come after.")
    with transaction.atomic():
        if not rollout.end(RolloutState.HALTED, why.strip(), by=by):
            raise PromotionError(f"It has ended already: {rollout.why}")
        keep(rollout)
    return rollout


def _reason(rollout: Rollout) -> str:
    against = " against the gate" if rollout.is_override else ""
    return f"promoted{against} after run {rollout.run}: {'; '.join(rollout.reason.splitlines())}"[:300]


def _hours(left: timedelta) -> str:
    hours = left / timedelta(hours=1)
    return f"{hours:.0f} of the 24 hours" if hours >= 1.5 else f"{max(1, round(60 * hours))} minutes of the 24 hours"
