"""The start page: what to do next, and for those with a role how it goes."""

from django.http import HttpResponse
from django.shortcuts import render

from dashboard import access, overview, roles, rules
from dashboard.roles import Role


@rules.page(None)
def home(request: access.Request) -> HttpResponse:
    context = {
        "page": "home",
        "overview": overview.read(access.collections(request.user)),
        "figures": overview.figures() if roles.has(request.user, Role.VIEWER) else None,
    }
    return render(request, "dashboard/home.html", context)
