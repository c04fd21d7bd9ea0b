"""Many answers made examples or evaluation cases at one press, and how far that is."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from dashboard.conversations import picked
from dashboard.conversations.picked import NothingChosenError
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from evaluation.cases import collecting
from llm.completion import ProviderError
from tuning import tasks
from tuning.examples import bulk
from tuning.models import ProposalBatch


@rules.question(Role.REVIEWER)
def propose_answers(request: loading.Request) -> HttpResponse:
    """The answers that were ticked, or all that the filter of the page finds. Passages may have to be searched."""
    try:
        batch = tasks.propose_all(picked.answers(request, most=bulk.MOST), by=request.user)
    except (NothingChosenError, bulk.TooManyError, ProviderError) as error:
        messages.error(request, str(error))
        return _back(request)
    request.audited = {"answers": batch.total, "batch": batch.pk, **picked.told(request)}
    return redirect("proposal", batch.pk)


@rules.page(Role.REVIEWER)
def proposal(request: loading.Request, pk: int) -> HttpResponse:
    """How far a press is, and what was refused and why."""
    batch = get_object_or_404(ProposalBatch.objects.defer("answers"), pk=pk)
    refused = sorted(batch.refused.items(), key=lambda each: -each[1])
    context = {"page": "conversations", "batch": batch, "refused": refused}
    name = "_proposal.html" if request.headers.get("HX-Request") else "proposal.html"
    return render(request, f"dashboard/conversations/{name}", context)


@rules.action(Role.REVIEWER)
def add_cases(request: loading.Request) -> HttpResponse:
    """The same answers as evaluation cases, from which on nobody trains on them: all that can be, in one piece."""
    try:
        found = collecting.add_answers(picked.answers(request, most=collecting.MOST), by=request.user)
    except (NothingChosenError, collecting.TooManyCasesError) as error:
        messages.error(request, str(error))
        return _back(request)
    request.audited = {"cases": len(found.cases), "left": len(found.refused), **picked.told(request)}
    (messages.success if found.cases else messages.info)(request, found.sentence)
    for reason, count in found.reasons:
        messages.warning(request, f"Left out, {count:,}: {reason}")
    return _back(request)


def _back(request: loading.Request) -> HttpResponse:
    return redirect(f"{reverse('conversations')}?{request.GET.urlencode()}")
