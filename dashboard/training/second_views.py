"""A second look at what somebody has decided, without seeing what that was."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render

from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.training.review_views import next_item
from tuning.examples.proposing import ExampleError
from tuning.models import ReviewVerdict
from tuning.reviews import second_looks

VERBS = {
    "approve": ReviewVerdict.APPROVED,
    "refuse": ReviewVerdict.REFUSED,
    "reject": ReviewVerdict.REJECTED,
    "fact": ReviewVerdict.ROUTED,
    "evaluate": ReviewVerdict.BARRED,
}


@rules.form(Role.REVIEWER)
def second_look(request: loading.Request, pk: int) -> HttpResponse:
    try:
        if request.method == "POST":
            return _decide(request, pk)
        row = second_looks.claim(request.user, pk=pk)
    except ExampleError as error:
        messages.error(request, str(error))
        return redirect("review")
    if row is None:
        return redirect("review")
    context = {"page": "review", "row": row, "item": row.example, "passages": row.example.passages.all()}
    return render(request, "dashboard/training/second_look.html", context)


@rules.action(Role.REVIEWER)
def second_draft(request: loading.Request, pk: int) -> HttpResponse:
    """Keep what is typed."""
    try:
        second_looks.save_draft(pk, request.user, request.POST.get("answer", "")[:20_000])
    except ExampleError as error:
        return HttpResponse(str(error), status=409, content_type="text/plain")
    request.audited = {}
    return HttpResponse("Saved", content_type="text/plain")


@rules.action(Role.OWNER)
def set_second_share(request: loading.Request) -> HttpResponse:
    """Of how many decided examples a second reviewer is asked."""
    try:
        policy = second_looks.set_share(float(request.POST.get("share", "")) / 100, by=request.user)
    except ValueError as error:
        messages.error(request, str(error) if isinstance(error, ExampleError) else "Give the share as a number.")
        return redirect("review")
    request.audited = {"share": policy.second_share}
    messages.success(request, f"A second reviewer is asked about {policy} of what is decided from now on.")
    return redirect("review")


def _decide(request: loading.Request, pk: int) -> HttpResponse:
    verdict = VERBS.get(request.POST.get("verb", ""))
    if verdict is None:
        return HttpResponse("There is no such decision.", status=422, content_type="text/plain")
    second_looks.decide(
        pk, request.user, verdict, answer=request.POST.get("answer", ""), reason=request.POST.get("reason", "")
    )
    request.audited = {"verdict": str(verdict)}
    return next_item(request)
