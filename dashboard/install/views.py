"""Set-up: what is still to do, the platforms, who may come in, and what people did."""

import json

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from bot import doctor
from bot.messenger import DeliveryError
from bot.platforms.discord import invite, rest
from bot.platforms.slack import manifest as slack_manifest
from dashboard import access, login_links, people, roles, rules, setting_up
from dashboard.forms_people import InviteForm, RoleForm
from dashboard.models import AuditEntry
from dashboard.roles import Role
from knowledge.sources import uploads

PER_PAGE = 100


@rules.page(Role.OWNER)
def install(request: access.Request) -> HttpResponse:
    steps = setting_up.steps()
    is_http = request.GET.get("http") == "yes"
    manifest = slack_manifest.build(name="Parley", public_url=settings.PUBLIC_URL, is_http=is_http)
    context = {
        "page": "install",
        "steps": steps,
        "done": sum(step.is_done for step in steps),
        "manifest": json.dumps(manifest, indent=2, ensure_ascii=False),
        "is_http": is_http,
        "invite": _invite(),
        "can_install": bool(settings.SLACK_CLIENT_ID),
        "sample": len(setting_up.sample()),
    }
    return render(request, "dashboard/install.html", context)


def _invite() -> str:
    """The address that lets the Discord bot in; empty without a token, or while Discord does not say who it is."""
    if not settings.DISCORD_BOT_TOKEN:
        return ""
    try:
        return invite.address(rest.application()["id"])
    except DeliveryError:
        return ""


@rules.page(Role.OWNER)
def examine(request: access.Request) -> HttpResponse:
    """What manage.py doctor says, as a page; for owners, since it names what is not set."""
    findings = doctor.examine()
    context = {
        "page": "install",
        "findings": findings,
        "faults": sum(not each.is_ok for each in findings),
        "can_install": bool(settings.SLACK_CLIENT_ID),
    }
    return render(request, "dashboard/doctor.html", context)


@rules.action(Role.OWNER)
def remove_sample(request: access.Request) -> HttpResponse:
    found = setting_up.sample()
    for document in found:
        uploads.discard(document)
    request.audited = {"documents": len(found)}
    messages.success(request, f"The {len(found)} sample documents are gone.")
    return redirect("install")


@rules.form(Role.OWNER)
def people_list(request: access.Request) -> HttpResponse:
    form = InviteForm(request.POST or None)
    link = ""
    if form.is_valid():
        path = people.invite(form.cleaned_data["username"], form.cleaned_data["role"])
        link = f"{settings.PUBLIC_URL}{path}"
        request.audited = {"username": form.cleaned_data["username"], "role": str(form.data.get("role"))}
        form = InviteForm()
    accounts = [(user, roles.of(user)) for user in User.objects.prefetch_related("groups").order_by("username")]
    context = {"page": "install", "form": form, "link": link, "accounts": accounts, "roles": list(Role)}
    return render(request, "dashboard/people.html", context, status=422 if form.errors else 200)


@rules.action(Role.OWNER)
def set_role(request: access.Request, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk, is_active=True)
    form = RoleForm(request.POST)
    if not form.is_valid():
        return HttpResponse("There is no such role.", status=422, content_type="text/plain")
    return _said(request, lambda: roles.give(user, form.cleaned_data["role"]), f"{user} has another role.")


@rules.action(Role.OWNER)
def shut_account(request: access.Request, pk: int) -> HttpResponse:
    user = get_object_or_404(User, pk=pk, is_active=True)
    return _said(request, lambda: people.shut(user), f"The account {user} is shut.")


@rules.action(Role.OWNER)
def new_link(request: access.Request, pk: int) -> HttpResponse:
    """A link that lets somebody in once: for those who forgot their password."""
    user = get_object_or_404(User, pk=pk, is_active=True)
    messages.success(request, f"For {user} alone, once: {settings.PUBLIC_URL}{login_links.make(user)}")
    return redirect("people")


def _said(request: access.Request, act: rules.Act, text: str) -> HttpResponse:
    try:
        act()
    except roles.LastOwnerError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, text)
    return redirect("people")


@rules.page(Role.OWNER)
def audit_log(request: access.Request) -> HttpResponse:
    asked = request.GET.get("before", "")
    entries = AuditEntry.objects.order_by("-id")
    rows = list((entries.filter(pk__lt=int(asked)) if asked.isdecimal() else entries)[: PER_PAGE + 1])
    older = rows[PER_PAGE - 1].pk if len(rows) > PER_PAGE else None
    context = {"page": "install", "entries": rows[:PER_PAGE], "older": older}
    return render(request, "dashboard/audit.html", context)
