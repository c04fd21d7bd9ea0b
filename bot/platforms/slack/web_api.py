"""Slack's Web API by its SDK: one error for whatever goes wrong, no retries of its own, pages one after the other."""

from collections.abc import Iterator
from http.client import HTTPException
from typing import Any, cast
from urllib.parse import urlsplit

from django.conf import settings
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse, WebClient
from slack_sdk.webhook import WebhookClient

from bot.messenger import DeliveryError
from bot.models import Workspace
from bot.platforms import workspaces
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

Client = WebClient
# What calls raise; of the SDK, the network, and HTTP under it.
FAILURES = (SlackClientError, OSError, HTTPException)


def client(token: str = "", *, seconds: int = TIMEOUT) -> Client:
    """Speaks to the Slack of the settings. It never asks again by itself: a post could be there twice."""
    return WebClient(token=token or None, base_url=settings.SLACK_API_URL, timeout=seconds, retry_handlers=[])


def call(client: Client, method: str, **params: Any) -> dict[str, Any]:
    """What a method of the Web API replies. Raises DeliveryError."""
    return cast(dict[str, Any], ask(client, method, **params).data)


def ask(client: Client, method: str, **params: Any) -> SlackResponse:
    """The reply of a method with its headers, asked as the SDK does. Raises DeliveryError."""
    send = getattr(client, method.replace(".", "_"))
    connections.let_go()
    try:
        return cast(SlackResponse, send(**params))
    except SlackApiError as error:
        raise _refused(method, error) from error
    except FAILURES as error:
        raise DeliveryError(f"Slack did not answer {method}: {type(error).__name__}.") from error


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


def _refused(method: str, error: SlackApiError) -> DeliveryError:
    response = error.response
    status = getattr(response, "status_code", 0)
    data = getattr(response, "data", None)
    code = str(data.get("error", "")) if isinstance(data, dict) else ""
    if status == 429:
        after = float(response.headers.get("Retry-After", 1))
        return SlackRefusedError(
            f"Slack asks to wait before {method}.", code="ratelimited", permanent=False, retry_after=after
        )
    if not code or status >= 500:
        return DeliveryError(f"Slack answered {method} with status {status}.")
    return SlackRefusedError(
        f"Slack refused {method}: {code}.", code=code, permanent=code not in TRANSIENT, retry_after=None
    )


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


def pages(client: Client, method: str, items: str, **params: Any) -> Iterator[Any]:
    """The `items` of every page of a reply."""
    cursor = ""
    while True:
        reply = call(client, method, limit=PAGE, **params, **({"cursor": cursor} if cursor else {}))
        yield from reply[items]
        cursor = (reply.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            return
