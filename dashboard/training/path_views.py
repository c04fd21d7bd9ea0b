"""The way from good answers to a model: where this install stands, what is next; and examples from files."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.training import milestones
from dashboard.training.forms import ImportForm
from dashboard.training.job_views import offers
from llm.completion import ProviderError
from llm.models import Deployment
from tuning import expiry
from tuning.examples import importing

MOST_AT_ONCE = 500  # exchanges of a file that a page waits for; each is searched for in the documents


@rules.page(Role.VIEWER)
def training(request: loading.Request) -> HttpResponse:
    found = milestones.all_of_them()
    context = {
        "page": "training",
        "milestones": found,
        "next": next((each for each in found if not each.is_done), None),
        "offers": offers(),
        "endings": expiry.endings(timezone.now().date()),
    }
    return render(request, "dashboard/training/training.html", context)


@rules.page(Role.EDITOR)
def import_examples(request: loading.Request) -> HttpResponse:
    return _import_page(request, ImportForm())


@rules.question(Role.EDITOR)
def bring_examples(request: loading.Request) -> HttpResponse:
    """Questions and answers from a file, into the review queue; all of them or none."""
    form = ImportForm(request.POST, request.FILES)
    if not form.is_valid():
        return _import_page(request, form)
    try:
        exchanges = form.exchanges()
        if len(exchanges) > MOST_AT_ONCE:
            raise importing.ImportFileError(
                f"The file holds {len(exchanges):,} examples, more than the {MOST_AT_ONCE} that a page can wait for: "
                "split it, or use manage.py example import."
            )
        rows, known = importing.add(exchanges, by=request.user)
    except (importing.ImportFileError, ProviderError, Deployment.DoesNotExist) as error:
        form.add_error("file", f"{error} Nothing was imported.")
        return _import_page(request, form)
    request.audited = {"file": form.cleaned_data["file"].name, "imported": len(rows), "known": known}
    messages.success(request, f"{len(rows)} examples wait for review; {known} were there already.")
    return redirect("training")


def _import_page(request: loading.Request, form: ImportForm) -> HttpResponse:
    context = {"page": "training", "form": form, "most": MOST_AT_ONCE}
    return render(request, "dashboard/training/import_examples.html", context)
