"""A candidate on its way to live: what the gate allows, how the canary does, its next step, its end."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from dashboard.evaluation import rollout_pages
from dashboard.evaluation.forms import HaltForm, PromoteForm, RaiseForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from evaluation.models import EvaluationRun
from evaluation.promotion import promoting, rollout_reports
from evaluation.promotion.promoting import PromotionError
from llm.models import EVERYBODY, Deployment, Rollout
from tuning.registry import deploying
from tuning.registry.versions import RegistryError


@rules.page(Role.VIEWER)
def rollouts(request: loading.Request) -> HttpResponse:
    """The newest rollout with its figures, and those before it."""
    known = list(rollout_pages.history())
    shown = rollout_pages.shown(known[0]) if known else None
    context = {
        "page": "evaluations",
        "shown": shown,
        "history": known,
        "before": deploying.before(),
        "seen": deploying.newest_decision(),
        "raise_form": RaiseForm(initial={"percent": known[0].percent}) if known else None,
        "halt": HaltForm(),
    }
    template = "_rollout.html" if "HX-Request" in request.headers else "rollouts.html"
    return render(request, f"dashboard/evaluation/{template}", context)


@rules.question(Role.OWNER)
def promote_run(request: loading.Request, pk: int) -> HttpResponse:
    """Let the candidate of a run answer as many as the gate allows, or more with a reason."""
    known = EvaluationRun.objects.select_related("case_set", "live__endpoint", "candidate__endpoint")
    run, form = get_object_or_404(known, pk=pk, candidate__isnull=False), PromoteForm(request.POST)
    if run.candidate is None or not form.is_valid():
        messages.error(request, "Choose a share of the conversations.")
        return redirect("run", pk)
    percent, override = form.cleaned_data["percent"], form.cleaned_data["override"]
    try:
        begun = promoting.promote(
            run.candidate, run, percent=percent, override=override, by=request.user, keep=_line(request, override)
        )
    except (PromotionError, Deployment.DoesNotExist) as error:
        messages.error(request, str(error))
        return redirect("run", pk)
    return _told(request, f"{begun} answers {_whom(begun)} from the next question on.")


@rules.question(Role.OWNER)
def raise_rollout(request: loading.Request, pk: int) -> HttpResponse:
    found, form = _rollout(pk), RaiseForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Say from which share it is to be raised, and why in 500 signs at most.")
        return redirect("rollouts")
    seen, override = form.cleaned_data["percent"], form.cleaned_data["override"]
    try:
        raised = promoting.raise_share(
            found, seen=seen, override=override, by=request.user, keep=_line(request, override)
        )
    except PromotionError as error:
        messages.error(request, str(error))
        return redirect("rollouts")
    return _told(request, f"{raised} answers {_whom(raised)} from the next question on.")


@rules.action(Role.OWNER)
def halt_rollout(request: loading.Request, pk: int) -> HttpResponse:
    try:
        halted = promoting.halt(_rollout(pk), request.POST.get("reason", ""), by=request.user, keep=_line(request))
    except PromotionError as error:
        messages.error(request, str(error))
        return redirect("rollouts")
    return _told(request, f"{halted} answers nobody from the next question on.")


@rules.question(Role.OWNER)
def roll_back_answers(request: loading.Request) -> HttpResponse:
    """One press: a rollout that goes is withdrawn, else the model before answers again."""
    try:
        live = deploying.roll_back(by=request.user, seen=request.POST.get("seen", ""))
    except (RegistryError, Deployment.DoesNotExist) as error:
        messages.error(request, str(error))
        return redirect("rollouts")
    request.audited = {"model": str(live)}
    messages.success(request, f"{live} answers all conversations from the next question on.")
    return redirect("rollouts")


def _rollout(pk: int) -> Rollout:
    return get_object_or_404(Rollout.objects.select_related("endpoint", "beside__endpoint"), pk=pk)


def _line(request: loading.Request, override: str = "") -> promoting.Keep:
    return lambda rollout: rules.keep(request, rollout_reports.audited(rollout, override))


def _told(request: loading.Request, sentence: str) -> HttpResponse:
    messages.success(request, sentence)
    return redirect("rollouts")


def _whom(rollout: Rollout) -> str:
    everybody = rollout.percent == EVERYBODY
    return "all conversations" if everybody else f"{rollout.percent} % of the conversations"
