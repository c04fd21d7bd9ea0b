"""The frozen cases that let a model go live, asked of it again once a month, where what that costs is bounded."""

from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from evaluation.models import EvaluationArm, EvaluationRun, RunState
from evaluation.promotion.drift import Sampled
from evaluation.runs import starting
from evaluation.runs.starting import RunPlan
from llm import vendors
from llm.models import Deployment, Rollout, RolloutState, ServingRole

EVERY = timedelta(days=30)
NO_RUN = "It was not let answer after an evaluation, so there are no frozen cases to ask it again."


def begin() -> EvaluationRun | None:
    """A run that waits, where one is due; None where none is, or none may be. May be called any number of times."""
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    first = _first(live) if live else None
    if live is None or first is None or why_not(live, first):
        return None
    if _again(live, first).filter(created_at__gt=timezone.now() - EVERY).exists():
        return None
    if live.created_at > timezone.now() - EVERY:
        return None
    plan = RunPlan(
        collections=first.collections, arms=[EvaluationArm.RAG], is_frozen=first.is_frozen, budget=first.budget
    )
    return starting.start(first.case_set, plan, by=None)


def why_not(live: Deployment, first: EvaluationRun) -> str:
    """Why it is not asked again; empty where it is."""
    if first.budget is None and not vendors.runs_here(live.endpoint.provider):
        return f"Run {first.pk} had no budget, so what asking again may cost is not known: it is not asked by itself."
    return ""


def passed(live: Deployment) -> tuple[Sampled, Sampled, str]:
    """Cases passed then and in the newest repetition that is done; and why there is none to compare, else empty."""
    nothing, first = Sampled(None, 0), _first(live)
    if first is None:
        return nothing, nothing, NO_RUN
    before = _share(first, EvaluationArm.TUNED_RAG)
    again = _again(live, first).filter(state=RunState.DONE).first()
    if again is None:
        reason = why_not(live, first) or _failure(live, first) or "It is asked again a month after it went live."
        return before, nothing, reason
    return before, _share(again, EvaluationArm.RAG), ""


def _first(live: Deployment) -> EvaluationRun | None:
    """The run that it rests on."""
    served = {"endpoint": live.endpoint, "model": live.model, "prompt": live.prompt, "state": RolloutState.FINISHED}
    rollout = Rollout.objects.filter(**served, run__isnull=False).first()
    found = EvaluationRun.objects.filter(pk=rollout.run or 0) if rollout else EvaluationRun.objects.none()
    return found.select_related("case_set").first()


def _again(live: Deployment, first: EvaluationRun) -> QuerySet[EvaluationRun]:
    """The newest first, however often the model was let answer meanwhile."""
    same = {"live__endpoint": live.endpoint_id, "live__model": live.model, "live__prompt": live.prompt}
    return EvaluationRun.objects.filter(case_set=first.case_set, candidate=None, pk__gt=first.pk, **same)


def _failure(live: Deployment, first: EvaluationRun) -> str:
    """What became of the newest repetition that is not done."""
    newest = _again(live, first).first()
    return f"Run {newest.pk} {newest.get_state_display()}. {newest.reason}".strip() if newest else ""


def _share(run: EvaluationRun, arm: EvaluationArm) -> Sampled:
    found = run.results.filter(arm=arm, has_passed__isnull=False).values_list("has_passed", flat=True)
    return Sampled.of([float(bool(each)) for each in found])
