"""Every address of the web process."""

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path, re_path

# What allauth has for people who sign up by themselves or are written to by e-mail, of which Parley does neither.
NOT_HERE = r"^accounts/(?:email|confirm-email|password/reset|signup|login/code|phone)\b"


@login_not_required
def not_here(request: HttpRequest) -> HttpResponse:  # noqa: ARG001  Django passes the request
    raise Http404


urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("dashboard.urls")),
    re_path(NOT_HERE, not_here),
    path("accounts/", include("allauth.urls")),
]

handler400 = "dashboard.home.error_views.bad_request"
handler403 = "dashboard.home.error_views.forbidden"
handler404 = "dashboard.home.error_views.not_found"
handler500 = "dashboard.home.error_views.failed"
