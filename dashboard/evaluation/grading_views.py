"""People grade the answers of a run, one by one, without knowing whose they are; and a model judges them."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from dashboard.evaluation import graded_pages, grading_pages
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from evaluation import tasks
from evaluation.grades import human_grades, judge_orders
from evaluation.grades.human_grades import GradingError
from evaluation.models import EvaluationRun
from evaluation.scores.arm_scores import QUESTIONS

ANSWERS = {"yes": True, "no": False}


@rules.form(Role.REVIEWER)
def grade_run(request: loading.Request, pk: int) -> HttpResponse:
    """The answer that comes next; POST keeps a grade, or takes the last one back, and goes on."""
    run = get_object_or_404(EvaluationRun, pk=pk)
    said, key = _sent(request, run) if request.method == "POST" else ("", request.GET.get("item", ""))
    is_part = "HX-Request" in request.headers
    if request.method == "POST" and not is_part:
        if said:
            messages.info(request, said)
        response = redirect("grade_run", pk)
        response["Location"] += f"?item={key}" if key else ""
        return response
    context = {"page": "evaluations", "said": said, **grading_pages.page(run, request.user, key=key)}
    return render(request, f"dashboard/evaluation/{'_grading' if is_part else 'grade'}.html", context)


def _sent(request: loading.Request, run: EvaluationRun) -> tuple[str, str]:
    """What came of it, in a sentence where there is something to say, and the key of the item to be shown again."""
    verb = request.POST.get("verb", "")
    if verb == "undo":
        key = human_grades.undo(run, request.user)
        request.audited = {"verb": verb}
        return ("Your last grade is taken back.", key) if key else ("There is nothing to take back.", "")
    try:
        shown = grading_pages.opened(request.POST.get("token", ""))
    except GradingError as error:
        return str(error), ""
    given = {name: ANSWERS[request.POST[name]] for name in QUESTIONS if request.POST.get(name) in ANSWERS}
    try:
        before = human_grades.keep(
            run, shown.key, request.user, {} if verb == "skip" else given, note=request.POST.get("note", ""),
            seconds=shown.seconds,
        )  # fmt: skip
    except GradingError as error:
        return str(error), shown.key
    request.audited = {"verb": verb}
    is_met = any(grade.grader != request.user.pk and grade.at.timestamp() > shown.at for grade in before.grades)
    return grading_pages.MEANWHILE if is_met else "", ""


@rules.form(Role.EDITOR)
def judge_run(request: loading.Request, pk: int) -> HttpResponse:
    """What it would cost at most to have a run judged; POST orders it."""
    run = get_object_or_404(EvaluationRun, pk=pk)
    if request.method == "POST":
        try:
            order = judge_orders.order(run, by=request.user, budget=graded_pages.budget(request.POST.get("budget", "")))
        except ValueError as error:
            messages.error(request, str(error))
            return redirect("judge_run", pk)
        tasks.judge_soon(order)
        request.audited = {"judge": str(order.judge), "judgements": order.total}
        return redirect("run", pk)
    context = {"page": "evaluations", "run": run, "plan": graded_pages.plan(run)}
    return render(request, "dashboard/evaluation/judge.html", context)


@rules.action(Role.EDITOR)
def stop_judging(request: loading.Request, pk: int) -> HttpResponse:
    judge_orders.stop(get_object_or_404(EvaluationRun, pk=pk), f"Stopped by {request.user}.")
    return redirect("run", pk)
