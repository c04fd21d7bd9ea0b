"""Which models may be called, with which keys, and which one is live."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.serving import known
from dashboard.serving.forms import DeployForm, EndpointForm
from foundation import secrets
from llm import trials
from llm.models import Breaker, Deployment, Endpoint, Rollout, ServingRole
from tuning import expiry
from tuning.registry import deploying
from tuning.registry.versions import RegistryError

HISTORY = 20


@rules.form(Role.OWNER, is_atomic=False)
def models(request: loading.Request) -> HttpResponse:
    """What is live, what was, and the servers; sending the form lets another model serve."""
    form = DeployForm(request.POST or None)
    if form.is_valid() and (made := _made_live(request, form)):
        messages.success(request, f"{made} is live for {made.get_role_display()}.")
        return redirect("models")
    rows = list(Deployment.objects.select_related("endpoint", "created_by").order_by("-id")[:HISTORY])
    endpoints = list(Endpoint.objects.order_by("name"))
    form.offer(endpoints)
    live = [row for row in Deployment.objects.newest() if row.model]
    context = {
        "page": "models",
        "form": form,
        "live": live,
        "optional": deploying.OPTIONAL,
        "history": rows,
        "endpoints": endpoints,
        "breakers": Breaker.objects.exclude(opened_at=None),
        "rollout": Rollout.objects.told(),
        "endings": expiry.endings(timezone.now().date()),
        "known": known.of_models(live),
    }
    return render(request, "dashboard/serving/models.html", context)


def _made_live(request: loading.Request, form: DeployForm) -> Deployment | None:
    try:
        made = form.serve(request.user)
    except RegistryError as error:
        form.add_error(None, str(error))
        return None
    request.audited = {"role": made.role, "model": str(made), "prompt": made.prompt}
    return made


@rules.action(Role.OWNER)
def switch_off(request: loading.Request, pk: int) -> HttpResponse:
    """Let nobody serve the role of a deployment, where answers are given without, too."""
    role = ServingRole(get_object_or_404(Deployment, pk=pk).role)
    try:
        deploying.switch_off(role, reason="switched off", by=request.user)
    except RegistryError as error:
        messages.error(request, str(error))
    else:
        request.audited = {"role": role, "model": ""}
        messages.success(request, f"{role.label}: nobody from now on.")
    return redirect("models")


@rules.question(Role.OWNER)
def roll_back(request: loading.Request, pk: int) -> HttpResponse:
    """Let a deployment of before serve again."""
    before = get_object_or_404(Deployment.objects.select_related("endpoint"), pk=pk)
    if before.role == ServingRole.EMBED:
        messages.error(request, "Another embedding model takes a new index: set EMBED_MODEL and run manage.py setup.")
        return redirect("models")
    try:
        made = deploying.serve_again(before, reason=f"rolled back to number {before.pk}", by=request.user)
    except RegistryError as error:
        messages.error(request, str(error))
        return redirect("models")
    request.audited = {"role": made.role, "model": str(made)}
    messages.success(request, f"{made} is live again for {made.get_role_display()}.")
    return redirect("models")


@rules.form(Role.OWNER)
def new_endpoint(request: loading.Request) -> HttpResponse:
    return _edited(request, EndpointForm(request.POST or None))


@rules.form(Role.OWNER)
def endpoint(request: loading.Request, pk: int) -> HttpResponse:
    return _edited(request, EndpointForm(request.POST or None, instance=get_object_or_404(Endpoint, pk=pk)))


def _edited(request: loading.Request, form: EndpointForm) -> HttpResponse:
    if form.is_valid():
        row = form.save(commit=False)
        if key := form.cleaned_data["key"]:
            row.encrypted_key, row.key_hint = secrets.encrypt(key), key[-4:] if len(key) >= 12 else ""
        row.save()
        request.audited = {"endpoint": row.name, "has_new_key": bool(key)}
        messages.success(request, f"{row} is kept.")
        return redirect("models")
    context = {"page": "models", "form": form, "endpoint": form.instance}
    return render(request, "dashboard/serving/endpoint.html", context)


@rules.question(Role.OWNER)
def try_endpoint(request: loading.Request, pk: int) -> HttpResponse:
    """Ask a model of an endpoint for one word."""
    found = get_object_or_404(Endpoint, pk=pk)
    model = request.POST.get("model", "").strip()[:200]
    if not model:
        return render(request, "dashboard/serving/_trial.html", {"trial": trials.Trial(False, "Say which model.")})
    request.audited = {"endpoint": found.name, "model": model}
    context = {
        "trial": trials.explore(found, model),
        "is_update": True,
        "known": known.of_models(Deployment.objects.newest()),
    }
    return render(request, "dashboard/serving/_trial.html", context)


@rules.question(Role.OWNER)
def list_models(request: loading.Request) -> HttpResponse:
    """What the server of an endpoint lists, to choose from."""
    chosen = request.POST.get("endpoint", "")
    found = get_object_or_404(Endpoint, pk=int(chosen[:18]) if chosen.isdecimal() else 0)
    listed = trials.names(found)
    request.audited = {"endpoint": found.name, "listed": len(listed.models)}
    context = {"endpoint": found, "listed": listed, "list_id": request.POST.get("list", "")[:40]}
    return render(request, "dashboard/serving/_names.html", context)
