"""How the model that answers does beside what it did when it began."""

from django.http import HttpResponse
from django.shortcuts import render

from dashboard.evaluation import drift_pages
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role


@rules.page(Role.VIEWER)
def drift(request: loading.Request) -> HttpResponse:
    context = {"page": "evaluations", "shown": drift_pages.shown()}
    return render(request, "dashboard/evaluation/drift.html", context)
