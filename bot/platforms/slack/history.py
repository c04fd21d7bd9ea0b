"""Reads from Slack where the bot is, and what was written there."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from bot.messenger import Incoming, Place
from bot.models import Channel, Delivery, Workspace
from bot.platforms.slack import events, members
from bot.platforms.slack.web_api import Client, call, client_for, pages, patiently
from bot.surroundings.utterances import MOST, Utterance

TYPES = "public_channel,private_channel,mpim,im"
IN_THREAD = 1000  # messages of a thread that one call gives, from its beginning
OLDER = 200  # messages from before, whose threads are looked at as well


def places(workspace: Workspace) -> list[Place]:
    """The channels of a workspace that the bot is in. Raises DeliveryError."""
    found = pages(
        client_for(workspace), "users.conversations", "channels", ask_page=patiently,
        types=TYPES, exclude_archived=True,
    )  # fmt: skip
    return [Place(each["id"], each.get("name", ""), events.kind(each)) for each in found]


def since(channel: Channel, moment: datetime) -> Iterator[Incoming]:
    """What people wrote in a channel and its threads, oldest first. Raises DeliveryError."""
    client = client_for(channel.workspace)
    oldest = f"{moment.timestamp():.6f}"
    written = _messages(client, channel.external_id, oldest)
    ours = Delivery.objects.known(channel, [each["latest_reply"] for each in written if "latest_reply" in each])
    for message in written:
        yield from _incoming(channel, message)
        if message.get("latest_reply", "") > oldest and message["latest_reply"] not in ours:
            for reply in _replies(client, channel.external_id, message["ts"], oldest):
                yield from _incoming(channel, reply)


def _messages(client: Client, channel: str, oldest: str) -> list[dict[str, Any]]:
    """Messages since `oldest`, and those before it in whose threads something was said since; oldest first."""
    newer = list(pages(client, "conversations.history", "messages", ask_page=patiently, channel=channel, oldest=oldest))
    older = patiently(client, "conversations.history", channel=channel, latest=oldest, limit=OLDER)["messages"]
    return sorted(
        [*newer, *(each for each in older if each.get("latest_reply", "") > oldest)], key=lambda each: each["ts"]
    )


def _replies(client: Client, channel: str, thread: str, oldest: str) -> Iterator[dict[str, Any]]:
    """Without the message that the thread hangs on, which Slack gives as well."""
    found = pages(
        client, "conversations.replies", "messages", ask_page=patiently, channel=channel, ts=thread, oldest=oldest
    )
    return (each for each in found if each["ts"] != thread)


def _incoming(channel: Channel, message: dict[str, Any]) -> Iterator[Incoming]:
    workspace = channel.workspace
    found = events.message(
        {**message, "channel": channel.external_id},
        workspace=workspace.external_id,
        bot_user=workspace.bot_user_id,
        delivery_key=f"slack:history:{channel.external_id}:{message['ts']}",
    )
    if found is not None:
        yield found


def thread(channel: Channel, thread_id: str, before: str) -> list[Utterance]:
    """What people wrote in a thread before a message, oldest first: what it began with, and the newest of it.

    Slack tells a thread from its beginning; of a longer one than it tells at a time only that is known. Raises
    DeliveryError.
    """
    client = client_for(channel.workspace)
    reply = call(
        client, "conversations.replies", channel=channel.external_id, ts=thread_id, latest=before, limit=IN_THREAD
    )
    written = reply["messages"][:1] if reply.get("has_more") else reply["messages"]
    found = [each for message in written if message["ts"] != before for each in _incoming(channel, message)]
    kept = found if len(found) <= MOST else [found[0], *found[1 - MOST :]]
    names = members.names(channel.workspace, {each.author for each in kept})
    return [each.as_utterance(names.get(each.author, "")) for each in kept]
