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
from evaluation.figures import answer_shapes, costs, price_list, rollups, what_if
from evaluation.figures.answer_shapes import AnswerShape, Volume
from llm.models import Budget, Purpose
from llm.spending import budgets as limits

RANGES = (7, 30, 90)


@rules.page(Role.VIEWER)
def overview(request: loading.Request) -> HttpResponse:
    asked = request.GET.get("days", "")
    days = int(asked) if asked.isdecimal() and int(asked) in RANGES else 30
    found = costs.read(days)
    taken = answer_shapes.measured()
    form = _what_if(request, taken, answer_shapes.volume_of(found.total.answers, days))
    case = what_if.case(**form.cleaned_data) if form.is_valid() else None
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
        "taken": taken,
    }
    return render(request, "dashboard/costs/costs.html", context)


def _what_if(request: loading.Request, taken: AnswerShape | None, volume: Volume | None) -> WhatIfForm:
    """Filled in with how it is now, as far as answers tell, until somebody asks for something else."""
    models = what_if.models()
    now = what_if.now(taken, volume, models)
    asked = {name: request.GET[name] for name in WhatIfForm.base_fields if name in request.GET}
    is_whole = asked or now.keys() == WhatIfForm.base_fields.keys()
    return WhatIfForm({**now, **asked} if is_whole else None, initial=now, models=models)


@rules.form(Role.OWNER)
def budgets(request: loading.Request) -> HttpResponse:
    form = BudgetForm(request.POST or None)
    if form.is_valid():
        wanted = form.cleaned_data
        row, _ = Budget.objects.update_or_create(
            period=wanted["period"], defaults={"limit": wanted["limit"], "is_hard": wanted["is_hard"]}
        )
        request.audited = {"budget": limits.label(row), "is_hard": row.is_hard}
        messages.success(request, f"From now on: {limits.label(row)}.")
        return redirect("budgets")
    rows = [(row, limits.label(row)) for row in Budget.objects.order_by("period")]
    context = {"page": "costs", "form": form, "budgets": rows}
    return render(request, "dashboard/costs/budgets.html", context)


@rules.action(Role.OWNER)
def remove_budget(request: loading.Request, pk: int) -> HttpResponse:
    row = get_object_or_404(Budget, pk=pk)
    request.audited = {"budget": limits.label(row)}
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
        "stated": price_list.stated_prices(),
        "list_version": version("genai-prices"),
        "listed": price_list.listed_prices(),
    }
    return render(request, "dashboard/costs/prices.html", context)
