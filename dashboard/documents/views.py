"""Documents: handed in, looked at, taken away; where they keep coming from; and what a search finds in them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render

from dashboard.documents import shelves
from dashboard.documents.forms import BenchForm, CollectionForm, SourceForm, UploadForm, VisibilityForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.rendering import timings
from knowledge import tasks
from knowledge.index.collections import CollectionError
from knowledge.models import Collection, Document, DocumentState, Source, Sync, Visibility
from knowledge.retrieval import search
from knowledge.sources import adding, uploads
from llm import client

SHOWN = 200  # passages of a document
PASSAGES = 10


@rules.page(Role.VIEWER)
def documents(request: loading.Request) -> HttpResponse:
    asked = request.GET
    before = int(asked["before"]) if asked.get("before", "").isdecimal() else None
    collection = int(asked["collection"]) if asked.get("collection", "").isdecimal() else None
    rows, older = shelves.found(asked.get("q", "")[:200], collection, asked.get("state", ""), before=before)
    counts = shelves.counts()
    context = {
        "page": "documents",
        "rows": rows,
        "older": older,
        "counts": counts,
        "waits": counts.get(DocumentState.PENDING, 0),
        "asked": asked,
        "collections": shelves.collections(),
        "form": UploadForm(),
    }
    template = "_documents.html" if "HX-Request" in request.headers else "documents.html"
    return render(request, f"dashboard/documents/{template}", context)


@rules.action(Role.EDITOR)
def upload(request: loading.Request) -> HttpResponse:
    """One file or many; each that cannot be taken is said, the others are."""
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _uploaded(request, [], [str(error) for errors in form.errors.values() for error in errors])
    kept, refused = [], []
    for file in form.cleaned_data["files"]:
        try:
            kept.append(tasks.hand_in(file.name or "", file.chunks(), form.cleaned_data["collection"]))
        except uploads.UploadError as error:
            refused.append(str(error))
    request.audited = {"files": [document.path for document in kept]}
    return _uploaded(request, kept, refused)


def _uploaded(request: loading.Request, kept: list[Document], refused: list[str]) -> HttpResponse:
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"kept": [document.path for document in kept], "refused": refused})
    for reason in refused:
        messages.error(request, reason)
    if kept:
        messages.success(request, f"{len(kept)} file{'s' * (len(kept) != 1)} taken; reading begins at once.")
    return redirect("documents")


@rules.page(Role.VIEWER)
def document(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Document.objects.select_related("collection", "source", "live_version"), pk=pk)
    cited_in, channels = shelves.used_in(found)
    context = {
        "page": "documents",
        "document": found,
        "original": found.url if found.url.startswith(("https://", "http://")) else "",
        "versions": found.versions.order_by("-number")[:20],
        "passages": found.chunks.order_by("ordinal")[:SHOWN],
        "radius": shelves.blast_radius(found),
        "cited_in": cited_in,
        "channels": channels,
    }
    return render(request, "dashboard/documents/document.html", context)


@rules.action(Role.EDITOR)
def remove(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Document, pk=pk)
    request.audited = {"path": found.path, "collection": str(found.collection)}
    uploads.discard(found)
    messages.success(request, f"{found} is gone from every search.")
    return redirect("documents")


@rules.form(Role.VIEWER, Role.EDITOR)
def source_list(request: loading.Request) -> HttpResponse:
    form = SourceForm(request.POST or None)
    if form.is_valid():
        wanted = form.cleaned_data
        try:
            made = adding.add(wanted["wanted"], wanted["collection"], Visibility(wanted["visibility"]))
        except (adding.SourceInputError, CollectionError) as error:
            form.add_error(None, str(error))
        else:
            tasks.read_now(made)
            request.audited = {"location": str(made)}
            messages.success(request, "The source is being read for the first time.")
            return redirect("sources")
    context = {"page": "documents", "rows": shelves.sources(), "form": form}
    template = "_sources_list.html" if "HX-Request" in request.headers else "sources.html"
    return render(request, f"dashboard/documents/{template}", context, status=422 if form.errors else 200)


@rules.page(Role.VIEWER)
def source(request: loading.Request, pk: int) -> HttpResponse:
    """A source with its change reports."""
    found = get_object_or_404(Source.objects.select_related("collection"), pk=pk)
    syncs: list[Sync] = list(found.syncs.order_by("-id")[:10])
    changes = syncs[0].changes.order_by("-id")[:200] if syncs else []
    context = {"page": "documents", "source": found, "syncs": syncs, "changes": changes}
    return render(request, "dashboard/documents/source.html", context)


@rules.action(Role.EDITOR)
def sync(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Source, pk=pk)
    tasks.read_now(found)
    messages.success(request, "The source is being read.")
    return redirect("source", found.pk)


@rules.action(Role.EDITOR)
def remove_source(request: loading.Request, pk: int) -> HttpResponse:
    found = get_object_or_404(Source, pk=pk)
    count = found.documents.count()
    request.audited = {"location": str(found), "documents": count}
    found.delete()
    messages.success(request, f"The source and its {count} documents are gone.")
    return redirect("sources")


@rules.form(Role.VIEWER, Role.EDITOR)
def collections(request: loading.Request) -> HttpResponse:
    form = CollectionForm(request.POST or None)
    if form.is_valid():
        made = form.save()
        messages.success(request, f"The collection {made} is there.")
        return redirect("collections")
    context: dict[str, Any] = {"page": "documents", "collections": shelves.collections(), "form": form}
    return render(request, "dashboard/documents/collections.html", context)


@rules.action(Role.EDITOR)
def set_visibility(request: loading.Request, pk: int) -> HttpResponse:
    """Who may read a collection, from the next question on."""
    found = get_object_or_404(Collection, pk=pk)
    form = VisibilityForm(request.POST)
    if not form.is_valid():
        return HttpResponse("There is no such visibility.", status=422, content_type="text/plain")
    wanted = Visibility(form.cleaned_data["visibility"])
    request.audited = {"collection": found.name, "from": found.visibility, "to": wanted.value}
    found.show_to(wanted)
    messages.success(request, f"{found} is {wanted.label.lower()} from now on.")
    return redirect("collections")


@rules.page(Role.VIEWER)
def bench(request: loading.Request) -> HttpResponse:
    """What a question finds, with all scores and times; nothing is answered."""
    form = BenchForm(request.GET or None)
    found = None
    if form.is_valid():
        chosen = form.cleaned_data["collections"] or Collection.objects.all()
        found = search.retrieve(
            form.cleaned_data["question"],
            collections=[each.pk for each in chosen],
            k=form.cleaned_data["k"] or PASSAGES,
            trace_id=client.new_trace_id(),
        )
    stages = [(timings.LABELS[name], value) for name, value in found.stages_ms.items()] if found else []
    context = {"page": "documents", "form": form, "found": found, "stages": stages}
    return render(request, "dashboard/documents/bench.html", context)
