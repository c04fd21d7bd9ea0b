"""Datasets: frozen of what is approved, looked at, taken away as files; and each example with what became of it."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot.answers import prompts
from dashboard.guard import audit, loading, rules
from dashboard.guard.roles import Role
from dashboard.training import pictures
from dashboard.training.forms import FreezeForm
from llm.completion import ProviderError
from llm.models import PromptVariant
from tuning.datasets import exporting, formats, freezing, validating
from tuning.models import Dataset, ModelVersion, Split, TrainingExample
from tuning.registry import versions

PER_PAGE = 50
PROBLEMS = 200  # that a page lists


@rules.page(Role.VIEWER)
def datasets(request: loading.Request) -> HttpResponse:
    return render(request, "dashboard/training/datasets.html", _listed(FreezeForm(), request.GET.get("page")))


@rules.question(Role.EDITOR)
def freeze_dataset(request: loading.Request) -> HttpResponse:
    """Freeze what is approved; what stands against it is listed line by line, and nothing is written."""
    form, problems, count = FreezeForm(request.POST), [], 0
    if form.is_valid():
        try:
            made = freezing.freeze(form.cleaned_data["name"], by=request.user, **form.options())
        except freezing.FreezeError as error:
            problems, count = error.problems[:PROBLEMS], len(error.problems)
        except ProviderError as error:
            form.add_error(None, f"The questions could not be compared, so nothing was frozen. {error}")
        else:
            request.audited = {"dataset": made.pk, "name": made.name, "checksum": made.checksum}
            messages.success(request, f"{made} is frozen: nobody can change it any more.")
            return redirect("dataset", made.pk)
    context = {**_listed(form), "problems": problems, "problem_count": count}
    return render(request, "dashboard/training/datasets.html", context)


def _listed(form: FreezeForm, page: str | None = None) -> dict[str, Any]:
    exportable = exporting.exportable().count()
    counts = {split: Count("lines", filter=Q(lines__split=split)) for split in Split.values}
    known = Dataset.objects.annotate(**counts).select_related("created_by").order_by("-id")
    return {
        "page": "training",
        "form": form,
        "datasets": Paginator(known, PER_PAGE).get_page(page),
        "exportable": exportable,
        "least": validating.LEAST_LINES,
    }


@rules.page(Role.VIEWER)
def dataset(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Dataset.objects.select_related("created_by"), pk=pk)
    split = request.GET.get("split", "")
    lines = found.lines.select_related("example__message")
    lines = lines.filter(split=split) if split in Split.values else lines
    context = {
        "page": "training",
        "dataset": found,
        "counts": found.counts(),
        "erased": found.lines.filter(messages=[]).count(),
        "is_current": versions.is_current(found),
        "wording": prompts.template_hash(PromptVariant(found.prompt)),
        "pictures": pictures.of_dataset(found.statistics),
        "lines": Paginator(lines, PER_PAGE).get_page(request.GET.get("page")),
        "split": split,
        "splits": Split.choices,
        "formats": list(formats.FORMATS),
        "jobs": found.jobs.select_related("endpoint").order_by("-id"),
        "learnt": ModelVersion.objects.select_related("endpoint").filter(dataset=found).order_by("-id"),
    }
    return render(request, "dashboard/training/dataset.html", context)


@rules.page(Role.EDITOR)
def export_dataset(request: loading.Request, pk: int, split: str, kind: str) -> HttpResponse:
    """The file of a split in a format, the same bytes as of the command; who took it is in the audit log."""
    found = get_object_or_404(Dataset, pk=pk)
    if split not in Split.values or kind not in formats.FORMATS:
        raise Http404
    try:
        data = formats.write(found.lines.filter(split=split), kind)
    except formats.FormatError as error:
        messages.error(request, str(error))
        return redirect("dataset", pk)
    kept = {"format": kind, "split": split, "lines": data.count(b"\n"), "bytes": len(data)}
    audit.write(request.user, "dataset_exported", str(pk), kept)
    response = HttpResponse(data, content_type="application/jsonl")
    response["Content-Disposition"] = f'attachment; filename="dataset-{pk}-{split}.{kind}.jsonl"'
    return response


@rules.page(Role.VIEWER)
def example(request: loading.Request, pk: int) -> HttpResponse:
    """One example as it is taught, and which datasets and models have it: what a deletion request touches."""
    found = get_object_or_404(TrainingExample.objects.select_related("message", "reviewer", "workspace"), pk=pk)
    this = TrainingExample.objects.filter(pk=pk)
    context = {
        "page": "training",
        "example": found,
        "lines": found.dataset_lines.select_related("dataset").order_by("dataset_id"),
        "learnt": ModelVersion.objects.select_related("endpoint").touched_by(this),
    }
    return render(request, "dashboard/training/example.html", context)
