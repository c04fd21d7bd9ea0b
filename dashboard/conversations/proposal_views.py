"""Many answers proposed as examples at one press, and how far that is."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from bot.models import Message
from dashboard.conversations.filters import ConversationFilter
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from llm.completion import ProviderError
from tuning import tasks
from tuning.examples.bulk import MOST, TooManyError
from tuning.models import ProposalBatch

NOTHING = "Choose the answers first: tick them in the list, or propose all that match."
UNCLEAR = "The filter is not what it was when the page was shown. Look at the list again."


@rules.question(Role.REVIEWER)
def propose_answers(request: loading.Request) -> HttpResponse:
    """The answers that were ticked, or all that the filter of the page finds. Passages may have to be searched."""
    is_all = request.POST.get("which") == "all"
    chosen = _all(request) if is_all else [int(pk) for pk in request.POST.getlist("answer") if _is_id(pk)]
    if not chosen:
        messages.error(request, NOTHING if chosen is not None else UNCLEAR)
        return redirect(f"{reverse('conversations')}?{request.GET.urlencode()}")
    try:
        batch = tasks.propose_all(chosen, by=request.user)
    except (TooManyError, ProviderError) as error:
        messages.error(request, str(error))
        return redirect(f"{reverse('conversations')}?{request.GET.urlencode()}")
    request.audited = {"answers": batch.total, "batch": batch.pk, **({"filter": request.GET.dict()} if is_all else {})}
    return redirect("proposal", batch.pk)


def _all(request: loading.Request) -> list[int] | None:
    """What fitted when the page was shown; None for a filter that is not valid, which would let everything fit."""
    form = ConversationFilter(request.GET)
    newest = request.POST.get("newest", "")
    if not form.is_valid() or not _is_id(newest):
        return None
    found = Message.objects.matching(form.wanted()).filter(pk__lte=int(newest))
    return list(found.values_list("pk", flat=True)[: MOST + 1])


def _is_id(written: str) -> bool:
    """Whether it may be the id of a row; a longer number is more than the database has."""
    return written.isdecimal() and len(written) <= 18


@rules.page(Role.REVIEWER)
def proposal(request: loading.Request, pk: int) -> HttpResponse:
    """How far a press is, and what was refused and why."""
    batch = get_object_or_404(ProposalBatch.objects.defer("answers"), pk=pk)
    refused = sorted(batch.refused.items(), key=lambda each: -each[1])
    context = {"page": "conversations", "batch": batch, "refused": refused}
    name = "_proposal.html" if request.headers.get("HX-Request") else "proposal.html"
    return render(request, f"dashboard/conversations/{name}", context)
