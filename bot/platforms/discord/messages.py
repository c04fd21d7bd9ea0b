"""Discord's messages and interactions, in the words of this room. It touches the library's objects, not the network."""

import re
from datetime import datetime, timedelta
from typing import Any

import discord

from bot.messenger import Attached, Incoming
from bot.models import ChannelKind, NominationWay, Platform
from bot.models.channels import DIRECT
from bot.platforms.discord import quoting
from bot.team import circles
from bot.team.circles import Circle
from bot.team.nominating import Pointing
from foundation import secrets

REPLY_FOR = timedelta(minutes=14)  # an interaction's token lives for fifteen
WRITTEN = {discord.MessageType.default, discord.MessageType.reply}
INTERACTION = "interaction:"  # before the id of a command, which is no message
EPOCH = 1420070400000  # Discord's ids count milliseconds from here


def workspace_of(guild: discord.Guild | None) -> str:
    return str(guild.id) if guild else DIRECT


def incoming(message: discord.Message, me: int) -> Incoming | None:
    """A message of a person; None for those of bots, webhooks and the system."""
    if message.author.bot or message.webhook_id or message.type not in WRITTEN:
        return None
    thread = message.channel if isinstance(message.channel, discord.Thread) else None
    place = thread.parent if thread and thread.parent else message.channel
    return Incoming(
        platform=Platform.DISCORD,
        workspace=workspace_of(message.guild),
        channel=str(thread.parent_id if thread else message.channel.id),
        channel_name=getattr(place, "name", "") or "",
        kind=kind_of(message.channel, message),
        has_outsiders=has_outsiders(place, message.guild),
        is_threaded=message.guild is not None,
        message_id=str(message.id),
        thread_id=str(thread.id) if thread else "",
        author=str(message.author.id),
        author_name=message.author.display_name,
        text=quoting.text(message, me, thread),
        delivery_key=f"discord:message:{message.id}",
        is_mention=_names(message, me),
        asked_at=message.created_at,
        unread=quoting.unread(message),
        quoted=tuple(quoting.quoted(message, me)),
        replies_to=quoting.replied_to(message, me),
        files=files(message),
        markdown=markdown(message, me),
    )


def kind_of(channel: Any, message: discord.Message | None = None) -> ChannelKind:
    if isinstance(channel, discord.Thread):
        is_post = isinstance(channel.parent, discord.ForumChannel) or (message is not None and message.id == channel.id)
        return ChannelKind.FORUM if is_post else ChannelKind.CHANNEL
    if isinstance(channel, discord.ForumChannel):
        return ChannelKind.FORUM
    if isinstance(channel, discord.GroupChannel):
        return ChannelKind.GROUP
    return (
        ChannelKind.DIRECT
        if isinstance(channel, discord.DMChannel | discord.PartialMessageable)
        else ChannelKind.CHANNEL
    )


def has_outsiders(place: Any, guild: discord.Guild | None) -> bool:
    """Whether everybody on the server reads a channel, or nobody knows who does: anybody may join a server."""
    if guild is None or not hasattr(place, "permissions_for"):
        return True
    return bool(place.permissions_for(guild.default_role).view_channel)


def _names(message: discord.Message, me: int) -> bool:
    if me in message.raw_mentions:
        return True
    return any(role.tags is not None and role.tags.bot_id == me for role in message.role_mentions)


def markdown(message: discord.Message, me: int) -> str:
    """What a person wrote, as it stands, with people, roles and channels by their names."""
    written = re.sub(rf"<@!?{me}>", "", message.content)
    for person in message.mentions:
        written = re.sub(rf"<@!?{person.id}>", f"@{person.display_name}", written)
    for role in message.role_mentions:
        written = written.replace(f"<@&{role.id}>", f"@{role.name}")
    for channel in message.channel_mentions:
        written = written.replace(f"<#{channel.id}>", f"#{channel.name}")
    forwarded = ["\n".join(f"> {line}" for line in each.content.splitlines()) for each in message.message_snapshots]
    written = "\n\n".join(filter(None, [written.strip(), *forwarded]))
    return re.sub(r"<(a?)(:\w+:)\d+>", r"\2", written)


def files(message: discord.Message) -> tuple[Attached, ...]:
    """What came with a message, and with those that it forwards; a sticker is a picture."""
    every: list[discord.Message | discord.MessageSnapshot] = [message, *message.message_snapshots]
    sent = [file for each in every for file in each.attachments]
    stickers = [sticker for each in every for sticker in each.stickers]
    return (
        *(Attached(file.filename, file.url) for file in sent),
        *(Attached(sticker.name, sticker.url) for sticker in stickers),
    )


def asked(interaction: discord.Interaction, question: str, now: datetime) -> Incoming:
    """A question by /ask, to be answered in private."""
    return Incoming(
        **_origin(interaction),
        message_id=f"{INTERACTION}{interaction.id}",
        text=question,
        is_private=True,
        asked_in=str(interaction.channel.id) if isinstance(interaction.channel, discord.Thread) else "",
        reply_token=secrets.encrypt(f"{interaction.application_id}/{interaction.token}"),
        reply_until=now + REPLY_FOR,
    )


def pointed(interaction: discord.Interaction, data: dict[str, Any], me: int) -> Incoming:
    """A message that somebody pointed at with "Ask about this": the question is what it says."""
    target = str(data["target_id"])
    message: dict[str, Any] = data["resolved"]["messages"][target]
    channel, author = interaction.channel, message.get("author") or {}
    title = channel.name if isinstance(channel, discord.Thread) and target == str(channel.id) else ""
    words = re.sub(rf"<@!?{me}>", "", message.get("content") or "").strip()
    return Incoming(
        **_origin(interaction),
        message_id=target,
        thread_id=str(channel.id) if isinstance(channel, discord.Thread) else "",
        text=f"{title}\n\n{words}".strip(),
        unread=tuple(file["filename"] for file in message.get("attachments") or ()),
        quoted=tuple(quoting.told(message, me)),
        pointed_author="" if author.get("bot") else str(author.get("id", "")),
        asked_at=interaction.created_at,
    )


def nominated(interaction: discord.Interaction, data: dict[str, Any], me: int) -> Pointing:
    """A message that somebody chose "Use as example" for."""
    target = str(data["target_id"])
    message: dict[str, Any] = data["resolved"]["messages"][target]
    author = message.get("author") or {}
    channel = interaction.channel
    return Pointing(
        platform=Platform.DISCORD,
        workspace=workspace_of(interaction.guild),
        channel="",
        message_id=target,
        person=str(interaction.user.id),
        person_name=interaction.user.display_name,
        way=NominationWay.MENU,
        at=interaction.created_at,
        author=str(author.get("id", "")),
        thread_id=str(channel.id) if isinstance(channel, discord.Thread) else "",
        text="" if author.get("bot") else re.sub(rf"<@!?{me}>", "", message.get("content") or ""),
        written_at=discord.utils.snowflake_time(int(target)),
    )


Reaction = discord.RawReactionActionEvent | discord.RawReactionClearEvent | discord.RawReactionClearEmojiEvent


def reacted(payload: Reaction, now: datetime) -> Pointing:
    """A message that somebody put a reaction under, or took one away from; a moderator takes away everybody's."""
    one = payload if isinstance(payload, discord.RawReactionActionEvent) else None
    return Pointing(
        platform=Platform.DISCORD,
        workspace=str(payload.guild_id),
        channel="",
        message_id=str(payload.message_id),
        person=str(one.user_id) if one else "",
        person_name=one.member.display_name if one and one.member else "",
        way=NominationWay.REACTION,
        at=now,
    )


def is_in(circle: Circle, member: discord.User | discord.Member | None) -> bool:
    """Whether somebody belongs to those who may propose, by what Discord told of them with what they did."""
    if member is None:
        return False
    if str(member.id) in circle.ids:
        return True
    if not isinstance(member, discord.Member):
        return False
    roles = {each.removeprefix(circles.ROLE) for each in circle.ids if each.startswith(circles.ROLE)}
    if any(str(role.id) in roles for role in member.roles):
        return True
    team = member.guild.get_channel(int(circle.team.external_id)) if circle.team and not circle.ids else None
    return team is not None and team.permissions_for(member).view_channel


def place_of(interaction: discord.Interaction) -> tuple[str, str]:
    """The workspace and the channel of an interaction, threads by their parent."""
    channel = interaction.channel
    parent = channel.parent_id if isinstance(channel, discord.Thread) else interaction.channel_id
    return workspace_of(interaction.guild), str(parent)


def _origin(interaction: discord.Interaction) -> dict[str, Any]:
    """Where an interaction came from, and whose it is."""
    channel = interaction.channel
    place = channel.parent if isinstance(channel, discord.Thread) else channel
    workspace, parent = place_of(interaction)
    return {
        "platform": Platform.DISCORD,
        "workspace": workspace,
        "channel": parent,
        "channel_name": getattr(place, "name", "") or "",
        "kind": ChannelKind.DIRECT if interaction.guild is None else kind_of(place),
        "has_outsiders": has_outsiders(place, interaction.guild),
        "is_threaded": interaction.guild is not None,
        "author": str(interaction.user.id),
        "author_name": interaction.user.display_name,
        "delivery_key": f"discord:interaction:{interaction.id}",
        "is_explicit": True,
    }


def snowflake(at: datetime) -> int:
    """The smallest id of what was made at that time."""
    return (int(at.timestamp() * 1000) - EPOCH) << 22
