"""Fine-tune jobs: what could train, what it would cost, begun once, followed while it runs, ended."""

import hashlib
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.rendering import words
from dashboard.training import orders, pictures
from dashboard.training.forms import HandInForm, JobForm, place_of
from llm.completion import ProviderError
from llm.spending import money
from tuning.jobs import polling, states, submitting
from tuning.models import Dataset, FineTuneJob, JobState, ModelVersion
from tuning.registry.versions import RegistryError
from tuning.trainers import by_hand

EVENTS = 200
CHANGED = "Something has changed since this was shown: please read it again before you order it."


@rules.page(Role.VIEWER)
def jobs(request: loading.Request) -> HttpResponse:
    rows = FineTuneJob.objects.select_related("dataset", "endpoint").order_by("-id")[:200]
    context = {
        "page": "training",
        "jobs": [(row, words.JOB_STATES[JobState(row.state)][0], _trainer(row), _money(row)) for row in rows],
        "offers": offers(),
        "has_datasets": Dataset.objects.exists(),
    }
    return render(request, "dashboard/training/jobs.html", context)


def offers() -> list[dict[str, Any]]:
    """What this install can use, until when, and why not."""
    found = submitting.offers(timezone.now().date())
    return [
        {"trainer": words.TRAINERS.get(name, name), "name": name, "endpoint": endpoint, "told": told}
        for name, endpoint, told in found
    ]


def _trainer(job: FineTuneJob) -> str:
    return str(job.endpoint or words.TRAINERS.get(job.trainer, job.trainer))


def _money(job: FineTuneJob) -> str:
    if job.state == JobState.SUCCEEDED or job.cost is not None:
        return money.label(job.cost)
    return money.label(job.estimate) if job.estimate in (None, 0) else f"about {money.label(job.estimate)}"


@rules.page(Role.OWNER)
def new_job(request: loading.Request) -> HttpResponse:
    """The form, and when it is filled in what would be ordered, to agree to. Nothing is changed by either."""
    places = [(each["name"], each["endpoint"]) for each in offers() if each["told"].is_available]
    if "place" not in request.GET:
        form = JobForm(initial=_initial(request, places), places=places)
        return _form(request, form)
    form = JobForm(request.GET, places=places)
    if form.is_valid() and "change" not in request.GET:
        wanted = form.wanted()
        try:
            submitting.check(wanted, timezone.now().date())
        except submitting.OrderError as error:
            form.add_error(None, str(error))
        else:
            return _confirm(request, orders.show(wanted))
    return _form(request, form)


def _form(request: loading.Request, form: JobForm) -> HttpResponse:
    context = {
        "page": "training",
        "form": form,
        "offers": offers(),
        "has_datasets": Dataset.objects.exists(),
        "replaced": ModelVersion.objects.select_related("endpoint")
        .filter(pk=_number(form["replaces"].value()))
        .first(),
    }
    return render(request, "dashboard/training/new_job.html", context)


def _confirm(request: loading.Request, shown: orders.Shown) -> HttpResponse:
    context = {"page": "training", "shown": shown, "query": request.GET.urlencode()}
    return render(request, "dashboard/training/confirm_job.html", context)


def _number(written: object) -> int:
    text = str(written or "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _initial(request: loading.Request, places: list[Any]) -> dict[str, Any]:
    """Filled in with a job that is to be done again, or with a version that ends and is to be trained elsewhere."""
    asked = {name: _number(value) for name, value in request.GET.items()}
    begun: dict[str, Any] = {"dataset": asked.get("dataset")}
    if before := FineTuneJob.objects.filter(pk=asked.get("again", 0)).first():
        own = {name: value for name, value in before.parameters.items() if name != "n_epochs"}
        begun |= {
            "dataset": before.dataset_id, "base": before.base, "place": place_of(before.trainer, before.endpoint),
            "epochs": before.parameters.get("n_epochs"), "replaces": before.replaces_id,
            "parameters": "\n".join(f"{name} = {value}" for name, value in own.items()),
        }  # fmt: skip
    if ending := ModelVersion.objects.filter(pk=asked.get("replaces", 0)).first():
        elsewhere = [each for each in places if each[1] != ending.endpoint] or places
        begun |= {"dataset": ending.dataset_id, "replaces": ending.pk, "place": place_of(*elsewhere[0])}
    return {name: value for name, value in begun.items() if value is not None}


@rules.action(Role.OWNER)
def order_job(request: loading.Request) -> HttpResponse:
    """Order just what was shown. Pressed twice it is one job; changed meanwhile it is shown again."""
    try:
        wanted, key, is_same = orders.agreed(request.POST.get("token", ""))
        before = FineTuneJob.objects.filter(key=key).first()
        if before is None and not is_same:
            messages.warning(request, CHANGED)
            return _confirm(request, orders.show(wanted))
        job = before or submitting.order(wanted, by=request.user, key=key)
    except (orders.AgreementError, submitting.OrderError) as error:
        messages.error(request, str(error))
        return redirect("new_job")
    request.audited = {
        "job": job.pk,
        "base": job.base,
        "dataset": job.dataset_id,
        "estimate": money.label(job.estimate),
    }
    return redirect("job", job.pk)


@rules.form(Role.VIEWER, Role.OWNER)
def job(request: loading.Request, pk: int) -> HttpResponse:
    """How a job is doing, asked for again while it runs; sending the form hands in what was trained by hand."""
    found = _job(pk)
    form = HandInForm(request.POST or None)
    if form.is_valid():
        try:
            made = polling.hand_in(found, form.cleaned_data["endpoint"], form.cleaned_data["model"], by=request.user)
        except RegistryError as error:
            messages.error(request, str(error))
            return redirect("job", pk)
        request.audited = {"model": str(made)}
        return redirect("version", made.pk)
    seen = _seen(found)
    if "HX-Request" in request.headers and request.GET.get("seen") == seen:
        return HttpResponse(status=204)  # nothing new: what is open on the page stays open
    context = {"page": "training", "job": found, "seen": seen, "form": form, **_told(found)}
    template = "_job.html" if "HX-Request" in request.headers else "job.html"
    return render(request, f"dashboard/training/{template}", context)


def _job(pk: int) -> FineTuneJob:
    known = FineTuneJob.objects.select_related("dataset", "endpoint", "created_by", "replaces__endpoint")
    return get_object_or_404(known, pk=pk)


def _told(found: FineTuneJob) -> dict[str, Any]:
    label, meaning = words.JOB_STATES[JobState(found.state)]
    is_over, is_by_hand = states.is_over(found), found.trainer == by_hand.NAME
    is_unserved = polling.is_unserved(found)
    awaited = words.UNSERVED if is_unserved else words.BY_HAND if is_by_hand and not is_over else ""
    return {
        "state": label,
        "meaning": awaited or meaning,
        "is_unserved": is_unserved,
        "is_over": is_over,
        "is_by_hand": is_by_hand,
        "trainer": words.TRAINERS.get(found.trainer, found.trainer),
        "estimate": money.label(found.estimate),
        "cost": _cost(found) if is_over else "",
        "events": found.events.order_by("-at", "-id")[:EVENTS],
        "stages": found.checkpoints.all(),
        "losses": pictures.of_metrics(found.metrics),
        "version": ModelVersion.objects.filter(job=found).first(),
    }


def _cost(found: FineTuneJob) -> str:
    """What a job that is over did cost; empty where nobody can tell yet."""
    is_told = found.cost is not None or found.state == JobState.SUCCEEDED
    return money.label(Decimal(0) if found.endpoint is None else found.cost) if is_told else ""


def _seen(found: FineTuneJob) -> str:
    """What tells whether there is anything new to show."""
    told = (found.state, found.provider_state, found.error, found.model, found.events.count(), len(found.metrics))
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


@rules.question(Role.OWNER)
def cancel_job(request: loading.Request, pk: int) -> HttpResponse:
    found = _job(pk)
    try:
        is_cancelled = polling.cancel(found)
    except ProviderError as error:
        messages.error(request, f"It is not cancelled, as its trainer could not be told. {error}")
        return redirect("job", pk)
    request.audited = {"job": pk, "is_cancelled": is_cancelled}
    if is_cancelled:
        messages.success(request, "It is cancelled.")
    else:
        messages.warning(request, f"It was over already: {words.JOB_STATES[JobState(found.state)][0].lower()}.")
    return redirect("job", pk)


@rules.question(Role.OWNER)
def look_at_job(request: loading.Request, pk: int) -> HttpResponse:
    """Ask the trainer now, rather than when it is due."""
    get_object_or_404(FineTuneJob, pk=pk)
    if polling.look(pk) is None:
        messages.warning(request, "It is over, or is being looked at just now.")
    return redirect("job", pk)
