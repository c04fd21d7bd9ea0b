"""The start page: what to do next, and for those with a role how it goes."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dashboard.guard import loading, roles, rules
from dashboard.guard.roles import Role
from dashboard.home import overview
from tuning import expiry


@rules.page(None)
def home(request: loading.Request) -> HttpResponse:
    is_viewer = roles.has(request.user, Role.VIEWER)
    context = {
        "page": "home",
        "overview": overview.read(loading.collections(request.user)),
        "figures": overview.figures() if is_viewer else None,
        "endings": expiry.endings(timezone.now().date()) if is_viewer else (),
    }
    return render(request, "dashboard/home/home.html", context)
