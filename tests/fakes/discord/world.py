"""Discord's state: guilds, channels, people and messages, all indexed. Touched by the server's loop alone."""

import re
import time
from bisect import bisect_left
from collections.abc import Callable

from tests.fakes.discord.rules import HAS_THREAD, DiscordError, Json
from tests.fakes.discord.things import (
    DIRECT_MESSAGES,
    EPOCH,
    EVERYTHING,
    GUILD_MESSAGES,
    GUILDS,
    KINDS,
    PERMISSIONS,
    Channel,
    Event,
    LiveMention,
    Message,
    check_mentions,
    now,
    overwrite,
    permission_bits,
    pings,
    role,
    spoken,
)


class World:
    def __init__(self) -> None:
        self._last = self._last_past = 0
        self.ago = 0.0
        self.emit: Callable[[Event], None] = lambda _event: None
        self.users: dict[int, Json] = {}
        self.guilds: dict[int, Json] = {}
        self.guild_channels: dict[int, list[int]] = {}
        self.channels: dict[int, Channel] = {}
        self.direct: dict[int, int] = {}
        self.deaf_users: set[int] = set()
        self.roles: dict[tuple[int, int], list[str]] = {}  # of members
        self.live_mentions: list[LiveMention] = []
        self.nonce_seconds = 120.0
        self.bot_id = self.add_user("parley", is_bot=True)
        self.application_id = self.new_id()

    def new_id(self) -> int:
        self._last = max(self._last + 1, int(time.time() * 1000 - EPOCH) << 22)
        return self._last

    def new_message_id(self) -> int:
        """The id of a message that people write now, or `ago` seconds before."""
        if not self.ago:
            return self.new_id()
        self._last_past = max(self._last_past + 1, int((time.time() - self.ago) * 1000 - EPOCH) << 22)
        return self._last_past

    def add_user(self, name: str, *, is_bot: bool = False) -> int:
        user = self.new_id()
        self.users[user] = {
            "id": str(user), "username": name, "global_name": name, "discriminator": "0", "avatar": None,
            "bot": is_bot, "public_flags": 0,
        }  # fmt: skip
        return user

    def add_guild(self, name: str, guild: int | None = None) -> int:
        guild = guild or ((self.new_id() >> 22) + 1) << 22
        self._last = max(self._last, guild)
        bot_role = str(self.new_id())
        self.guilds[guild] = {
            "id": str(guild), "name": name, "owner_id": str(self.new_id()), "icon": None, "features": [],
            "verification_level": 0, "default_message_notifications": 0, "explicit_content_filter": 0,
            "mfa_level": 0, "nsfw_level": 0, "premium_tier": 0, "preferred_locale": "en-US", "emojis": [],
            "stickers": [], "system_channel_flags": 0, "bot_roles": [bot_role],
            "roles": [role(str(guild), "@everyone", 0), {
                **role(bot_role, "parley", 1), "managed": True, "tags": {"bot_id": str(self.bot_id)}}],
        }  # fmt: skip
        self.guild_channels[guild] = []
        return guild

    def member(self, guild: int, user: int) -> Json:
        roles = self.guilds[guild]["bot_roles"] if user == self.bot_id else self.roles.get((guild, user), [])
        return {
            "roles": roles, "joined_at": "2024-01-01T00:00:00+00:00", "nick": None, "avatar": None,
            "deaf": False, "mute": False, "flags": 0, "pending": False,
        }  # fmt: skip

    def full_guild(self, guild: int) -> Json:
        channels = [self.channels[key] for key in self.guild_channels[guild]]
        threads = [self.channels[key] for channel in channels if channel.may & PERMISSIONS["view_channel"]
                   for key in channel.threads]  # fmt: skip
        return self.bare_guild(guild) | {
            "joined_at": now(), "large": False, "unavailable": False, "member_count": 2, "voice_states": [],
            "members": [self.member(guild, self.bot_id) | {"user": self.users[self.bot_id]}], "presences": [],
            "channels": [channel.data for channel in channels], "stage_instances": [], "guild_scheduled_events": [],
            "soundboard_sounds": [],
            "threads": [thread.data for thread in threads if not thread.data["thread_metadata"]["archived"]],
        }  # fmt: skip

    def bare_guild(self, guild: int) -> Json:
        return {key: value for key, value in self.guilds[guild].items() if key != "bot_roles"}

    def add_channel(self, name: str, kind: str, guild: int, denied: bool, may: list[str] | None) -> Channel:
        bits = permission_bits(may)
        overwrites = [
            *([overwrite(guild, 0, 0, PERMISSIONS["view_channel"])] if denied else []),
            *([overwrite(self.bot_id, 1, bits, EVERYTHING & ~bits)] if denied or may is not None else []),
        ]
        data: Json = {
            "id": str(self.new_id()), "type": KINDS[kind], "guild_id": str(guild), "name": name, "topic": None,
            "position": len(self.guild_channels[guild]), "parent_id": None, "nsfw": False, "last_message_id": None,
            "rate_limit_per_user": 0, "permission_overwrites": overwrites, "flags": 0,
            "default_auto_archive_duration": 1440, "bitrate": 64000, "user_limit": 0, "rtc_region": None,
            "available_tags": [], "default_reaction_emoji": None, "default_sort_order": None,
            "default_forum_layout": 0,
        }  # fmt: skip
        channel = self.channels[int(data["id"])] = Channel(data, guild, bits)
        self.guild_channels[guild].append(channel.id)
        self.emit(Event("CHANNEL_CREATE", data, guild, GUILDS))
        return channel

    def open_dm(self, user: int) -> Channel:
        if user not in self.direct:
            data: Json = {
                "id": str(self.new_id()),
                "type": 1,
                "last_message_id": None,
                "recipients": [self.users[user]],
            }
            self.direct[user] = int(data["id"])
            self.channels[self.direct[user]] = Channel(data, None, EVERYTHING, user)
        return self.channels[self.direct[user]]

    def remove_guild(self, guild: int) -> None:
        for key in self.guild_channels.pop(guild):
            for thread in self.channels.pop(key).threads:
                self.channels.pop(thread, None)
        self.emit(Event("GUILD_DELETE", {"id": str(guild)}, guild, GUILDS))
        del self.guilds[guild]

    def remove_channel(self, key: int) -> None:
        channel = self.channels.pop(key)
        assert channel.guild
        for thread in channel.threads:
            self.channels.pop(thread, None)
        if channel.is_thread:
            parent = self.channels.get(int(channel.data["parent_id"]))
            if parent:
                parent.threads.remove(key)
        else:
            self.guild_channels[channel.guild].remove(key)
        name = "THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE"
        self.emit(Event(name, channel.data, channel.guild, GUILDS))

    def allow(self, channel: Channel, bits: int) -> None:
        for each in (channel, *(self.channels[key] for key in channel.threads)):
            each.may = bits
        kept = [each for each in channel.data["permission_overwrites"] if each["id"] != str(self.bot_id)]
        channel.data["permission_overwrites"] = [*kept, overwrite(self.bot_id, 1, bits, EVERYTHING & ~bits)]
        self.emit(Event("CHANNEL_UPDATE", channel.data, channel.guild, GUILDS))

    def archive(self, thread: Channel, locked: bool, archived: bool = True) -> None:
        thread.data["thread_metadata"] |= {"archived": archived, "locked": locked, "archive_timestamp": now()}
        self.emit(Event("THREAD_UPDATE", thread.data, thread.guild, GUILDS))

    def add_role(self, guild: int, name: str) -> int:
        key = self.new_id()
        data = role(str(key), name, len(self.guilds[guild]["roles"]))
        self.guilds[guild]["roles"].append(data)
        self.emit(Event("GUILD_ROLE_CREATE", {"guild_id": str(guild), "role": data}, guild, GUILDS))
        return key

    def create_thread(self, parent: Channel, owner: int, name: str, thread: int, options: Json) -> Channel:
        data = {
            "id": str(thread), "type": 10 if parent.data["type"] == 5 else 11, "guild_id": str(parent.guild),
            "parent_id": str(parent.id), "owner_id": str(owner), "name": name, "message_count": 0, "member_count": 1,
            "total_message_sent": 0, "rate_limit_per_user": 0, "last_message_id": None, "flags": 0,
            "applied_tags": options.get("applied_tags") or [],
            "thread_metadata": {
                "archived": False, "locked": False, "archive_timestamp": now(), "create_timestamp": now(),
                "auto_archive_duration": options.get("auto_archive_duration") or 1440},
        }  # fmt: skip
        channel = self.channels[thread] = Channel(data, parent.guild, parent.may)
        parent.threads.append(thread)
        member = {"id": str(thread), "user_id": str(self.bot_id), "join_timestamp": now(), "flags": 0}
        extra: Json = {"member": member} if owner == self.bot_id else {}
        if parent.may & PERMISSIONS["view_channel"]:
            self.emit(Event("THREAD_CREATE", data | extra | {"newly_created": True}, parent.guild, GUILDS))
        starter = parent.messages.get(thread)
        if starter:
            starter.data |= {"thread": data, "flags": starter.data["flags"] | HAS_THREAD}
            self.say("MESSAGE_UPDATE", parent, starter.data)
            place = {"message_id": str(thread), "channel_id": str(parent.id), "guild_id": str(parent.guild)}
            self.add_message(channel, owner, {"message_reference": place}, kind=21)
        return channel

    def add_message(self, channel: Channel, author: int, body: Json, *, kind: int = 0, number: int = 0,
                    extra: Json | None = None, is_hidden: bool = False,
                    brings_reply: bool = True) -> Message:  # fmt: skip
        number = number or self.new_message_id()
        data: Json = {
            "id": str(number), "channel_id": str(channel.id), "author": self.users[author], "type": kind,
            "content": body.get("content") or "", "timestamp": now(), "edited_timestamp": None, "tts": False,
            "pinned": False, "attachments": body.get("attachments") or [], "embeds": body.get("embeds") or [],
            "components": body.get("components") or [], "flags": body.get("flags") or 0,
        } | self.mentions_in(body)  # fmt: skip
        if body.get("nonce") is not None:
            data["nonce"] = body["nonce"]
        if body.get("message_reference"):
            data["message_reference"] = body["message_reference"]
            original = self.channels[int(body["message_reference"]["channel_id"])].messages.get(
                int(body["message_reference"]["message_id"])
            )
            if brings_reply:  # Discord may leave it out, and says null where it is deleted
                data["referenced_message"] = original and {
                    key: value for key, value in original.data.items() if key not in ("referenced_message", "thread")
                }
        message = Message(data | (extra or {}), body.get("allowed_mentions"))
        if is_hidden:
            return message
        channel.messages[number] = message
        if channel.ids and number < channel.ids[-1]:
            channel.ids.insert(bisect_left(channel.ids, number), number)
        else:
            channel.ids.append(number)
        channel.data["last_message_id"] = str(number)
        if channel.is_thread and kind != 21:
            channel.data["total_message_sent"] += 1
            channel.data["message_count"] += 1
        self.say("MESSAGE_CREATE", channel, message.data)
        return message

    def mentions_in(self, body: Json) -> Json:
        text = spoken(body)
        users = dict.fromkeys(int(key) for key in re.findall(r"<@!?(\d+)>", text))
        return {
            "mentions": [self.users[key] for key in users if key in self.users],
            "mention_roles": list(dict.fromkeys(re.findall(r"<@&(\d+)>", text))),
            "mention_everyone": bool(re.search(r"@(everyone|here)\b", text)),
        }

    def say(self, name: str, channel: Channel, data: Json) -> None:
        """An event about a message to every session that may see it."""
        if not channel.may & PERMISSIONS["view_channel"]:
            return
        if channel.guild is None:
            self.emit(Event(name, data, None, DIRECT_MESSAGES))
            return
        data = data | {"guild_id": str(channel.guild)}
        if "author" in data:
            data["member"] = self.member(channel.guild, int(data["author"]["id"]))
        self.emit(Event(name, data, channel.guild, GUILD_MESSAGES))

    def change_message(self, message: Message, body: Json) -> None:
        changes: Json = {key: body[key] or ("" if key == "content" else []) for key in
                   ("content", "embeds", "components", "attachments") if key in body}  # fmt: skip
        message.data.update(changes)
        if body.get("flags") is not None:
            message.data["flags"] = message.data["flags"] & ~(1 << 2 | 1 << 12) | body["flags"]
        message.data.update(self.mentions_in(message.data), edited_timestamp=now(self.ago))
        message.edits += 1
        if "allowed_mentions" in body:
            message.allowed_mentions = body["allowed_mentions"]

    def delete_message(self, channel: Channel, number: int) -> None:
        del channel.messages[number]
        del channel.ids[bisect_left(channel.ids, number)]
        self.say("MESSAGE_DELETE", channel, {"id": str(number), "channel_id": str(channel.id)})

    def find(self, channel: int) -> Channel:
        if channel not in self.channels:
            raise DiscordError(10003)
        return self.channels[channel]

    def watch_pings(self, channel: Channel, body: Json, *, is_edit: bool, replied: str | None = None) -> None:
        found = pings(body, replied)
        self.live_mentions += [LiveMention(channel.id, kind, target, is_edit) for kind, target in found]
        check_mentions(body)
