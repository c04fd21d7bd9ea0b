"""The registry: which models are known, what taught them, how long there is of them, and which one answers."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.training.forms import FindForm, ReasonForm, RegisterForm, RetirementForm
from evaluation.figures.price_list import ListedPrice
from llm.completion import ProviderError
from llm.models import Deployment, ServingRole
from llm.spending import pricing
from tuning import expiry
from tuning.models import ModelVersion
from tuning.registry import deploying, discovering, lineage, versions
from tuning.registry.versions import RegistryError

PER_PAGE = 50
MOST_FOUND = 500
_DOES = {ServingRole.ANSWER: "answers", ServingRole.RESTYLE: "says answers again in the voice"}


@rules.page(Role.VIEWER)
def registry(request: loading.Request) -> HttpResponse:
    live = versions.live()
    known = ModelVersion.objects.select_related("endpoint", "dataset").order_by("-id")
    answering = Deployment.objects.newest_of(ServingRole.ANSWER)
    context = {
        "page": "training",
        "versions": Paginator(known, PER_PAGE).get_page(request.GET.get("page")),
        "serving": [live, versions.live(ServingRole.RESTYLE)],
        "unregistered": answering if live is None else None,
        "before": deploying.before(),
        "seen": deploying.newest_decision(),
        "endings": expiry.endings(timezone.now().date()),
        "find": FindForm(),
    }
    return render(request, "dashboard/training/registry.html", context)


@rules.page(Role.VIEWER)
def version(request: loading.Request, pk: int) -> HttpResponse:
    found = _version(pk)
    initial = {"retires_on": found.retires_on}
    return _shown(request, found, ReasonForm(), RetirementForm(initial=initial))


def _version(pk: int) -> ModelVersion:
    known = ModelVersion.objects.select_related("endpoint", "dataset", "job__replaces", "created_by")
    return get_object_or_404(known, pk=pk)


def _shown(
    request: loading.Request, found: ModelVersion, reason: ReasonForm, retirement: RetirementForm
) -> HttpResponse:
    taught = lineage.taught(found).select_related("example__message")
    context: dict[str, Any] = {
        "page": "training",
        "version": found,
        "is_live": versions.is_live(found),
        "is_restyler": versions.role_of(found) == ServingRole.RESTYLE,
        "is_current": found.dataset is None or versions.is_current(found),
        "price": ListedPrice(str(found), pricing.rates(found.endpoint.provider, found.model, timezone.now())),
        "lines": Paginator(taught, PER_PAGE).get_page(request.GET.get("page")),
        "erased": taught.filter(messages=[]).count(),
        "answers": lineage.answers(found).count(),
        "served": lineage.served(found).select_related("created_by"),
        "endings": [each for each in expiry.endings(timezone.now().date()) if each.version == found],
        "reason": reason,
        "retirement": retirement,
    }
    return render(request, "dashboard/training/version.html", context)


@rules.question(Role.OWNER)
def deploy_version(request: loading.Request, pk: int) -> HttpResponse:
    """Let a version answer from now on."""
    found, form = _version(pk), ReasonForm(request.POST)
    if form.is_valid():
        try:
            made = deploying.deploy(found, reason=form.cleaned_data["reason"], by=request.user)
        except RegistryError as error:
            form.add_error(None, str(error))
        else:
            request.audited = {"model": str(made), "prompt": made.prompt, "reason": made.reason}
            messages.success(request, f"{made} {_DOES[ServingRole(made.role)]} from now on.")
            return redirect("version", pk)
    return _shown(request, found, form, RetirementForm(initial={"retires_on": found.retires_on}))


@rules.action(Role.OWNER)
def retire_version(request: loading.Request, pk: int) -> HttpResponse:
    """Say from which day a version is not served any more, where its provider does not tell."""
    found, form = _version(pk), RetirementForm(request.POST)
    if not form.is_valid():
        return _shown(request, found, ReasonForm(), form)
    day = form.cleaned_data["retires_on"]
    versions.state_retirement(found, day, by=request.user.get_username())
    request.audited = {"model": str(found), "retires_on": day.isoformat() if day else None}
    messages.success(request, f"{found} ends on {day:%-d %B %Y}." if day else f"When {found} ends is not known now.")
    return redirect("version", pk)


@rules.question(Role.OWNER)
def take_back(request: loading.Request) -> HttpResponse:
    """Let the model before answer again."""
    try:
        made = deploying.roll_back(by=request.user, seen=request.POST.get("seen", ""))
    except (RegistryError, Deployment.DoesNotExist) as error:
        messages.error(request, str(error))
        return redirect("registry")
    request.audited = {"model": str(made), "prompt": made.prompt}
    messages.success(request, f"{made} answers again.")
    return redirect("registry")


@rules.form(Role.OWNER)
def register_model(request: loading.Request) -> HttpResponse:
    """A model that is served somewhere, with what is known of where it comes from."""
    asked = {name: request.GET[name] for name in ("endpoint", "model", "base", "dataset") if name in request.GET}
    form = RegisterForm(request.POST or None, initial=asked)
    if form.is_valid():
        said = form.cleaned_data
        try:
            made = versions.register(
                said["endpoint"], said["model"], base=said["base"], dataset=said["dataset"], by=request.user
            )
        except RegistryError as error:
            form.add_error(None, str(error))
        else:
            request.audited = {"model": str(made)}
            messages.success(request, f"{made} is in the registry.")
            return redirect("version", made.pk)
    return render(request, "dashboard/training/register_model.html", {"page": "training", "form": form})


@rules.question(Role.OWNER)
def find_models(request: loading.Request) -> HttpResponse:
    """Ask an endpoint for the models that were tuned there before."""
    form = FindForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose an endpoint.")
        return redirect("registry")
    endpoint = form.cleaned_data["endpoint"]
    try:
        found = discovering.tuned_at(endpoint)[:MOST_FOUND]
    except ProviderError as error:
        messages.error(request, f"{endpoint} does not list its models. {error}")
        return redirect("registry")
    request.audited = {"endpoint": endpoint.name, "found": len(found)}
    context = {
        "page": "training",
        "endpoint": endpoint,
        "found": found,
        "fresh": any(not each.is_known for each in found),
    }
    return render(request, "dashboard/training/found_models.html", context)


@rules.action(Role.OWNER)
def register_found(request: loading.Request) -> HttpResponse:
    """Register those that were chosen, each with the base that its name says."""
    form = FindForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Choose an endpoint.")
        return redirect("registry")
    endpoint = form.cleaned_data["endpoint"]
    names = list(dict.fromkeys(name[:300] for name in request.POST.getlist("model") if name.strip()))[:MOST_FOUND]
    made = [
        versions.register(endpoint, name, base=discovering.base_of(name), by=request.user) for name in names
    ]  # fmt: skip
    request.audited = {"endpoint": endpoint.name, "models": names}
    if made:
        messages.success(request, f"{len(made)} registered. Say what each was trained on, where you know it.")
    else:
        messages.warning(request, "Nothing was chosen.")
    return redirect("registry")
