"""Sets of cases, and runs over them: how far they are, what each arm scored, what went wrong."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from dashboard.evaluation import graded_pages, run_pages
from dashboard.evaluation.forms import CasesForm, FreezeCasesForm, PromoteForm, RunForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from evaluation import tasks
from evaluation.cases import case_files, case_sets, collecting
from evaluation.cases.case_drafts import CaseFileError
from evaluation.cases.keeping_apart import TrainedOnError
from evaluation.cases.past_answers import CaseError
from evaluation.models import CaseSet, EvaluationCase, EvaluationRun, FailureLayer
from evaluation.runs import starting

LISTED = 20


@rules.page(Role.VIEWER)
def evaluations(request: loading.Request) -> HttpResponse:
    context = {
        "page": "evaluations",
        "cases": EvaluationCase.objects.exclude(question="").count(),
        "sets": CaseSet.objects.order_by("-id")[:LISTED],
        "runs": run_pages.listed(LISTED),
        "cases_form": CasesForm(),
        "freeze_form": FreezeCasesForm(),
        "run_form": RunForm(),
    }
    return render(request, "dashboard/evaluation/evaluations.html", context)


@rules.action(Role.EDITOR)
def import_cases(request: loading.Request) -> HttpResponse:
    form = CasesForm(request.POST, request.FILES)
    if not form.is_valid():
        return _said(request, *(str(error) for errors in form.errors.values() for error in errors))
    file = form.cleaned_data["file"]
    try:
        found = case_files.read(file.name, file.read())
    except CaseFileError as error:
        return _said(request, *(f"Nothing was imported. {problem}" for problem in error.problems[:5]))
    imported = collecting.add_drafts(found.drafts, origin=file.name, by=request.user)
    for note in found.notes[:LISTED]:
        messages.warning(request, note)
    messages.success(request, f"{len(imported.cases)} cases were added; {imported.known} were there already.")
    return redirect("evaluations")


@rules.question(Role.EDITOR)
def freeze_cases(request: loading.Request) -> HttpResponse:
    try:
        case_set = case_sets.freeze(request.POST.get("name", "")[:100], by=request.user)
    except case_sets.CaseSetError as error:
        return _said(request, str(error))
    messages.success(request, f"{case_set.size} cases are frozen as {case_set}. {' '.join(case_set.warnings)}")
    return redirect("evaluations")


@rules.question(Role.EDITOR)
def start_run(request: loading.Request) -> HttpResponse:
    form = RunForm(request.POST)
    if not form.is_valid():
        return _said(request, *(f"{name}: {error}" for name, errors in form.errors.items() for error in errors))
    try:
        run = starting.start(form.cleaned_data["case_set"], form.plan(), by=request.user)
    except (starting.RunError, case_sets.CaseSetError) as error:
        return _said(request, str(error))
    tasks.start_soon(run)
    return redirect("run", run.pk)


def _said(request: loading.Request, *sentences: str) -> HttpResponse:
    for sentence in sentences:
        messages.error(request, sentence)
    return redirect("evaluations")


@rules.page(Role.VIEWER)
def run(request: loading.Request, pk: int) -> HttpResponse:
    """A run: while it goes on, its progress is asked for again and again."""
    found = _run(pk)
    layer = request.GET.get("layer", "")
    context = {
        "page": "evaluations",
        "shown": run_pages.shown(found),
        "layer": layer if layer in FailureLayer.values else "",
        "failed": run_pages.failed(found, layer),
        "promote_form": PromoteForm(),
    }
    template = "_run.html" if "HX-Request" in request.headers else "run.html"
    context["graded"] = graded_pages.summary(found, request.user) if template == "run.html" else None
    return render(request, f"dashboard/evaluation/{template}", context)


@rules.page(Role.VIEWER)
def run_case(request: loading.Request, pk: int, case: int) -> HttpResponse:
    """What each arm said to one case, side by side."""
    found = _run(pk)
    asked = get_object_or_404(EvaluationCase, pk=case, lines__case_set=found.case_set_id)
    context = {
        "page": "evaluations",
        "run": found,
        "case": asked,
        "wanted": run_pages.wanted(asked),
        "results": found.results.filter(case=asked).prefetch_related("grades__grader").order_by("arm"),
    }
    return render(request, "dashboard/evaluation/run_case.html", context)


@rules.action(Role.EDITOR)
def stop_run(request: loading.Request, pk: int) -> HttpResponse:
    starting.stop(_run(pk), f"Stopped by {request.user}.")
    return redirect("run", pk)


@rules.action(Role.EDITOR)
def resume_run(request: loading.Request, pk: int) -> HttpResponse:
    found = _run(pk)
    try:
        starting.resume(found)
    except starting.RunError as error:
        messages.error(request, str(error))
    else:
        tasks.start_soon(found)
    return redirect("run", pk)


@rules.action(Role.REVIEWER)
def add_case(request: loading.Request, pk: int) -> HttpResponse:
    """An answer of a transcript as a case, from which on nobody trains on it."""
    message = loading.any_answer(pk)
    try:
        case = collecting.add_answer(message, by=request.user)
    except (CaseError, TrainedOnError) as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"It is evaluation case {case.pk} now, and kept out of training.")
    return redirect("transcript", message.conversation_id)


def _run(pk: int) -> EvaluationRun:
    known = EvaluationRun.objects.select_related("case_set", "live__endpoint", "candidate__endpoint", "voice")
    return get_object_or_404(known, pk=pk)
