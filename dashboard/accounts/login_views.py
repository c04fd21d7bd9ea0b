"""Logging in: with a one-time link, or with a name and a password."""

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.contrib.auth.views import LogoutView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from dashboard.accounts import login_links
from dashboard.guard import rules


class CompanyLoginView(LoginView):  # type: ignore[misc]
    """Name and password, and the company's identity provider where there is one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        return {**context, "company_login": settings.OIDC_NAME if settings.OIDC_ISSUER else ""}


_login = CompanyLoginView.as_view(template_name="dashboard/accounts/login.html")
password_login = rules.public("GET", "HEAD", "POST")(_login)
logout = rules.action(None)(LogoutView.as_view(next_page="login"))


@rules.public("GET", "HEAD", "POST")
def login_link(request: HttpRequest, token: str) -> HttpResponse:
    """Opening the link shows a button and only the button logs in: programs that preview links open them too."""
    try:
        if request.method == "POST":
            login_links.use(request, token)
            return redirect("home")
        user = login_links.find(token)
    except login_links.LoginLinkError:
        return render(request, "dashboard/accounts/login_link_ended.html", status=410)
    return render(request, "dashboard/accounts/login_link.html", {"named": user})
