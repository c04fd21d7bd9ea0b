"""The start page."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dashboard import access, overview


@never_cache
@require_safe
def home(request: access.Request) -> HttpResponse:
    return render(
        request, "dashboard/home.html", {"overview": overview.read(access.collections(request.user)), "page": "home"}
    )
