"""What Slack asks of the web process: to take its events over HTTP, and to end an installation that was begun here."""

import logging
import secrets

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from bot.platforms import slack_http, slack_oauth
from bot.platforms.base import DeliveryError
from dashboard import access

log = logging.getLogger(__name__)

STATE = "slack_install_state"


@csrf_exempt
@login_not_required
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Slack signs what it sends; nothing else is let in."""
    answer = slack_http.receive(request.body, dict(request.headers.items()))
    response = HttpResponse(answer.body, status=answer.status)
    for name, value in answer.first_headers_without_set_cookie().items():
        response[name] = value
    return response


@never_cache
@require_POST
def install(request: access.Request) -> HttpResponse:
    """Send an administrator to Slack, to say that the app may join a workspace."""
    _check_allowed(request)
    request.session[STATE] = secrets.token_urlsafe(32)
    return redirect(slack_oauth.address(request.session[STATE], _return_address()))


@never_cache
@require_safe
def installed(request: access.Request) -> HttpResponse:
    """Slack sends the administrator back with a code; only the session that began may end it."""
    _check_allowed(request)
    state = request.session.pop(STATE, "")
    if not state or not constant_time_compare(state, request.GET.get("state", "")):
        messages.error(request, "This installation was not begun here. Please begin again.")
    elif "code" not in request.GET:
        messages.error(request, "Slack was not connected.")
    else:
        _connect(request, request.GET["code"])
    return redirect("doctor")


def _connect(request: access.Request, code: str) -> None:
    try:
        workspace = slack_oauth.install(code, _return_address())
    except DeliveryError as error:
        log.warning("A Slack workspace could not be connected: %s", error)
        messages.error(request, "Slack did not accept the installation. Please begin again.")
        return
    messages.success(request, f"{workspace} is connected.")


def _check_allowed(request: access.Request) -> None:
    access.administrator(request.user)
    if not settings.SLACK_CLIENT_ID:
        raise Http404


def _return_address() -> str:
    return f"{settings.PUBLIC_URL}{reverse('slack_installed')}"
