"""The bot's own routes: what each of them asks for, does and answers."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fakes.discord.messages import Asked, Messages, Reply
from tests.fakes.discord.rules import DiscordError, Json, check_commands, check_text, invalid
from tests.fakes.discord.things import GUILDS, PERMISSIONS, Channel, Event


@dataclass
class Rest(Messages):
    commands: dict[int | None, list[Json]] = field(default_factory=dict)
    app_flags: Callable[[], int] = lambda: 0

    def routes(self) -> dict[tuple[str, str], Callable[[Asked], Reply]]:
        message = "channels/#/messages/#"
        return {
            ("GET", "users/@me"): lambda _: (200, self.world.users[self.world.bot_id]),
            ("GET", "users/#"): self.user,
            ("GET", "users/@me/guilds"): lambda _: (200, [self.world.bare_guild(key) for key in self.world.guilds]),
            ("POST", "users/@me/channels"): self.open_dm,
            ("GET", "oauth2/applications/@me"): self.application,
            ("GET", "applications/@me"): self.application,
            ("GET", "applications/#"): self.application,
            ("GET", "applications/#/commands"): self.list_commands,
            ("PUT", "applications/#/commands"): self.put_commands,
            ("GET", "applications/#/guilds/#/commands"): self.list_commands,
            ("PUT", "applications/#/guilds/#/commands"): self.put_commands,
            ("GET", "channels/#"): lambda asked: (200, self.channel(asked.parts[0]).data),
            ("PATCH", "channels/#"): self.patch_channel,
            ("GET", "channels/#/messages"): self.list_messages,
            ("POST", "channels/#/messages"): self.send,
            ("GET", message): self.get_message,
            ("PATCH", message): self.edit,
            ("DELETE", message): self.delete,
            ("PUT", f"{message}/reactions/*/@me"): self.react,
            ("DELETE", f"{message}/reactions/*/@me"): self.unreact,
            ("POST", f"{message}/threads"): self.thread_on_message,
            ("POST", "channels/#/threads"): self.thread,
            ("POST", "channels/#/typing"): self.type,
            ("PUT", "channels/#/thread-members/@me"): self.join_thread,
            ("GET", "guilds/#"): lambda asked: (200, self.world.bare_guild(self.guild(asked))),
            ("GET", "guilds/#/channels"): self.guild_channels,
            ("GET", "guilds/#/roles"): lambda asked: (200, self.world.guilds[self.guild(asked)]["roles"]),
            ("GET", "guilds/#/threads/active"): self.active_threads,
            ("GET", "guilds/#/members/#"): self.member,
        }

    def guild(self, asked: Asked) -> int:
        if int(asked.parts[0]) not in self.world.guilds:
            raise DiscordError(10004)
        return int(asked.parts[0])

    def application(self, _: Asked) -> Reply:
        bot = self.world.users[self.world.bot_id]
        return 200, {
            "id": str(self.world.application_id), "name": bot["username"], "description": "", "icon": None, "bot": bot,
            "bot_public": True, "bot_require_code_grant": False, "verify_key": "0" * 64, "flags": self.app_flags(),
            "owner": bot | {"id": "1", "username": "owner", "bot": False}, "team": None, "rpc_origins": [],
            "summary": "", "hook": True,
        }  # fmt: skip

    def join_thread(self, asked: Asked) -> Reply:
        self.channel(asked.parts[0])
        return 204, None

    def user(self, asked: Asked) -> Reply:
        if int(asked.parts[0]) not in self.world.users:
            raise DiscordError(10013)
        return 200, self.world.users[int(asked.parts[0])]

    def member(self, asked: Asked) -> Reply:
        guild, user = self.guild(asked), int(asked.parts[1])
        if user not in self.world.users:
            raise DiscordError(10007)
        return 200, self.world.member(guild, user) | {"user": self.world.users[user]}

    def open_dm(self, asked: Asked) -> Reply:
        user = int(asked.body.get("recipient_id") or 0)
        if user not in self.world.users:
            raise invalid("recipient_id", "Unknown user.")
        return 200, self.world.open_dm(user).data

    def guild_channels(self, asked: Asked) -> Reply:
        return 200, [self.world.channels[key].data for key in self.world.guild_channels[self.guild(asked)]]

    def active_threads(self, asked: Asked) -> Reply:
        channels = [self.world.channels[key] for key in self.world.guild_channels[self.guild(asked)]]
        seen = [channel for channel in channels if channel.may & PERMISSIONS["view_channel"]]
        threads = [self.world.channels[key].data for channel in seen for key in reversed(channel.threads)]
        return 200, {"threads": [each for each in threads if not each["thread_metadata"]["archived"]], "members": []}

    def _commands_of(self, asked: Asked) -> int | None:
        if int(asked.parts[0]) != self.world.application_id:
            raise DiscordError(50001)
        guild = int(asked.parts[1]) if len(asked.parts) > 1 else None
        if guild is not None and guild not in self.world.guilds:
            raise DiscordError(50001)
        return guild

    def list_commands(self, asked: Asked) -> Reply:
        """Without translations, unless they are asked for."""
        known = self.commands.get(self._commands_of(asked), [])
        return 200, known if asked.query.get("with_localizations") == "true" else [
            _untranslated(each) for each in known
        ]

    def put_commands(self, asked: Asked) -> Reply:
        guild = self._commands_of(asked)
        check_commands(asked.body)
        known = {(each["type"], each["name"]): each["id"] for each in self.commands.get(guild, [])}
        defaults: Json = {"description": "", "options": [], "default_member_permissions": None, "nsfw": False}
        stored = []
        for command in asked.body:
            kind = command.get("type", 1)
            key = known.get((kind, command["name"])) or str(self.world.new_id())
            fixed = {"id": key, "application_id": str(self.world.application_id), "type": kind, "version": key}
            stored.append(defaults | command | fixed | ({"guild_id": str(guild)} if guild else {}))
        self.commands[guild] = stored
        return 200, stored

    def patch_channel(self, asked: Asked) -> Reply:
        channel, body = self.channel(asked.parts[0]), asked.body
        mine = channel.is_thread and channel.data["owner_id"] == str(self.world.bot_id)
        need = PERMISSIONS["manage_threads" if channel.is_thread else "manage_channels"]
        # Whoever may write in a thread may open it again, unless it is locked.
        wakes = channel.is_thread and body == {"archived": False} and not channel.data["thread_metadata"]["locked"]
        wakes = wakes and bool(channel.may & PERMISSIONS["send_messages_in_threads"])
        if not channel.may & need and not wakes and not (mine and not body.get("locked") and not _is_locked(channel)):
            raise DiscordError(50013)
        is_archived = channel.is_thread and channel.data["thread_metadata"]["archived"]
        if is_archived and body.get("archived") is not False:
            raise DiscordError(50083)
        if len(body.get("applied_tags") or ()) > 5:
            raise invalid("applied_tags", "Must be 5 or fewer in length.", "BASE_TYPE_MAX_LENGTH")
        if "name" in body:
            channel.data["name"] = check_text(body["name"], "name", 100, 1)
        channel.data |= {key: body[key] for key in ("topic", "applied_tags", "available_tags") if key in body}
        if channel.is_thread:
            keys = ("archived", "locked", "auto_archive_duration")
            channel.data["thread_metadata"] |= {key: body[key] for key in keys if key in body}
        name = "THREAD_UPDATE" if channel.is_thread else "CHANNEL_UPDATE"
        self.world.emit(Event(name, channel.data, channel.guild, GUILDS))
        return 200, channel.data


def _is_locked(channel: Channel) -> bool:
    return bool(channel.data.get("thread_metadata", {}).get("locked"))


def _untranslated(command: Json) -> Json:
    kept = {name: each for name, each in command.items() if not name.endswith("_localizations")}
    return {**kept, "options": [_untranslated(each) for each in command.get("options") or ()]}
