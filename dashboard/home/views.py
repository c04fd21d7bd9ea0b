"""The start page: what to do next, and for those with a role how it goes."""

from django.http import HttpResponse
from django.shortcuts import render

from bot.models import Escalation
from dashboard.guard import loading, roles, rules
from dashboard.guard.roles import Role
from dashboard.home import overview


@rules.page(None)
def home(request: loading.Request) -> HttpResponse:
    has_role = roles.has(request.user, Role.VIEWER)
    context = {
        "page": "home",
        "overview": overview.read(loading.collections(request.user)),
        "figures": overview.figures() if has_role else None,
        "untold": Escalation.objects.told_nobody().count() if has_role else 0,
    }
    return render(request, "dashboard/home/home.html", context)
