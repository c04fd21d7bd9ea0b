"""What every answer costs, what may be spent, and what it would cost otherwise."""

from importlib.metadata import version

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from dashboard.costs.forms import BudgetForm, PriceForm, WhatIfForm
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.rendering import charts
from dashboard.rendering.words import PURPOSES
from evaluation.figures import costs, rollups, what_if
from llm.models import Budget, Deployment, ModelPrice, Purpose, ServingRole

RANGES = (7, 30, 90)


@rules.page(Role.VIEWER)
def overview(request: loading.Request) -> HttpResponse:
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked) in RANGES else 30
    found = costs.read(days)
    form = _what_if(request, found)
    case = _case(form) if form.is_valid() else None
    chart = charts.by_day(found.since, rollups.today(), ((day, float(cost)) for day, cost in found.days), unit="USD")
    for line in found.by["Purpose"]:
        line.name = PURPOSES[Purpose(line.name)]
    context = {
        "page": "costs",
        "costs": found,
        "chart": chart,
        "days": days,
        "ranges": RANGES,
        "form": form,
        "case": case,
    }
    return render(request, "dashboard/costs/costs.html", context)


def _what_if(request: loading.Request, found: costs.Costs) -> WhatIfForm:
    """Filled in with how it is now, until somebody asks for something else."""
    rows = (
        Deployment.objects.filter(role__in=(ServingRole.ANSWER, ServingRole.FALLBACK))
        .select_related("endpoint")
        .order_by("-id")
    )
    models = list(dict.fromkeys(str(row) for row in rows if row.model))
    answered = max(found.total.answers, 1)
    days = max((rollups.today() - found.since).days + 1, 1)
    inputs = found.total.input_tokens // answered
    now = {
        "model": models[0] if models else "",
        "volume": found.total.answers * 30 // days,
        "k": 6,
        "passage_tokens": found.context_tokens // 6,
        "prompt_tokens": max(inputs - found.context_tokens, 600),
        "output_tokens": max(found.total.output_tokens // answered, 150),
    }
    asked = {name: request.GET[name] for name in now if name in request.GET}
    return WhatIfForm({**now, **asked}, models=models)


def _case(form: WhatIfForm) -> what_if.Case:
    wanted = dict(form.cleaned_data)
    provider, _, model = wanted.pop("model").partition(":")
    return what_if.Case(provider=provider, model=model, **wanted)


@rules.form(Role.OWNER)
def budgets(request: loading.Request) -> HttpResponse:
    form = BudgetForm(request.POST or None)
    if form.is_valid():
        wanted = form.cleaned_data
        row, _ = Budget.objects.update_or_create(
            period=wanted["period"], defaults={"limit": wanted["limit"], "is_hard": wanted["is_hard"]}
        )
        request.audited = {"budget": str(row), "is_hard": row.is_hard}
        messages.success(request, f"From now on: {row}.")
        return redirect("budgets")
    context = {"page": "costs", "form": form, "budgets": Budget.objects.order_by("period")}
    return render(request, "dashboard/costs/budgets.html", context)


@rules.action(Role.OWNER)
def remove_budget(request: loading.Request, pk: int) -> HttpResponse:
    row = get_object_or_404(Budget, pk=pk)
    request.audited = {"budget": str(row)}
    row.delete()
    messages.success(request, "The budget is gone.")
    return redirect("budgets")


@rules.form(Role.VIEWER, Role.OWNER)
def prices(request: loading.Request) -> HttpResponse:
    form = PriceForm(request.POST or None)
    if form.is_valid():
        row = form.save()
        request.audited = {"price": str(row)}
        messages.success(request, f"{row} is in force for calls from then on.")
        return redirect("prices")
    context = {
        "page": "costs",
        "form": form,
        "prices": ModelPrice.objects.order_by("provider", "model", "-valid_from"),
        "list_version": version("genai-prices"),
        "listed": costs.listed_prices(),
    }
    return render(request, "dashboard/costs/prices.html", context)
