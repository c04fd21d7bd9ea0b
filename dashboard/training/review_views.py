"""The review queue, one item at a time, and what came of it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from bot.answers import trace
from bot.models import Workspace
from dashboard.guard import loading, roles, rules
from dashboard.guard.roles import Role
from dashboard.rendering import diff
from tuning.datasets import exporting, validating
from tuning.examples import reviewing
from tuning.examples.candidates import propose_candidates
from tuning.examples.proposing import ExampleError
from tuning.models import ExampleState, Export, TrainingExample

LISTED = 100


@rules.page(Role.REVIEWER)
def review(request: loading.Request) -> HttpResponse:
    context = {
        "page": "review",
        "progress": reviewing.progress(),
        "goals": (validating.PILOT, validating.RECOMMENDED),
        "queue": reviewing.queue().select_related("claimed_by")[:20],
    }
    return render(request, "dashboard/training/review.html", context)


@rules.action(Role.REVIEWER)
def start(request: loading.Request) -> HttpResponse:
    return _next(request)


@rules.action(Role.REVIEWER)
def candidates(request: loading.Request) -> HttpResponse:
    """Queue the answers that people have improved already."""
    count = propose_candidates(request.user)
    messages.success(request, f"{count} answers that people have improved are in the queue now.")
    return redirect("review")


@rules.form(Role.REVIEWER)
def item(request: loading.Request, pk: int) -> HttpResponse:
    """One item, this reviewer's for a quarter of an hour; POST decides it and goes on to the next."""
    try:
        if request.method == "POST":
            return _decide(request, pk)
        found = reviewing.claim(request.user, pk=pk)
    except reviewing.TakenError as error:
        messages.error(request, str(error))
        return redirect("review")
    except ExampleError as error:
        messages.error(request, str(error))
        return redirect("review_item", pk)
    neighbours = list(reviewing.queue().values_list("pk", flat=True)[:500])
    place = neighbours.index(pk) if pk in neighbours else 0
    context = {
        "page": "review",
        "item": found,
        "pieces": list(diff.words(found.original_answer, found.answer)) if found else [],
        "passages": trace.of(found.message).passages if found and found.message else (),
        "progress": reviewing.progress(),
        "after": neighbours[(place + 1) % len(neighbours)] if neighbours else pk,
        "before": neighbours[place - 1] if neighbours else pk,
    }
    return render(request, "dashboard/training/review_item.html", context)


@rules.action(Role.REVIEWER)
def draft(request: loading.Request, pk: int) -> HttpResponse:
    """Keep what is typed, and show how it differs."""
    answer = request.POST.get("answer", "")[:20_000]
    try:
        reviewing.save_draft(pk, request.user, answer)
    except reviewing.TakenError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain")
    request.audited = {"characters": len(answer)}
    found = TrainingExample.objects.get(pk=pk)
    pieces = list(diff.words(found.original_answer, found.answer))
    return render(request, "dashboard/training/_diff.html", {"pieces": pieces, "is_saved": True})


def _decide(request: loading.Request, pk: int) -> HttpResponse:
    verbs: dict[str, Callable[[], object]] = {
        "approve": lambda: reviewing.approve(pk, request.user, answer=request.POST.get("answer", "")),
        "refuse": lambda: reviewing.refuse(pk, request.user),
        "reject": lambda: reviewing.reject(pk, request.user, reason=request.POST.get("reason", "")),
        "fact": lambda: reviewing.route(pk, request.user),
        "skip": lambda: reviewing.skip(pk, request.user),
        "undo": lambda: reviewing.undo(request.user),
    }
    verb = request.POST.get("verb", "")
    if verb not in verbs:
        return HttpResponse("There is no such decision.", status=422, content_type="text/plain")
    done = verbs[verb]()
    request.audited = {"verb": verb}
    if verb == "undo":
        if not isinstance(done, TrainingExample):
            messages.error(request, "There is nothing to take back, or it was exported.")
            return redirect("review_item", pk)
        return redirect("review_item", done.pk)
    if verb == "fact" and isinstance(done, TrainingExample) and done.message_id and _may_edit(request):
        return redirect("article", done.message_id)
    return _next(request)


def _may_edit(request: loading.Request) -> bool:
    return roles.has(request.user, Role.EDITOR)


def _next(request: loading.Request) -> HttpResponse:
    found = reviewing.claim(request.user)
    if found is None:
        messages.success(request, "The queue is empty. Well done.")
        return redirect("review")
    return redirect("review_item", found.pk)


@rules.page(Role.VIEWER)
def listed(request: loading.Request) -> HttpResponse:
    """The training data: what was decided, how far it is from enough, and what may leave."""
    state = request.GET.get("state", "")
    found = TrainingExample.objects.select_related("reviewer", "workspace", "message").order_by("-id")
    if state in ExampleState.values:
        found = found.filter(state=state)
    exportable = exporting.exportable()
    context = {
        "page": "review",
        "state": state,
        "states": ExampleState.choices,
        "examples": found[:LISTED],
        "exportable": exportable.count(),
        "too_few": exporting.too_few(exportable.count()),
        "barred": exporting.barred(),
        "issues": exporting.validate(exportable)[:20],
        "goals": (validating.PILOT, validating.RECOMMENDED),
        "exports": Export.objects.select_related("created_by").order_by("-id")[:10],
        "workspaces": Workspace.objects.filter(removed_at=None).order_by("platform", "name"),
    }
    return render(request, "dashboard/training/examples.html", context)


@rules.action(Role.EDITOR)
def export(request: loading.Request) -> HttpResponse:
    try:
        row, text = exporting.export(request.user)
    except exporting.ExportError as error:
        messages.error(request, str(error))
        return redirect("examples")
    request.audited = {"lines": row.lines, "checksum": row.checksum}
    response = HttpResponse(text, content_type="application/jsonl")
    response["Content-Disposition"] = f'attachment; filename="training-{row.pk}.jsonl"'
    return response


@rules.action(Role.OWNER)
def allow_training(request: loading.Request, pk: int) -> HttpResponse:
    """Say whether what is said in a workspace may train a model."""
    is_allowed = request.POST.get("is_allowed") == "yes"
    workspace = loading.workspace(pk)
    Workspace.objects.filter(pk=pk).update(is_training_allowed=is_allowed)
    request.audited = {"workspace": str(workspace), "is_training_allowed": is_allowed}
    messages.success(request, f"Training is {'allowed' if is_allowed else 'not allowed any more'} for {workspace}.")
    return redirect("examples")
