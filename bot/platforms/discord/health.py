"""Looks at everything the bot needs on Discord."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from bot.messenger import DeliveryError
from bot.models import Channel, Platform, Workspace
from bot.platforms.discord import invite, rest
from bot.platforms.findings import Finding, channels, running

MESSAGE_CONTENT = 1 << 18 | 1 << 19  # flags of an application: the intent is granted, or granted to a small bot


def examine() -> Iterator[Finding]:
    platform = Platform.DISCORD
    if not settings.DISCORD_BOT_TOKEN:
        yield Finding(platform, "set-up", True, "Discord is not used.", "To use it: see docs/platforms.md")
        return
    try:
        application = rest.application()
        guilds = rest.get("/users/@me/guilds")
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
    invitation = invite.address(application["id"])
    names = ", ".join(each["name"] for each in guilds)
    yield Finding(
        platform, "servers", bool(guilds), f"In: {names}." if guilds else "The bot is in no server.",
        "" if guilds else f"Invite it: {invitation}",
    )  # fmt: skip
    yield from (_permissions(guild, invitation) for guild in guilds if "permissions" in guild)
    for workspace in Workspace.objects.filter(platform=platform, removed_at=None):
        yield from channels(workspace, _member)
    yield running(platform)


def _permissions(guild: dict[str, Any], invitation: str) -> Finding:
    given = int(guild.get("permissions") or 0)
    missing = [name for name, bit in invite.PERMISSIONS.items() if not given & bit and not given & 1 << 3]
    return Finding(
        Platform.DISCORD, f"permissions in {guild['name']}", not missing,
        "All permissions are there." if not missing else f"Missing: {', '.join(missing)}.",
        f"Give them to the bot's role, or invite it anew: {invitation}" if missing else "",
    )  # fmt: skip


def _member(channel: Channel) -> str:
    try:
        rest.get(f"/channels/{channel.external_id}")
    except DeliveryError as error:
        return str(error)
    return ""
