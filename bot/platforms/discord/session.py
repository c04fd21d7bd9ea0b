"""The login to Discord: what may be asked over it, from its own event loop or from threads that know nothing of one."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from datetime import datetime
from typing import Any

import aiohttp
import discord
from discord.http import Route

from bot.messenger import DeliveryError, Incoming, Place
from bot.platforms.discord import messages, quoting
from bot.surroundings.utterances import Utterance
from foundation import connections

TIMEOUT = 15.0  # seconds of one call, the library's own waiting for rate limits included
HISTORY_SECONDS = 120.0
IN_THREAD = 50  # messages of a thread that are read before a question, newest first
READ_BACK = 500  # messages of a channel or thread that are read from the history
# What a call raises, beside the refusals that are HTTP's: TimeoutError is an OSError.
FAILURES = (OSError, aiohttp.ClientError, discord.DiscordException)
ASKED_IN = (discord.TextChannel, discord.ForumChannel, discord.VoiceChannel)


class DiscordRefusedError(DeliveryError):
    """Discord named an error; `code` is its number."""

    def __init__(self, error: discord.HTTPException) -> None:
        is_final = 400 <= error.status < 500 and error.status != 429
        # `text` may quote what was sent; the code is enough for the log.
        super().__init__(
            f"Discord refused: status {error.status}, code {error.code}.",
            permanent=is_final,
            was_refused=is_final or error.status == 429,
            retry_after=60.0 if error.status == 429 else None,
        )
        self.code = error.code


class Session:
    """The clients that are logged in, one for each shard, and the loop they run in. `me` is the bot's own id."""

    def __init__(self) -> None:
        self.me = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._clients: list[discord.Client] = []

    def open(self) -> None:
        """To be called in the loop that the clients run in."""
        self._loop = asyncio.get_running_loop()

    def remember(self, client: discord.Client) -> None:
        """A client that has logged in, in place of the one that had its shard before."""
        self.me = client.user.id if client.user else 0
        self._clients = [each for each in self._clients if each.shard_id != client.shard_id]
        self._clients.append(client)

    def close(self) -> None:
        """Have every client log out, if the loop still runs; they need a moment for it."""
        if self._loop is not None and not self._loop.is_closed():
            for client in self._clients:
                self.submit(client.close())

    @property
    def is_connected(self) -> bool:
        return bool(self._clients) and all(client.is_ready() and not client.is_closed() for client in self._clients)

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None, *, params: dict[str, Any] | None = None, **ids: Any
    ) -> Any:
        """What Discord replies, from a thread outside of the loop. Raises DeliveryError."""
        return self.wait(self.request(method, path, body, params, ids), TIMEOUT)

    async def request(
        self, method: str, path: str, body: dict[str, Any] | None, params: dict[str, Any] | None, ids: dict[str, Any]
    ) -> Any:
        client = next(iter(self._clients), None)
        if client is None or client.is_closed():
            raise aiohttp.ClientError("not logged in")
        more: dict[str, Any] = {"json": body} if body is not None else {}
        if params:
            more["params"] = params
        return await client.http.request(Route(method, path, **ids), **more)

    def wait(self, work: Coroutine[Any, Any, Any], seconds: float) -> Any:
        """The result of what runs in the loop. Raises DeliveryError."""
        connections.let_go()
        return settled(self.submit(work), seconds)

    def submit(self, work: Coroutine[Any, Any, Any]) -> "Future[Any]":
        """Raises DeliveryError when the loop does not run."""
        if self._loop is None or self._loop.is_closed():
            work.close()
            raise DeliveryError("Discord is not connected.", was_refused=True)
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def has_outsiders(self, channel: str) -> bool:
        """Whether everybody on its server reads a channel; one that we do not know is taken for such a one."""
        for client in self._clients:
            found = client.get_channel(int(channel))
            if found is not None:
                return messages.has_outsiders(found, getattr(found, "guild", None))
        return True

    def places(self, workspace: str) -> list[Place]:
        """The channels of a server that the bot can read and may be asked in."""
        guilds = [guild for client in self._clients for guild in client.guilds if str(guild.id) == workspace]
        return [
            Place(str(channel.id), channel.name, messages.kind_of(channel))
            for guild in guilds
            for channel in guild.channels
            if isinstance(channel, ASKED_IN) and channel.permissions_for(guild.me).read_message_history
        ]

    def history(self, channel: str, since: datetime) -> list[Incoming]:
        """What was written in a channel and its threads since then, oldest first. Raises DeliveryError."""
        found: list[Incoming] = self.wait(self._history(int(channel), since), HISTORY_SECONDS)
        return found

    async def _history(self, channel: int, since: datetime) -> list[Incoming]:
        after = discord.Object(messages.snowflake(since))
        found: list[Incoming] = []
        for place in await self._places(channel, after.id):
            written = [each async for each in place.history(limit=READ_BACK, after=after, oldest_first=True)]
            found += filter(None, (messages.incoming(each, self.me) for each in written))
        return sorted(found, key=lambda each: int(each.message_id))

    def thread(self, thread: str, before: str) -> list[Utterance]:
        """What people wrote in a thread before a message, oldest first. Raises DeliveryError."""
        found: list[Utterance] = self.wait(self._thread(int(thread), discord.Object(int(before))), TIMEOUT)
        return found

    async def _thread(self, thread: int, before: discord.Object) -> list[Utterance]:
        place = await self._place(thread)
        found = [each async for each in place.history(limit=IN_THREAD, before=before)]
        if len(found) == IN_THREAD:
            found += await _first(place)
        return quoting.in_order(found, self.me, place)

    def replied(self, place: str, message: str) -> Utterance | None:
        """What a person wrote that somebody replied to; None where it is gone. Raises DeliveryError."""
        found: Utterance | None = self.wait(self._replied(int(place), int(message)), TIMEOUT)
        return found

    async def _replied(self, place: int, message: int) -> Utterance | None:
        try:
            return quoting.utterance(await (await self._place(place)).fetch_message(message), self.me, is_quoted=True)
        except discord.NotFound:
            return None

    async def _place(self, channel: int) -> Any:
        """A channel or thread, asked for where it is not known."""
        known = (client.get_channel(channel) for client in self._clients)
        client = next(iter(self._clients), None)
        if client is None:
            raise aiohttp.ClientError("not logged in")
        return next((each for each in known if each is not None), None) or await client.fetch_channel(channel)

    async def _places(self, channel: int, after: int) -> list[Any]:
        """A channel, unless it is a forum, and those of its threads in which something was said since."""
        for client in self._clients:
            found: Any = client.get_channel(channel)
            if found is None and not client.guilds:
                continue
            found = found or await client.fetch_channel(channel)
            guild = getattr(found, "guild", None)
            threads = [each for each in await guild.active_threads() if each.parent_id == channel] if guild else []
            recent = [each for each in threads if (each.last_message_id or each.id) > after]
            return [*([] if isinstance(found, discord.ForumChannel) else [found]), *recent]
        return []


async def _first(thread: Any) -> list[discord.Message]:
    """What a long thread began with: in a forum its own first message, else the one it hangs on; gone, nothing."""
    is_post = isinstance(thread.parent, discord.ForumChannel)
    try:
        return [await (thread if is_post else thread.parent).fetch_message(thread.id)]
    except (discord.NotFound, AttributeError):  # or the channel that it hangs on is not known
        return []


def settled(future: "Future[Any]", seconds: float) -> Any:
    """The result of a call. Raises DeliveryError for whatever can go wrong with one."""
    try:
        return future.result(seconds)
    except discord.HTTPException as error:
        raise DiscordRefusedError(error) from error
    except discord.RateLimited as error:
        raise DeliveryError("Discord asks to wait.", retry_after=error.retry_after, was_refused=True) from error
    except (*FAILURES, CancelledError) as error:
        future.cancel()
        raise DeliveryError(f"Discord did not answer: {type(error).__name__}.") from error
