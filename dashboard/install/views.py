"""Set-up: what is still to do, the platforms, who may come in, and what people did."""

import json

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from bot import doctor
from bot.messenger import DeliveryError
from bot.platforms.discord import invite, rest
from bot.platforms.slack import manifest as slack_manifest
from dashboard.guard import loading, rules
from dashboard.guard.roles import Role
from dashboard.install import retirements, setting_up
from knowledge.sample import samples


@rules.page(Role.OWNER)
def install(request: loading.Request) -> HttpResponse:
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
        "sample": samples.documents().count(),
    }
    return render(request, "dashboard/install/install.html", context)


def _invite() -> str:
    """The address that lets the Discord bot in; empty without a token, or while Discord does not say who it is."""
    if not settings.DISCORD_BOT_TOKEN:
        return ""
    try:
        return invite.address(rest.application()["id"])
    except DeliveryError:
        return ""


@rules.page(Role.OWNER)
def examine(request: loading.Request) -> HttpResponse:
    """What manage.py doctor says, as a page; for owners, since it names what is not set."""
    findings = [*doctor.examine(), *retirements.findings(timezone.now().date())]
    context = {
        "page": "install",
        "findings": findings,
        "faults": sum(not each.is_ok for each in findings),
        "can_install": bool(settings.SLACK_CLIENT_ID),
    }
    return render(request, "dashboard/install/doctor.html", context)


@rules.action(Role.OWNER)
def remove_sample(request: loading.Request) -> HttpResponse:
    count = samples.remove()
    request.audited = {"documents": count}
    messages.success(request, f"The {count} sample documents are gone.")
    return redirect("install")
