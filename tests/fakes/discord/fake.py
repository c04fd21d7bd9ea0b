"""A strict local Discord (REST v10 and gateway) on 127.0.0.1, in a thread of its own, driven by plain calls.

Point the library at it: `discord.http.Route.BASE = fake.api_url` and
`DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(fake.gateway_url)`. Ids are numbers here and strings in payloads.
"""

import asyncio
import copy
from typing import Any

from tests.fakes.discord.faults import Cut, CutBefore, Fine, Hang, Http, RateLimited, Step
from tests.fakes.discord.hooks import Interaction
from tests.fakes.discord.http import Call
from tests.fakes.discord.rules import Json
from tests.fakes.discord.server import Server
from tests.fakes.discord.things import GUILDS, Event, LiveMention, permission_bits

__all__ = [
    "Call",
    "Cut",
    "CutBefore",
    "FakeDiscord",
    "Fine",
    "Hang",
    "Http",
    "Interaction",
    "LiveMention",
    "RateLimited",
]


class FakeDiscord(Server):
    """Every public call runs in the server's loop, so that no state is touched by two threads."""

    # The world

    def add_guild(self, name: str = "Another guild", *, guild: int | None = None) -> int:
        def work() -> int:
            key = self.world.add_guild(name, guild)
            self.world.emit(Event("GUILD_CREATE", self.world.full_guild(key), key, GUILDS))
            return key

        return self._do(work)

    def remove_bot(self, guild: int) -> None:
        self._do(lambda: self.world.remove_guild(guild))

    def add_channel(
        self,
        *,
        name: str,
        kind: str = "text",
        guild: int | None = None,
        everyone_may_view: bool = True,
        bot_may: list[str] | None = None,
    ) -> int:
        """A channel of kind text, forum, voice, announcement or category; `bot_may` None: all but administer."""
        where = guild or self.guild_id
        return self._do(lambda: self.world.add_channel(name, kind, where, not everyone_may_view, bot_may).id)

    def set_permissions(self, channel: int, bot_may: list[str] | None) -> None:
        """Of the bot, in a channel and its threads."""
        self._do(lambda: self.world.allow(self.world.channels[channel], permission_bits(bot_may)))

    def remove_channel(self, channel: int) -> None:
        self._do(lambda: self.world.remove_channel(channel))

    def archive(self, thread: int, *, locked: bool = False) -> None:
        self._do(lambda: self.world.archive(self.world.channels[thread], locked))

    def lock(self, thread: int) -> None:
        """It stays among the active ones, and nobody but moderators may write in it."""
        self._do(lambda: self.world.archive(self.world.channels[thread], True, archived=False))

    def add_user(self, name: str, *, is_bot: bool = False) -> int:
        return self._do(lambda: self.world.add_user(name, is_bot=is_bot))

    def add_role(self, name: str, *, guild: int | None = None) -> int:
        return self._do(lambda: self.world.add_role(guild or self.guild_id, name))

    def open_dm(self, user: int) -> int:
        return self._do(lambda: self.world.open_dm(user).id)

    def close_dm(self, user: int) -> None:
        """From now on the user takes no messages from the bot: 50007."""
        self._do(lambda: self.world.deaf_users.add(user))

    # What people do

    def post(self, channel: int, user: int, content: str, **options: Any) -> int:
        """The message's id. Options: reply_to, ping_reply (True), attachments (a number), nonce,
        brings_reply (True): with what it replies to."""
        return self._do(lambda: self.people.post(channel, user, content, **options))

    def forward(self, channel: int, user: int, source: int, message: int, *, has_snapshot: bool = True) -> int:
        """Somebody forwards a message of another channel; the id of what says so."""
        return self._do(lambda: self.people.forward(channel, user, source, message, has_snapshot=has_snapshot))

    def tell_again(self, channel: int, message: int, *, is_update: bool = False) -> None:
        """The event of a message, as if it came only now; or that something changed which is none of its words."""

        def work() -> None:
            place = self.world.channels[channel]
            kind = "MESSAGE_UPDATE" if is_update else "MESSAGE_CREATE"
            self.world.say(kind, place, place.messages[message].data)

        self._do(work)

    @property
    def ago(self) -> float:
        """The seconds by which what people write lies back."""
        return self.world.ago

    @ago.setter
    def ago(self, value: float) -> None:
        self.world.ago = value

    def post_many(self, channel: int, user: int, contents: list[str]) -> list[int]:
        return self._do(lambda: [self.people.post(channel, user, content) for content in contents])

    def start_thread(self, channel: int, user: int, name: str, content: str, *, on: int | None = None) -> int:
        """A forum post (its first message has the thread's id), a thread, or with `on` a thread on that message."""
        return self._do(lambda: self.people.start_thread(channel, user, name, content, on))

    def edit(self, channel: int, message: int, content: str) -> None:
        self._do(lambda: self.people.edit(channel, message, content))

    def delete(self, channel: int, message: int) -> None:
        self._do(lambda: self.world.delete_message(self.world.channels[channel], message))

    def react(self, channel: int, message: int, user: int, emoji: str = "⭐", *, is_gone: bool = False) -> None:
        """A reaction of a person, or with `is_gone` that it is taken away."""
        self._do(lambda: self.people.react(channel, message, user, emoji, is_gone=is_gone))

    def clear_reactions(self, channel: int, message: int, emoji: str | None = None) -> None:
        """A moderator takes everybody's away: all, or those of one emoji."""
        self._do(lambda: self.people.clear_reactions(channel, message, emoji))

    def give_role(self, user: int, role: int, *, guild: int | None = None) -> None:
        self._do(lambda: self.world.roles.setdefault((guild or self.guild_id, user), []).append(str(role)))

    def press(
        self, channel: int, message: int, custom_id: str, user: int, *, values: list[str] | None = None
    ) -> Interaction:
        """A button, or a select with `values`; AssertionError where the message shows no such thing."""
        return self._do(lambda: self.people.press(channel, message, custom_id, user, values))

    def command(self, user: int, channel: int, name: str, options: dict[str, Any] | None = None) -> Interaction:
        """A registered slash command; "group sub" for one in a group."""
        return self._do(lambda: self.people.command(user, channel, name, options or {}))

    def typed(self, user: int, channel: int, name: str, option: str, text: str) -> Interaction:
        return self._do(lambda: self.people.typed(user, channel, name, option, text))

    def context_menu(self, user: int, channel: int, message: int, name: str) -> Interaction:
        return self._do(lambda: self.people.context_menu(user, channel, message, name))

    def submit(
        self, user: int, form: Interaction | str, values: dict[str, str], *, channel: int | None = None
    ) -> Interaction:
        """The modal that an interaction was answered with, or one of this custom_id in this channel."""
        return self._do(lambda: self.people.submit(user, form, values, channel))

    # What tests read

    @property
    def calls(self) -> list[Call]:
        return self.http.calls

    @property
    def refusals(self) -> list[Call]:
        return [call for call in [*self.http.calls] if call.status >= 400]

    @property
    def live_mentions(self) -> list[LiveMention]:
        return self.world.live_mentions

    @property
    def typing(self) -> list[tuple[int, float]]:
        """Channel and moment."""
        return self.rest.typing

    @property
    def commands(self) -> list[Json]:
        """The registered ones, the global first; a guild's have guild_id."""
        return self._do(lambda: [each for guild in sorted(self.rest.commands, key=lambda key: key or 0)
                                 for each in self.rest.commands[guild]])  # fmt: skip

    @property
    def identifies(self) -> list[Json]:
        return self.gateway.identifies

    @property
    def resumes(self) -> int:
        return self.gateway.resumes

    @property
    def connections(self) -> int:
        """Sessions that are connected now."""
        return self._do(lambda: sum(bool(each.socket) for each in self.gateway.sessions.values()))

    def messages(self, channel: int, *, system: bool = False) -> list[Json]:
        """Oldest first, as they are now, with `allowed_mentions` as last sent and the number of `edits`."""

        def work() -> list[Json]:
            every = self.world.channels[channel].messages.values()
            kept = [each for each in every if system or each.data["type"] not in (18, 21)]
            return [
                {"nonce": None, "message_reference": None, **each.data, "edits": each.edits}
                | {"allowed_mentions": copy.deepcopy(each.allowed_mentions)}
                for each in kept
            ]

        return self._do(work)

    def threads(self, channel: int) -> list[Json]:
        channels = self.world.channels
        return self._do(lambda: [dict(channels[key].data) for key in channels[channel].threads])

    # Faults and settings

    def script(self, method: str, path: str, *steps: Step) -> None:
        """One step for each next request whose method ("*": any) and path (searched) match; then all goes well."""
        self._do(lambda: self.http.script.add(method, path, steps))

    def clear_script(self) -> None:
        self._do(self.http.script.clear)

    def release(self) -> None:
        """End every Hang now."""

        def work() -> None:
            self.http.released.set()
            self.http.released = asyncio.Event()

        self._do(work)

    def drop(self) -> None:
        """Break every gateway connection; RESUME will be taken and replays."""
        self._do(self.gateway.drop)

    def invalidate(self) -> None:
        """The next RESUME of every session there is now gets INVALID_SESSION."""
        self._do(self.gateway.invalidate)

    def reconnect(self) -> None:
        self._do(self.gateway.reconnect)

    def close_gateway(self, code: int) -> None:
        self._do(lambda: self.gateway.close(code))

    @property
    def refuse_gateway(self) -> bool:
        return self.gateway.refuses

    @refuse_gateway.setter
    def refuse_gateway(self, value: bool) -> None:
        self.gateway.refuses = value

    @property
    def missing_intents(self) -> bool:
        """The message content intent is off: IDENTIFY with it is closed with 4014, and REST hides content too."""
        return self.gateway.missing_intents

    @missing_intents.setter
    def missing_intents(self, value: bool) -> None:
        self.gateway.missing_intents = value

    @property
    def enforce_rates(self) -> bool:
        return self.http.rates.enforced

    @enforce_rates.setter
    def enforce_rates(self, value: bool) -> None:
        self.http.rates.enforced = value

    @property
    def interaction_seconds(self) -> float:
        return self.hooks.interaction_seconds

    @interaction_seconds.setter
    def interaction_seconds(self, value: float) -> None:
        self.hooks.interaction_seconds = value

    @property
    def answer_seconds(self) -> float:
        """How long an interaction waits for its first callback."""
        return self.people.answer_seconds

    @answer_seconds.setter
    def answer_seconds(self, value: float) -> None:
        self.people.answer_seconds = value

    @property
    def nonce_seconds(self) -> float:
        return self.world.nonce_seconds

    @nonce_seconds.setter
    def nonce_seconds(self, value: float) -> None:
        self.world.nonce_seconds = value
