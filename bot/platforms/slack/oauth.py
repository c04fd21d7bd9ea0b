"""Slack's installation by OAuth, for an app that several workspaces add: a code for tokens, old tokens for new."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings

from bot.models import Platform, Workspace
from bot.platforms import workspaces
from bot.platforms.slack import web_api
from bot.platforms.slack.manifest import SCOPES
from bot.platforms.slack.web_api import call
from bot.platforms.workspaces import Tokens

AUTHORIZE = "https://slack.com/oauth/v2/authorize"


def address(state: str, redirect_uri: str) -> str:
    """Where an administrator of a workspace says yes. `state` comes back: nobody can end what they did not begin."""
    query = {
        "client_id": settings.SLACK_CLIENT_ID,
        "scope": ",".join(SCOPES),
        "state": state,
        "redirect_uri": redirect_uri,
    }
    return f"{AUTHORIZE}?{urlencode(query)}"


def install(code: str, redirect_uri: str) -> Workspace:
    """Exchange the code of an installation and keep what it gives. Raises DeliveryError."""
    told = _exchange(code=code, redirect_uri=redirect_uri)
    token = told["access_token"]
    client = web_api.client(token)
    me = call(client, "auth.test")
    workspace = workspaces.introduce(
        Platform.SLACK, told["team"]["id"], name=told["team"].get("name") or "", bot_user_id=told["bot_user_id"],
        bot_id=me.get("bot_id", ""),
    )  # fmt: skip
    workspaces.install(workspace, _tokens(told), scopes=told.get("scope", ""))
    return workspace


def refresh(refresh_token: str) -> Tokens:
    """New tokens for a refresh token, which is worthless afterwards. Raises DeliveryError."""
    return _tokens(_exchange(grant_type="refresh_token", refresh_token=refresh_token))


def _exchange(**params: str) -> dict[str, Any]:
    client = web_api.client()
    return call(
        client,
        "oauth.v2.access",
        client_id=settings.SLACK_CLIENT_ID,
        client_secret=settings.SLACK_CLIENT_SECRET,
        **params,
    )


def _tokens(told: dict[str, Any]) -> Tokens:
    return Tokens(told["access_token"], told.get("refresh_token", ""), int(told.get("expires_in") or 0))
