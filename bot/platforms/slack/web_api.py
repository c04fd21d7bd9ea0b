"""Slack's Web API by its SDK: one error for whatever goes wrong, no retries of its own, pages one after the other.

Slack limits each method for each workspace. What it asks us to wait is remembered by all who call (`windows`).
"""

import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.crypto import salted_hmac
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient
from slack_sdk.webhook import WebhookClient

from bot.messenger import DeliveryError
from bot.models import Workspace
from bot.platforms import workspaces
from bot.platforms.windows import LONGEST, Windows
from foundation import connections

TIMEOUT = 10  # seconds of one call; shorter than a lease, so that a late call is over before the next attempt looks
PAGE = 200
# The platform did not do it, and may do it another time; everything else that it names is final.
TRANSIENT = {
    "internal_error",
    "fatal_error",
    "service_unavailable",
    "request_timeout",
    "team_added_to_org",
    "ratelimited",
}


# Published for chat.postMessage: one a second in a channel (docs.slack.dev, rate limits); a little more for the way.
POST, POST_SECONDS = "chat.postMessage", 1.1
PAUSE = 1.2  # seconds that a post waits here for its turn; for a longer time it goes back to the outbox
PATIENCE = 60.0  # seconds that what nobody waits for may take until Slack wants to hear of it again

windows = Windows("slack")
# The token is none, or none any more.
TOKEN_REFUSED = {
    "invalid_auth",
    "not_authed",
    "account_inactive",
    "token_revoked",
    "token_expired",
    "not_allowed_token_type",
    "no_permission",
    "missing_scope",
    "team_access_not_granted",
}

LIMITED = {"ratelimited", "rate_limited"}  # as Slack names it, whatever the status

Client = WebClient
Ask = Callable[..., dict[str, Any]]  # as `call`
# What calls raise; of the SDK, the network, and HTTP under it.
FAILURES = (SlackClientError, OSError, HTTPException)


def client(token: str = "", *, seconds: int = TIMEOUT) -> Client:
    """Speaks to the Slack of the settings. It never asks again by itself: a post could be there twice."""
    return WebClient(token=token or None, base_url=settings.SLACK_API_URL, timeout=seconds, retry_handlers=[])


def call(client: Client, method: str, **params: Any) -> dict[str, Any]:
    """What a method of the Web API replies. Raises DeliveryError."""
    return cast(dict[str, Any], ask(client, method, **params).data)


def ask(client: Client, method: str, **params: Any) -> SlackResponse:
    """The reply of a method with its headers, asked as the SDK does. Raises DeliveryError.

    While Slack wants to hear nothing of the method, this is refused as Slack would, and nothing is sent.
    """
    names = _names(client, method, params)
    _await_turn(method, names)
    send = getattr(client, method.replace(".", "_"))
    try:
        return cast(SlackResponse, send(**params))
    except SlackApiError as error:
        raise _refused(method, names, error) from error
    except FAILURES as error:
        raise DeliveryError(f"Slack did not answer {method}: {type(error).__name__}.") from error


def note(client: Client, method: str, error: Exception, **params: Any) -> float:
    """Remember what the SDK was told when it called by itself; the seconds to wait, 0 when it was told nothing."""
    response = getattr(error, "response", None)
    if not isinstance(error, SlackApiError) or getattr(response, "status_code", 0) != 429:
        return 0.0
    refused = _refused(method, _names(client, method, params), error)
    return refused.retry_after or 0.0


def _names(client: Client, method: str, params: dict[str, Any]) -> list[str]:
    """Of the windows that hold for a call, the narrowest last: its method's, and of posts that of the channel."""
    token = client.token or params.get("app_token") or ""
    of_method = f"{salted_hmac('parley.windows', token).hexdigest()[:16]}/{method}"
    return [of_method, f"{of_method}/{params['channel']}"] if method == POST and "channel" in params else [of_method]


def _await_turn(method: str, names: list[str]) -> None:
    """Raises SlackRefusedError when the call would come too early. Nobody waits here with a connection."""
    left = windows.left(*names)
    connections.let_go()
    if left:
        raise _limited(method, left)
    if len(names) == 1:
        return
    wait = windows.turn(names[-1], POST_SECONDS)
    if 0 < wait <= PAUSE:
        connections.let_go()
        time.sleep(wait)
        wait = windows.turn(names[-1], POST_SECONDS)  # or it would count as no post to whoever comes next
    if wait:
        raise _limited(method, wait)


def _limited(method: str, seconds: float) -> "SlackRefusedError":
    text = f"Slack asks to wait {seconds:.0f} s before {method}."
    return SlackRefusedError(text, code="ratelimited", permanent=False, retry_after=seconds)


class SlackRefusedError(DeliveryError):
    """Slack named an error; `code` is its name."""

    def __init__(self, message: str, *, code: str, permanent: bool, retry_after: float | None) -> None:
        super().__init__(message, permanent=permanent, retry_after=retry_after, was_refused=True)
        self.code = code


def refusal(error: Exception) -> str:
    """What Slack finds wrong with a token, by its name; empty for any other failure."""
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    return code if code in TOKEN_REFUSED else ""


def _refused(method: str, names: list[str], error: SlackApiError) -> DeliveryError:
    response = error.response
    status = getattr(response, "status_code", 0)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429 or code in LIMITED:
        after = _seconds(response.headers.get("Retry-After"))
        windows.open(names[-1], after)
        return _limited(method, after)
    if not code or status >= 500:
        return DeliveryError(f"Slack answered {method} with status {status}.")
    return SlackRefusedError(
        f"Slack refused {method}: {code}.", code=code, permanent=code not in TRANSIENT, retry_after=None
    )


def _seconds(told: str | None) -> float:
    """How long to wait, as far as is believed; Slack tells whole seconds, a proxy on the way a date, or nothing."""
    return min(float(told), LONGEST) if told and told.strip().isdecimal() else 1.0


def client_for(workspace: Workspace, *, seconds: int = TIMEOUT) -> Client:
    """A client with the token of a workspace, whose calls take so long at most. Raises DeliveryError when there is
    none."""
    token = workspaces.slack_token(workspace)
    if not token:
        raise DeliveryError(f"There is no token for the Slack workspace {workspace}.", permanent=True)
    return client(token, seconds=seconds)


def open_socket() -> str:
    """An address for Socket Mode, which can be used once. Raises DeliveryError."""
    return str(call(client(), "apps.connections.open", app_token=settings.SLACK_APP_TOKEN)["url"])


def respond(url: str, **body: Any) -> bool:
    """Answer a command by the address that came with it; whether that was taken. Raises DeliveryError."""
    hosts = {"hooks.slack.com", urlsplit(settings.SLACK_API_URL).hostname}
    if urlsplit(url).hostname not in hosts:
        raise DeliveryError("The address to answer a command by is not one of Slack's.", permanent=True)
    try:
        return WebhookClient(url, timeout=TIMEOUT, retry_handlers=[]).send_dict(body).status_code == 200
    except FAILURES as error:
        raise DeliveryError(f"Slack did not take a private answer: {type(error).__name__}.") from error


def patiently(client: Client, method: str, **params: Any) -> dict[str, Any]:
    """As `call`, for what nobody waits for: what Slack wants to hear of later is asked then. Raises DeliveryError."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return call(client, method, **params)
        except SlackRefusedError as error:
            wait = error.retry_after or 0.0
            if error.code != "ratelimited" or time.monotonic() + wait > deadline:
                raise
            time.sleep(max(wait, 1.0) + 0.05)


def pages(client: Client, method: str, items: str, *, ask_page: Ask = call, **params: Any) -> Iterator[Any]:
    """The `items` of every page of a reply, each asked for by `ask_page`."""
    cursor = ""
    while True:
        reply = ask_page(client, method, limit=PAGE, **params, **({"cursor": cursor} if cursor else {}))
        yield from reply[items]
        cursor = (reply.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return
