"""The review queue, one item at a time, and what came of it."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot.models import Workspace
from dashboard.guard import loading, roles, rules
from dashboard.guard.roles import Role
from dashboard.training import review_items
from knowledge.retrieval.search import retrieve
from llm.completion import ProviderError
from tuning.datasets import exporting, validating
from tuning.examples import reviewing
from tuning.examples.improvements import propose_candidates
from tuning.examples.proposing import ExampleError
from tuning.models import ExampleState, Export, TrainingExample
from tuning.reviews import pace, routing, second_looks

LISTED = 100
UNSEARCHED = "Some are not in the queue, as their passages could not be searched: {error} Press it again later."
LEFT = "What is left is with somebody else, waits for its article, or needs somebody who may decide it."
GOAL = validating.RECOMMENDED


@rules.page(Role.REVIEWER)
def review(request: loading.Request) -> HttpResponse:
    context = {
        "page": "review",
        "progress": pace.progress(GOAL),
        "queue": reviewing.queue().select_related("claimed_by", "article")[:20],
        "agreement": second_looks.agreement(),
        "second_looks": second_looks.wanted(request.user).count(),
        "second_share": reviewing.second_share(),
    }
    return render(request, "dashboard/training/review.html", context)


@rules.action(Role.REVIEWER)
def start(request: loading.Request) -> HttpResponse:
    return next_item(request)


@rules.question(Role.REVIEWER)
def candidates(request: loading.Request) -> HttpResponse:
    """Queue the answers that people have improved already; for some of them passages have to be searched."""
    try:
        count = propose_candidates(request.user)
    except ProviderError as error:
        messages.error(request, UNSEARCHED.format(error=error))
        return redirect("review")
    messages.success(request, f"{count} answers that people have improved are in the queue now.")
    return redirect("review")


@rules.form(Role.REVIEWER)
def item(request: loading.Request, pk: int) -> HttpResponse:
    """One item, this reviewer's for a quarter of an hour; POST decides it and goes on to the next."""
    try:
        if request.method == "POST":
            return _decide(request, pk)
        found = reviewing.claim(request.user, pk=pk, **_powers(request))
    except reviewing.TakenError as error:
        messages.error(request, str(error))
        return redirect("review")
    except ExampleError as error:
        messages.error(request, str(error))
        return redirect("review_item", pk)
    if found is None:
        return redirect("review")
    context = {"page": "review", "shown": review_items.shown(found, goal=GOAL), **review_items.assessment(found)}
    return render(request, "dashboard/training/review_item.html", context)


@rules.action(Role.REVIEWER)
def draft(request: loading.Request, pk: int) -> HttpResponse:
    """Keep what is typed, and show how it differs and what no passage says."""
    answer = request.POST.get("answer", "")[:20_000]
    try:
        found = reviewing.save_draft(pk, request.user, answer)
    except reviewing.TakenError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain")
    request.audited = {"characters": len(answer)}
    context = {**review_items.assessment(found), "is_saved": True}
    return render(request, "dashboard/training/_assessed.html", context)


@rules.question(Role.REVIEWER)
def find_passages(request: loading.Request, pk: int) -> HttpResponse:
    """Passages that may say what an answer says, from where its asker was answered from."""
    found = get_object_or_404(TrainingExample.objects.select_related("message"), pk=pk)
    wanted = request.POST.get("wanted", "").strip()[:500]
    request.audited = {"characters": len(wanted)}
    try:
        hits = retrieve(wanted, collections=routing.reach(found), k=6).hits if wanted else ()
    except ProviderError as error:
        return HttpResponse(str(error), status=503, content_type="text/plain")
    return render(request, "dashboard/training/_found_passages.html", {"item": found, "hits": hits, "wanted": wanted})


@rules.action(Role.REVIEWER)
def attach(request: loading.Request, pk: int) -> HttpResponse:
    """Give an example a passage, or the one of today in the place of one that has changed."""
    number = request.POST.get("number", "")
    try:
        found = reviewing.held(pk, request.user)
        chunk = routing.passage(found, int(request.POST.get("chunk", "0")))
        reviewing.attach(pk, request.user, chunk, number=int(number) if number else None)
    except (ExampleError, ValueError) as error:
        messages.error(request, str(error))
        return redirect("review")
    request.audited = {"chunk": chunk.pk}
    messages.success(request, "The passage is in the prompt of this example now.")
    return redirect("review_item", pk)


def _decide(request: loading.Request, pk: int) -> HttpResponse:
    user, sent = request.user, request.POST
    verbs: dict[str, Callable[[], object]] = {
        "approve": lambda: reviewing.approve(pk, user, answer=sent.get("answer", ""), no_fact=sent.get("no_fact", "")),
        "refuse": lambda: reviewing.refuse(pk, user),
        "reject": lambda: reviewing.reject(pk, user, reason=sent.get("reason", "")),
        "evaluate": lambda: reviewing.keep_for_evaluation(pk, user),
        "fact": lambda: None if may_edit(request) else reviewing.wish_article(pk, user),
        "skip": lambda: reviewing.skip(pk, user),
        "undo": lambda: reviewing.undo(user),
    }
    verb = sent.get("verb", "")
    if verb not in verbs:
        return HttpResponse("There is no such decision.", status=422, content_type="text/plain")
    done = verbs[verb]()
    request.audited = {"verb": verb}
    if verb == "undo":
        if not isinstance(done, TrainingExample):
            messages.error(request, "There is nothing to take back, or a trainer was given it.")
            return redirect("review_item", pk)
        return redirect("review_item", done.pk)
    return redirect("review_article", pk) if verb == "fact" and may_edit(request) else next_item(request)


def may_edit(request: loading.Request) -> bool:
    return roles.has(request.user, Role.EDITOR)


def _powers(request: loading.Request) -> dict[str, bool]:
    return {"is_editor": may_edit(request), "is_owner": roles.has(request.user, Role.OWNER)}


def next_item(request: loading.Request) -> HttpResponse:
    """To what this person does next: a second look that waits for them, else the queue."""
    second = second_looks.claim(request.user)
    if second is not None:
        return redirect("second_look", second.example_id)
    found = reviewing.claim(request.user, **_powers(request))
    if found is None:
        messages.success(request, LEFT if reviewing.queue().exists() else "The queue is empty. Well done.")
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
