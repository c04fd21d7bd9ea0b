"""A run before anything is asked: what it will ask of whom, and whether that can be."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from bot.voices import choosing
from evaluation.cases import case_sets, keeping_apart
from evaluation.models import (
    BatchedAnswer,
    CaseSet,
    EvaluationArm,
    EvaluationRun,
    OrderState,
    PrimaryMeasure,
    RunState,
)
from evaluation.runs import arms, following
from llm import vendors
from llm.calling import ordering
from llm.completion import ProviderError, Usage
from llm.models import Deployment, ServingRole
from llm.spending import pricing
from tuning.models import ModelVersion
from tuning.registry import versions
from tuning.registry.versions import RegistryError

TOLD = 5  # cases that are named in a sentence


class RunError(ValueError):
    """The run cannot be; the message says why."""


@dataclass(frozen=True, kw_only=True)
class RunPlan:
    """`arms` are those that are wanted, else all that can be asked, `collections` ids, `budget` USD for it all.

    `is_batch`: each model is asked in one order, which takes up to a day and costs half.

    `primary` is what the candidate has to be better in: the voice, where there is one, else the cases passed.
    """

    collections: Sequence[int]
    candidate: ModelVersion | None = None
    arms: Sequence[EvaluationArm] = ()
    is_frozen: bool = False
    is_batch: bool = False
    budget: Decimal | None = None
    primary: PrimaryMeasure | None = None


def start(case_set: CaseSet, plan: RunPlan, *, by: User | None) -> EvaluationRun:
    """A run that waits. Raises RunError, CaseSetError and Deployment.DoesNotExist; nothing is asked."""
    case_sets.check(case_set)
    live = Deployment.objects.live(ServingRole.ANSWER)
    chosen = _arms(plan, live)
    if plan.candidate is not None:
        _check_candidate(case_set, plan.candidate)
    if plan.budget is not None:
        _check_budget(chosen, live, plan.candidate)
    if plan.is_batch:
        _check_batch(plan, chosen, live)
    voice = choosing.default()
    return EvaluationRun.objects.create(
        case_set=case_set,
        primary=plan.primary or (PrimaryMeasure.STYLE if voice else PrimaryMeasure.PASSED),
        arms=[arm.value for arm in chosen],
        is_frozen=plan.is_frozen,
        is_batch=plan.is_batch,
        live=live,
        candidate=plan.candidate,
        voice=voice,
        collections=sorted(plan.collections),
        template_hashes=arms.template_hashes(chosen, live, plan.candidate),
        budget=plan.budget,
        total=case_set.size * len(chosen),
        created_by=by,
    )


def resume(run: EvaluationRun, *, budget: Decimal | None = None) -> None:
    """Let a run that is over wait again: for what it has not asked, and for what a provider failed at. Raises RunError.

    `budget` takes the place of the one it had, of a run that waits or runs as well, which is left alone otherwise.
    Unless orders of it are under way, what they did not bring is asked at once.
    """
    errors = run.results.filter(has_passed=None)
    if run.state == RunState.DONE and not errors.exists():
        raise RunError(f"Run {run.pk} is done; start another.")
    if budget is not None:
        _check_budget([EvaluationArm(arm) for arm in run.arms], run.live, run.candidate)
    over = EvaluationRun.objects.filter(pk=run.pk, state__in=[RunState.DONE, RunState.STOPPED, RunState.FAILED])
    changes: dict[str, object] = {"budget": budget} if budget is not None else {}
    changes["is_batch"] = run.is_batch and following.is_open(run)
    if over.update(state=RunState.WAITING, attempts=0, lease_until=None, reason="", finished_at=None, **changes):
        errors.delete()
        BatchedAnswer.objects.filter(batch__run=run, batch__state=OrderState.OVER).exclude(error="").delete()
    elif budget is not None:
        EvaluationRun.objects.filter(pk=run.pk).update(budget=budget)
    run.refresh_from_db()


@transaction.atomic
def stop(run: EvaluationRun, reason: str) -> bool:
    """Have a run end before its next question; False when it was over."""
    going = EvaluationRun.objects.filter(pk=run.pk, state__in=[RunState.WAITING, RunState.RUNNING])
    is_stopped = going.update(state=RunState.STOPPED, reason=reason[:500], lease_until=None, finished_at=timezone.now())
    if is_stopped:
        following.open_ones(run).update(is_unwanted=True, look_at=None)
    return bool(is_stopped)


def _arms(plan: RunPlan, live: Deployment) -> list[EvaluationArm]:
    if not plan.arms:
        return arms.available(live, plan.candidate)
    for arm in plan.arms:
        if reason := arms.why_not(arm, live, plan.candidate):
            raise RunError(reason)
    return [arm for arm in EvaluationArm if arm in plan.arms]


def _check_candidate(case_set: CaseSet, candidate: ModelVersion) -> None:
    """A candidate is asked in the words it was trained in, and nothing that it was trained on."""
    try:
        versions.check_wording(candidate)
    except RegistryError as error:
        raise RunError(str(error)) from error
    known = keeping_apart.learnt(case_set, candidate.dataset) if candidate.dataset else []
    if known:
        named = "; ".join(f"{case.pk} ({str(case)[:60]})" for case in known[:TOLD])
        more = f" and {len(known) - TOLD} more" if len(known) > TOLD else ""
        raise RunError(
            f"{candidate} was trained on what {len(known)} of the cases ask: {named}{more}. Freeze a set without them."
        )


def _check_batch(plan: RunPlan, chosen: Sequence[EvaluationArm], live: Deployment) -> None:
    """Raises RunError where a model that is asked takes no orders, or nobody knows."""
    for arm in chosen:
        asked = arms.of_candidate(plan.candidate) if arm in arms.OF_CANDIDATE and plan.candidate else live
        try:
            reason = ordering.why_not(asked.endpoint)
        except ProviderError as error:
            raise RunError(f"Whether {asked.endpoint} takes batches cannot be told: {error}") from error
        if reason:
            raise RunError(f"{reason} Start the run without a batch.")


def _check_budget(chosen: Sequence[EvaluationArm], live: Deployment, candidate: ModelVersion | None) -> None:
    """A budget can be kept only where prices are known."""
    for arm in chosen:
        asked = arms.of_candidate(candidate) if arm in arms.OF_CANDIDATE and candidate else live
        provider = asked.endpoint.provider
        if vendors.runs_here(provider):
            continue
        if pricing.cost(provider, asked.model, Usage(1000, 0, 1000), timezone.now()) is None:
            raise RunError(f"What {asked} costs is not known, so that no budget can be kept: state it under Prices.")
