"""What Slack asks of the web process: to take its events over HTTP, and to end an installation that was begun here."""

import logging
import secrets

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from bot.messenger import DeliveryError
from bot.platforms.slack import http, oauth
from dashboard.guard import audit, loading, rules
from dashboard.guard.roles import Role

log = logging.getLogger(__name__)

STATE = "slack_install_state"


@csrf_exempt
@rules.public("POST")
def events(request: HttpRequest) -> HttpResponse:
    """Slack signs what it sends; nothing else is let in."""
    answer = http.receive(request.body, dict(request.headers.items()))
    response = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.first_headers_without_set_cookie().items():
        response[name] = value
    return response


@rules.action(Role.OWNER)
def install(request: loading.Request) -> HttpResponse:
    """Send an owner to Slack, to say that the app may join a workspace."""
    _check_allowed()
    request.session[STATE] = secrets.token_urlsafe(32)
    return redirect(oauth.address(request.session[STATE], _return_address()))


@rules.page(Role.OWNER)
def installed(request: loading.Request) -> HttpResponse:
    """Slack sends the owner back with a code; only the session that began may end it."""
    _check_allowed()
    state = request.session.pop(STATE, "")
    if not state or not constant_time_compare(state, request.GET.get("state", "")):
        messages.error(request, "This installation was not begun here. Please begin again.")
    elif "code" not in request.GET:
        messages.error(request, "Slack was not connected.")
    else:
        _connect(request, request.GET["code"])
    return redirect("doctor")


def _connect(request: loading.Request, code: str) -> None:
    try:
        workspace = oauth.install(code, _return_address())
    except DeliveryError as error:
        log.warning("A Slack workspace could not be connected: %s", error)
        messages.error(request, "Slack did not accept the installation. Please begin again.")
        return
    audit.write(request.user, "slack_connected", str(workspace))
    messages.success(request, f"{workspace} is connected.")


def _check_allowed() -> None:
    if not settings.SLACK_CLIENT_ID:
        raise Http404


def _return_address() -> str:
    return f"{settings.PUBLIC_URL}{reverse('slack_installed')}"
