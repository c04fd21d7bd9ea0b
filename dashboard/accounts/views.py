"""Accounts: who there is, what each may do, and what they did."""

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from dashboard.accounts import login_links, people
from dashboard.accounts.forms import InviteForm, RoleForm
from dashboard.guard import audit, loading, roles, rules
from dashboard.guard.roles import Role


@rules.form(Role.OWNER)
def people_list(request: loading.Request) -> HttpResponse:
    form = InviteForm(request.POST or None)
    link = ""
    if form.is_valid():
        link = people.invite(form.cleaned_data["username"], form.cleaned_data["role"])
        request.audited = {"username": form.cleaned_data["username"], "role": str(form.data.get("role"))}
        form = InviteForm()
    accounts = [(user, roles.of(user)) for user in User.objects.prefetch_related("groups").order_by("username")]
    context = {"page": "install", "form": form, "link": link, "accounts": accounts, "roles": list(Role)}
    return render(request, "dashboard/accounts/people.html", context, status=422 if form.errors else 200)


@rules.action(Role.OWNER)
def set_role(request: loading.Request, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk, is_active=True)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return HttpResponse("There is no such role.", status=422, content_type="text/plain")
    return _said(request, lambda: roles.give(user, form.cleaned_data["role"]), f"{user} has another role.")


@rules.action(Role.OWNER)
def shut_account(request: loading.Request, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk, is_active=True)
    return _said(request, lambda: people.shut(user), f"The account {user} is shut.")


@rules.action(Role.OWNER)
def new_link(request: loading.Request, pk: int) -> HttpResponse:
    """A link that lets somebody in once: for those who forgot their password."""
    user = get_object_or_404(User, pk=pk, is_active=True)
    messages.success(request, f"For {user} alone, once: {login_links.address(user)}")
    return redirect("people")


def _said(request: loading.Request, act: rules.Act, text: str) -> HttpResponse:
    try:
        act()
    except roles.LastOwnerError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, text)
    return redirect("people")


@rules.page(Role.OWNER)
def audit_log(request: loading.Request) -> HttpResponse:
    asked = request.GET.get("before", "")
    entries, older = audit.page(before=int(asked) if asked.isdecimal() else None)
    context = {"page": "install", "entries": entries, "older": older}
    return render(request, "dashboard/accounts/audit.html", context)
