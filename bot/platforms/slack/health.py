"""Looks at everything the bot needs on Slack."""

from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings

from bot.messenger import DeliveryError
from bot.models import Channel, Platform, Workspace
from bot.platforms.findings import Finding, channels, clock, running
from bot.platforms.slack import manifest, web_api


def examine() -> Iterator[Finding]:
    platform = Platform.SLACK
    if not settings.SLACK_BOT_TOKEN and not settings.SLACK_CLIENT_ID:
        yield Finding(platform, "set-up", True, "Slack is not used.", "To use it: manage.py manifest slack")
        return
    if not settings.SLACK_APP_TOKEN and not settings.SLACK_SIGNING_SECRET:
        yield Finding(
            platform, "transport", False, "There is neither an app token nor a signing secret.",
            "Set SLACK_APP_TOKEN to listen over a socket, or SLACK_SIGNING_SECRET to be sent events over HTTP.",
        )  # fmt: skip
    for workspace in _workspaces():
        yield from _workspace(workspace)
    if settings.SLACK_APP_TOKEN:
        yield _app_token()
    yield running(platform)


def _workspaces() -> list[Workspace]:
    if settings.SLACK_BOT_TOKEN:
        return [Workspace(platform=Platform.SLACK, external_id="", name="of SLACK_BOT_TOKEN")]
    return list(Workspace.objects.filter(platform=Platform.SLACK, removed_at=None).exclude(token=""))


def _workspace(workspace: Workspace) -> Iterator[Finding]:
    platform = Platform.SLACK
    try:
        client = web_api.client_for(workspace)
        response = web_api.ask(client, "auth.test")
    except DeliveryError as error:
        yield Finding(
            platform, "token", False, str(error),
            "Install the app to the workspace and copy its Bot User OAuth Token (xoxb-) into SLACK_BOT_TOKEN.",
        )  # fmt: skip
        return
    told = cast(dict[str, Any], response.data)
    yield Finding(platform, "token", True, f"{told.get('user')} in the workspace {told.get('team')}.")
    headers = {name.lower(): str(value) for name, value in response.headers.items()}
    given = set(headers.get("x-oauth-scopes", "").replace(" ", "").split(","))
    missing = [f"{scope} ({why})" for scope, why in manifest.SCOPES.items() if scope not in given]
    yield Finding(
        platform, "scopes", not missing, "All scopes are there." if not missing else f"Missing: {', '.join(missing)}.",
        "Add them under OAuth & Permissions, or paste the manifest anew, and install the app again." if missing else "",
    )  # fmt: skip
    yield _shortcuts(has_newest=manifest.NEWEST_SCOPE in given)
    yield clock(platform, headers.get("date"))
    rows = Workspace.objects.filter(platform=platform, external_id=told.get("team_id", "")).first()
    if rows is not None:
        yield from channels(rows, lambda channel: _member(client, channel))


def _shortcuts(*, has_newest: bool) -> Finding:
    """Slack tells an app nothing of its shortcuts; but what came into the manifest together was pasted together."""
    names = " and ".join(each["name"] for each in manifest.SHORTCUTS)
    if has_newest:
        return Finding(
            Platform.SLACK, "shortcuts", True,
            f"Slack does not tell which there are; the manifest that was installed has {names}.",
        )  # fmt: skip
    return Finding(
        Platform.SLACK, "shortcuts", False,
        f"The scope {manifest.NEWEST_SCOPE} is missing, so the app was made from an older manifest: it most likely "
        "lacks the shortcut Use as example, and the events of reactions.",
        "Paste what manage.py manifest slack prints under App Manifest, and install the app again.",
    )  # fmt: skip


def _app_token() -> Finding:
    try:
        web_api.open_socket()
    except DeliveryError as error:
        return Finding(
            Platform.SLACK, "app token", False, str(error),
            "Make one under Basic Information, App-Level Tokens, with connections:write, and turn Socket Mode on.",
        )  # fmt: skip
    return Finding(Platform.SLACK, "app token", True, "Slack opens a socket for it.")


def _member(client: web_api.Client, channel: Channel) -> str:
    """What keeps the bot from posting in a channel; empty when nothing does."""
    try:
        info = web_api.call(client, "conversations.info", channel=channel.external_id)["channel"]
    except DeliveryError as error:
        return str(error)
    if info.get("is_archived"):
        return "The channel is archived."
    return "" if info.get("is_member") or info.get("is_im") else "The bot is not in the channel."
