"""What the bot does to messages and threads over REST, and what it may not do."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.fakes.discord.rules import EPHEMERAL, V2, DiscordError, Json, check_message, check_text, invalid
from tests.fakes.discord.things import DIRECT_REACTIONS, GUILD_REACTIONS, GUILDS, PERMISSIONS, Channel, Event, Message
from tests.fakes.discord.world import World

Reply = tuple[int, Any]
SUPPRESS = 1 << 2 | 1 << 12


@dataclass
class Asked:
    """One request: the variable parts of its path in turn, its query and its body."""

    parts: list[str]
    query: dict[str, str]
    body: Any
    files: int = 0


@dataclass
class Messages:
    world: World
    hides_content: Callable[[Json], bool]
    typing: list[tuple[int, float]] = field(default_factory=list)

    def channel(self, key: str, *needs: str) -> Channel:
        channel = self.world.find(int(key))
        if not channel.may & PERMISSIONS["view_channel"]:
            raise DiscordError(50001)
        if any(not channel.may & PERMISSIONS[need] for need in needs):
            raise DiscordError(50013)
        return channel

    def message(self, channel: Channel, key: str) -> Message:
        if int(key) not in channel.messages:
            raise DiscordError(10008)
        return channel.messages[int(key)]

    def shown(self, channel: Channel, message: Message) -> Json:
        """A message as REST gives it, which hides content as the gateway does."""
        data = message.data
        if channel.guild is not None and self.hides_content(data | {"guild_id": str(channel.guild)}):
            return data | {"content": "", "embeds": [], "attachments": [], "components": []}
        return data

    def list_messages(self, asked: Asked) -> Reply:
        channel, limit = self.channel(asked.parts[0]), int(asked.query.get("limit", 50))
        if not 1 <= limit <= 100:
            raise invalid("limit", "int value should be between 1 and 100.", "NUMBER_TYPE_MAX")
        if not channel.may & PERMISSIONS["read_message_history"]:
            return 200, []
        return 200, [self.shown(channel, message) for message in channel.page(asked.query, limit)]

    def get_message(self, asked: Asked) -> Reply:
        channel = self.channel(asked.parts[0], "read_message_history")
        return 200, self.shown(channel, self.message(channel, asked.parts[1]))

    def _writable(self, asked: Asked) -> Channel:
        channel = self.channel(asked.parts[0])
        if channel.data["type"] in (4, 15):
            raise DiscordError(50008)
        if channel.recipient in self.world.deaf_users:
            raise DiscordError(50007)
        self.channel(asked.parts[0], "send_messages_in_threads" if channel.is_thread else "send_messages")
        state = channel.data.get("thread_metadata", {})
        if state.get("locked") and not channel.may & PERMISSIONS["manage_threads"]:
            raise DiscordError(160005)
        return channel

    def _reference(self, channel: Channel, body: Json) -> Message | None:
        reference = body.get("message_reference")
        if not reference:
            return None
        if not channel.may & PERMISSIONS["read_message_history"]:
            raise DiscordError(160002)
        replied = channel.messages.get(int(reference["message_id"]))
        if not replied and reference.get("fail_if_not_exists", True):
            raise invalid("message_reference", "Unknown message", "MESSAGE_REFERENCE_UNKNOWN_MESSAGE")
        body["message_reference"] = {"channel_id": str(channel.id)} | reference if replied else None
        return replied

    def send(self, asked: Asked) -> Reply:
        return 200, self.say(self._writable(asked), asked).data

    def say(self, channel: Channel, asked: Asked, number: int = 0) -> Message:
        body: Json = dict(asked.body)
        body["flags"] = int(body.get("flags") or 0) & (V2 | SUPPRESS)
        check_message(body, body["flags"], has_files=bool(asked.files))
        if asked.files and not channel.may & PERMISSIONS["attach_files"]:
            raise DiscordError(50013)
        replied = self._reference(channel, body)
        key, moment = str(body.get("nonce")), time.monotonic()
        if body.get("enforce_nonce") and body.get("nonce") is not None:
            at, first = channel.nonces.get(key, (-1e9, 0))
            if moment - at < self.world.nonce_seconds and first in channel.messages:
                return channel.messages[first]
        self.world.watch_pings(channel, body, is_edit=False, replied=replied.data["author"]["id"] if replied else None)
        if channel.is_thread and channel.data["thread_metadata"]["archived"]:
            channel.data["thread_metadata"]["archived"] = False
            self.world.emit(Event("THREAD_UPDATE", channel.data, channel.guild, GUILDS))
        body["attachments"] = attachments(asked.files)
        message = self.world.add_message(channel, self.world.bot_id, body, kind=19 if replied else 0, number=number)
        if body.get("nonce") is not None:
            channel.nonces[key] = (moment, int(message.data["id"]))
        return message

    def edit(self, asked: Asked) -> Reply:
        channel = self.channel(asked.parts[0])
        message = self.message(channel, asked.parts[1])
        if message.data["author"]["id"] != str(self.world.bot_id):
            raise DiscordError(50005)
        if channel.data.get("thread_metadata", {}).get("archived"):
            raise DiscordError(50083)
        if channel.data.get("thread_metadata", {}).get("locked") and not channel.may & PERMISSIONS["manage_threads"]:
            raise DiscordError(160005)  # nobody but moderators changes anything in it, their own posts included
        self.rewrite(channel, message, asked)
        self.world.say("MESSAGE_UPDATE", channel, message.data)
        return 200, message.data

    def rewrite(self, channel: Channel, message: Message, asked: Asked) -> None:
        flags = int(asked.body.get("flags") or 0) & (V2 | SUPPRESS)
        check_message(asked.body, message.data["flags"] | flags, is_edit=True)
        after = {key: asked.body.get(key, message.data[key]) for key in ("content", "embeds", "components")}
        if not any(after.values()) and not message.data["attachments"] and not asked.files:
            raise DiscordError(50006)
        if not message.data["flags"] & EPHEMERAL:
            self.world.watch_pings(channel, asked.body, is_edit=True)
        self.world.change_message(message, asked.body | ({"flags": flags} if "flags" in asked.body else {}))

    def delete(self, asked: Asked) -> Reply:
        channel = self.channel(asked.parts[0])
        message = self.message(channel, asked.parts[1])
        if channel.data.get("thread_metadata", {}).get("archived"):
            raise DiscordError(50083)
        mine = message.data["author"]["id"] == str(self.world.bot_id)
        if not mine and not (channel.guild and channel.may & PERMISSIONS["manage_messages"]):
            raise DiscordError(50013)
        self.world.delete_message(channel, int(asked.parts[1]))
        return 204, None

    def type(self, asked: Asked) -> Reply:
        self.typing.append((self._writable(asked).id, time.monotonic()))
        return 204, None

    def _reaction(self, asked: Asked, name: str) -> tuple[Channel, Message, str]:
        channel = self.channel(asked.parts[0], "read_message_history")
        message, emoji = self.message(channel, asked.parts[1]), unquote(asked.parts[2])
        place = {"channel_id": str(channel.id), "message_id": asked.parts[1], "user_id": str(self.world.bot_id)}
        data: Json = place | {"emoji": {"id": None, "name": emoji}, "burst": False, "type": 0}
        if channel.guild:
            data["guild_id"] = str(channel.guild)
        self.world.emit(Event(name, data, channel.guild, GUILD_REACTIONS if channel.guild else DIRECT_REACTIONS))
        return channel, message, emoji

    def react(self, asked: Asked) -> Reply:
        if self.channel(asked.parts[0], "add_reactions").data.get("thread_metadata", {}).get("archived"):
            raise DiscordError(50083)
        _, message, emoji = self._reaction(asked, "MESSAGE_REACTION_ADD")
        counts = {"count": 1, "me": True, "burst_count": 0, "me_burst": False, "burst_colors": []}
        counts["count_details"] = {"burst": 0, "normal": 1}
        self._unreact(message, emoji)
        message.data["reactions"].append(counts | {"emoji": {"id": None, "name": emoji}})
        return 204, None

    def unreact(self, asked: Asked) -> Reply:
        _, message, emoji = self._reaction(asked, "MESSAGE_REACTION_REMOVE")
        self._unreact(message, emoji)
        return 204, None

    def _unreact(self, message: Message, emoji: str) -> None:
        before = message.data.get("reactions", [])
        message.data["reactions"] = [each for each in before if each["emoji"]["name"] != emoji]

    def _thread_name(self, body: Json) -> str:
        if body.get("auto_archive_duration", 1440) not in (60, 1440, 4320, 10080, None):
            raise invalid("auto_archive_duration", "Value must be one of (60, 1440, 4320, 10080).", "BASE_TYPE_CHOICES")
        return check_text(body.get("name"), "name", 100, 1)

    def thread_on_message(self, asked: Asked) -> Reply:
        channel = self.channel(asked.parts[0])
        message = self.message(channel, asked.parts[1])
        if channel.data["type"] not in (0, 5):
            raise DiscordError(50024)
        self.channel(asked.parts[0], "create_public_threads")
        name, number = self._thread_name(asked.body), int(asked.parts[1])
        if number in self.world.channels:
            raise DiscordError(160004)
        if message.data["type"] not in (0, 19, 20, 23):
            raise DiscordError(50068, message="Invalid message type")
        return 201, self.world.create_thread(channel, self.world.bot_id, name, number, asked.body).data

    def thread(self, asked: Asked) -> Reply:
        """A forum post, or a thread without a starter."""
        parent, body = self.channel(asked.parts[0]), asked.body
        is_forum, number = parent.data["type"] == 15, self.world.new_id()
        if not is_forum and parent.data["type"] not in (0, 5):
            raise DiscordError(50024)
        kind = "create_public_threads" if body.get("type") in (10, 11) else "create_private_threads"
        self.channel(asked.parts[0], "send_messages" if is_forum else kind)
        name = self._thread_name(body)
        if not is_forum:
            return 201, self.world.create_thread(parent, self.world.bot_id, name, number, body).data
        if not isinstance(body.get("message"), dict):
            raise invalid("message", "This field is required", "BASE_TYPE_REQUIRED")
        check_message(body["message"], int(body["message"].get("flags") or 0), has_files=bool(asked.files))
        thread = self.world.create_thread(parent, self.world.bot_id, name, number, body)
        message = self.say(thread, Asked([str(number)], {}, body["message"], asked.files), number)
        return 201, thread.data | {"message": message.data}


def attachments(count: int) -> list[Json]:
    return [
        {"id": str(number + 1), "filename": f"file{number}.txt", "size": 1, "url": f"https://cdn.invalid/{number}",
         "proxy_url": f"https://cdn.invalid/{number}", "content_type": "text/plain"} for number in range(count)
    ]  # fmt: skip
