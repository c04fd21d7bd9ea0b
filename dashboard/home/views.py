"""The start page: what to do next, and for those with a role how it goes."""

from django.http import HttpResponse
from django.shortcuts import render

from dashboard.guard import loading, roles, rules
from dashboard.guard.roles import Role
from dashboard.home import overview


@rules.page(None)
def home(request: loading.Request) -> HttpResponse:
    figures = overview.figures() if roles.has(request.user, Role.VIEWER) else None
    context = {
        "page": "home",
        "overview": overview.read(loading.collections(request.user)),
        "figures": figures,
        "untold": figures.untold if figures else 0,
    }
    return render(request, "dashboard/home/home.html", context)
