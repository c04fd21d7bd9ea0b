"""Looks at everything a bot needs on its platforms, and says what to do where something is missing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, cast

from django.conf import settings
from django.utils import timezone

from bot import manifests, presence
from bot.models import Channel, Platform, Workspace
from bot.platforms import discord_rest, slack_web
from bot.platforms.base import DeliveryError

CLOCK_SECONDS = 60  # Slack refuses what is five minutes off; a minute is a sign that nobody sets the clock
MESSAGE_CONTENT = 1 << 18 | 1 << 19  # flags of an application: the intent is granted, or granted to a small bot


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at. `advice` says what to do where it is not well."""

    platform: str
    subject: str
    is_ok: bool
    detail: str
    advice: str = ""


def examine() -> list[Finding]:
    """Everything that can be found out now; a platform without tokens is one finding that says how to begin."""
    return [*_slack(), *_discord()]


def _slack() -> Iterator[Finding]:
    platform = Platform.SLACK
    if not settings.SLACK_BOT_TOKEN and not settings.SLACK_CLIENT_ID:
        yield Finding(platform, "set-up", True, "Slack is not used.", "To use it: manage.py manifest slack")
        return
    if not settings.SLACK_APP_TOKEN and not settings.SLACK_SIGNING_SECRET:
        yield Finding(
            platform, "transport", False, "There is neither an app token nor a signing secret.",
            "Set SLACK_APP_TOKEN to listen over a socket, or SLACK_SIGNING_SECRET to be sent events over HTTP.",
        )  # fmt: skip
    for workspace in _slack_workspaces():
        yield from _slack_workspace(workspace)
    if settings.SLACK_APP_TOKEN:
        yield _slack_app_token()
    yield _running(platform)


def _slack_workspaces() -> list[Workspace]:
    if settings.SLACK_BOT_TOKEN:
        return [Workspace(platform=Platform.SLACK, external_id="", name="of SLACK_BOT_TOKEN")]
    return list(Workspace.objects.filter(platform=Platform.SLACK, removed_at=None).exclude(token=""))


def _slack_workspace(workspace: Workspace) -> Iterator[Finding]:
    platform = Platform.SLACK
    try:
        client = slack_web.client_for(workspace)
        response = slack_web.ask(client, "auth.test")
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
    missing = [f"{scope} ({why})" for scope, why in manifests.SLACK_SCOPES.items() if scope not in given]
    yield Finding(
        platform, "scopes", not missing, "All scopes are there." if not missing else f"Missing: {', '.join(missing)}.",
        "Add them under OAuth & Permissions, or paste the manifest anew, and install the app again." if missing else "",
    )  # fmt: skip
    yield _clock(platform, headers.get("date"))
    rows = Workspace.objects.filter(platform=platform, external_id=told.get("team_id", "")).first()
    if rows is not None:
        yield from _channels(rows, lambda channel: _slack_member(client, channel))


def _slack_app_token() -> Finding:
    try:
        slack_web.open_socket()
    except DeliveryError as error:
        return Finding(
            Platform.SLACK, "app token", False, str(error),
            "Make one under Basic Information, App-Level Tokens, with connections:write, and turn Socket Mode on.",
        )  # fmt: skip
    return Finding(Platform.SLACK, "app token", True, "Slack opens a socket for it.")


def _slack_member(client: slack_web.Client, channel: Channel) -> str:
    """What keeps the bot from posting in a channel; empty when nothing does."""
    try:
        info = slack_web.call(client, "conversations.info", channel=channel.external_id)["channel"]
    except DeliveryError as error:
        return str(error)
    if info.get("is_archived"):
        return "The channel is archived."
    return "" if info.get("is_member") or info.get("is_im") else "The bot is not in the channel."


def _discord() -> Iterator[Finding]:
    platform = Platform.DISCORD
    if not settings.DISCORD_BOT_TOKEN:
        yield Finding(platform, "set-up", True, "Discord is not used.", "To use it: see docs/platforms.md")
        return
    try:
        application = discord_rest.application()
        guilds = discord_rest.get("/users/@me/guilds")
    except DeliveryError as error:
        yield Finding(
            platform, "token", False, str(error),
            "Copy the token under Bot in the developer portal (Reset Token) into DISCORD_BOT_TOKEN.",
        )  # fmt: skip
        return
    yield Finding(platform, "token", True, f"The application {application.get('name')} ({application['id']}).")
    has_content = bool(int(application.get("flags") or 0) & MESSAGE_CONTENT)
    yield Finding(
        platform, "message content", has_content,
        "The bot reads messages." if has_content else "The bot reads only direct messages and those that mention it.",
        "" if has_content else "Switch on the Message Content Intent under Bot in the developer portal, for follow-ups"
        " without a mention and channels where every question is answered.",
    )  # fmt: skip
    invite = manifests.discord_invite(application["id"])
    names = ", ".join(each["name"] for each in guilds)
    yield Finding(
        platform, "servers", bool(guilds), f"In: {names}." if guilds else "The bot is in no server.",
        "" if guilds else f"Invite it: {invite}",
    )  # fmt: skip
    yield from (_discord_permissions(guild, invite) for guild in guilds if "permissions" in guild)
    for workspace in Workspace.objects.filter(platform=platform, removed_at=None):
        yield from _channels(workspace, _discord_member)
    yield _running(platform)


def _discord_permissions(guild: dict[str, Any], invite: str) -> Finding:
    given = int(guild.get("permissions") or 0)
    missing = [name for name, bit in manifests.DISCORD_PERMISSIONS.items() if not given & bit and not given & 1 << 3]
    return Finding(
        Platform.DISCORD, f"permissions in {guild['name']}", not missing,
        "All permissions are there." if not missing else f"Missing: {', '.join(missing)}.",
        f"Give them to the bot's role, or invite it anew: {invite}" if missing else "",
    )  # fmt: skip


def _discord_member(channel: Channel) -> str:
    try:
        discord_rest.get(f"/channels/{channel.external_id}")
    except DeliveryError as error:
        return str(error)
    return ""


def _channels(workspace: Workspace, fault_of: Callable[[Channel], str]) -> Iterator[Finding]:
    """The channels where the bot is to answer, and those where questions for people go."""
    teams = {each.team_channel for each in workspace.channels.filter(is_enabled=True)} - {None}
    for channel in sorted(filter(None, teams), key=lambda each: each.pk):
        fault = fault_of(channel)
        yield Finding(
            workspace.platform, f"team channel {channel}", not fault, fault or "Questions for people arrive there.",
            "Invite the bot into it (/invite in Slack; the channel's permissions in Discord)." if fault else "",
        )  # fmt: skip
    if not teams:
        yield Finding(
            workspace.platform, f"team channel of {workspace}", False, "Nobody has said where questions for people go.",
            "manage.py channel NAME_OR_ID --escalate-to NAME_OR_ID",
        )  # fmt: skip


def _clock(platform: str, date: str | None) -> Finding:
    if not date:
        return Finding(platform, "clock", True, "The platform did not tell the time.")
    off = abs((timezone.now() - parsedate_to_datetime(date)).total_seconds())
    is_ok = off < CLOCK_SECONDS
    return Finding(
        platform, "clock", is_ok, f"The clock of this machine is {off:.0f} s off.",
        "" if is_ok else "Have it set by NTP; Slack's requests are refused when it is five minutes off.",
    )  # fmt: skip


def _running(platform: str) -> Finding:
    alive = presence.alive(platform)
    is_ok = any(each.is_connected for each in alive)
    if is_ok:
        return Finding(platform, "process", True, f"{len(alive)} running and connected.")
    detail = "It runs, but is not connected." if alive else "No bot process runs."
    return Finding(platform, "process", False, detail, f"Start it: manage.py runbot {platform} (make run does).")
