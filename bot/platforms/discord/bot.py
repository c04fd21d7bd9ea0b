"""Listens to Discord's gateway. The only place with an event loop: whatever touches the database runs in threads.

Discord does not deliver again. What could not be kept is tried until it is, and what was said while the connection was
gone for good is read from the history.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
import discord
import yarl
from discord.http import Route
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from bot.inbox import catching_up, receiving
from bot.inbox.addressing import Verdict
from bot.messenger import Bot, Incoming
from bot.models import Platform
from bot.models.channels import DIRECT
from bot.platforms import workspaces
from bot.platforms.discord import commands, messages, posts
from bot.platforms.discord.messenger import DiscordMessenger
from bot.platforms.discord.session import Session
from bot.posts import press
from bot.posts.post import Form, Sheet
from bot.team import circles, feedback, nominating, pressing, talking
from bot.team.nominating import Pointing
from bot.wording import phrases, speech
from foundation import failpoints

log = logging.getLogger(__name__)

T = TypeVar("T")

MESSAGE, CHOICES, MODAL = 4, 8, 9  # the types of answers to an interaction
LANES = 4  # threads that write what comes in; what is said in one channel goes through one of them, in its order
RETRY_SECONDS = 1.0
SUGGEST_SECONDS = 2.0  # Discord waits three
READY_SECONDS = 1.0  # without another server being told of, after which all are known
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # between logins; a loop of them would cost the bot its token
REFUSED = (
    "Discord refuses DISCORD_BOT_TOKEN. Copy it anew under Bot in the developer portal (Reset Token), and start again."
)
NO_CONTENT = (
    "Discord keeps the content of messages from the bot: switch on the Message Content Intent in the developer portal. "
    "Until then only mentions, direct messages and commands are answered."
)


class Gateway(discord.Client):
    """One shard, or all there is. Nothing is cached but servers and channels."""

    def __init__(self, bot: "DiscordBot", shard: tuple[int | None, int | None], *, has_content: bool) -> None:
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = intents.guild_reactions = True
        intents.message_content = has_content
        super().__init__(
            intents=intents,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            max_ratelimit_timeout=60.0,
            guild_ready_timeout=READY_SECONDS,
            shard_id=shard[0],
            shard_count=shard[1],
        )
        self._bot = bot

    async def on_ready(self) -> None:
        """A new session: whatever was said before it is gone from the gateway."""
        for guild in self.guilds:
            await self._bot.introduce(guild)
        self._bot.on_gap()

    async def on_resumed(self) -> None:
        self._bot.on_gap()

    async def on_guild_join(self, guild: discord.Guild) -> None:
        await self._bot.introduce(guild)

    async def on_guild_remove(self, guild: discord.Guild) -> None:
        await self._bot.keep(lambda: workspaces.remove(Platform.DISCORD, str(guild.id)))

    async def on_message(self, message: discord.Message) -> None:
        incoming = messages.incoming(message, self._bot.session.me)
        if incoming is not None and not self._bot.stopping.is_set():
            await self._bot.keep(lambda: receiving.receive(incoming), channel=message.channel.id)
            failpoints.reach("listener.acknowledged")

    async def on_raw_message_edit(self, payload: discord.RawMessageUpdateEvent) -> None:
        incoming = messages.incoming(payload.message, self._bot.session.me)
        edited_at = payload.message.edited_at
        if incoming is not None and edited_at is not None:
            await self._bot.keep(lambda: _changed(incoming, edited_at), channel=payload.channel_id)

    async def on_raw_message_delete(self, payload: discord.RawMessageDeleteEvent) -> None:
        channel, workspace = self._parent(payload.channel_id, payload.guild_id)
        await self._bot.keep(
            lambda: _deleted(workspace, channel, str(payload.message_id)),
            channel=payload.channel_id,
        )

    async def on_raw_reaction_add(self, payload: discord.RawReactionActionEvent) -> None:
        is_bot = payload.user_id == self._bot.session.me or (payload.member is not None and payload.member.bot)
        if not is_bot:  # some put a thumb under everything
            await self._bot.react(payload, emoji=payload.emoji.name, is_gone=False)

    async def on_raw_reaction_remove(self, payload: discord.RawReactionActionEvent) -> None:
        await self._bot.react(payload, emoji=payload.emoji.name, is_gone=True)

    async def on_raw_reaction_clear(self, payload: discord.RawReactionClearEvent) -> None:
        await self._bot.react(payload, emoji=None, is_gone=True)

    async def on_raw_reaction_clear_emoji(self, payload: discord.RawReactionClearEmojiEvent) -> None:
        await self._bot.react(payload, emoji=payload.emoji.name, is_gone=True)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        await self._bot.interact(interaction)

    def _parent(self, channel: int, guild: int | None) -> tuple[str, str]:
        """The channel a message is known under, and its workspace: threads are looked up by their parent."""
        found = self.get_guild(guild).get_thread(channel) if guild and self.get_guild(guild) else None  # type: ignore[union-attr]
        return str(found.parent_id if found else channel), str(guild) if guild else DIRECT


def _changed(incoming: Incoming, edited_at: datetime) -> None:
    """A message comes again when it is edited, and whatever else becomes of it, as when it is pinned later."""
    is_known = talking.change(incoming) or receiving.change(
        Platform.DISCORD, incoming.workspace, incoming.channel, incoming.message_id, incoming.text
    )  # fmt: skip
    if not is_known and incoming.is_mention and edited_at > timezone.now() - catching_up.FARTHEST:
        receiving.receive(replace(incoming, asked_at=edited_at))


def _deleted(workspace: str, channel: str, message_id: str) -> None:
    receiving.cancel(Platform.DISCORD, workspace, channel, message_id)
    talking.take_back(Platform.DISCORD, workspace, channel, message_id)


def _reacted(pointing: Pointing, payload: messages.Reaction, emoji: str | None, *, is_gone: bool) -> None:
    workspace = workspaces.connected(Platform.DISCORD, pointing.workspace)
    if workspace is None:
        return
    if emoji is not None and not circles.counts(workspace, emoji):
        feedback.react(pointing, emoji, is_gone=is_gone)
    elif is_gone:
        nominating.take_back(pointing)
    else:
        nominating.nominate(pointing, lambda circle: messages.is_in(circle, getattr(payload, "member", None)))


class DiscordBot(Bot):
    def __init__(self) -> None:
        discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nobody talks to it
        self.session = Session()
        self.messenger: DiscordMessenger = DiscordMessenger(self.session)
        self.on_gap: Callable[[], None] = lambda: None
        self._lanes = [ThreadPoolExecutor(1, thread_name_prefix="keep") for _ in range(LANES)]
        self._hints = ThreadPoolExecutor(2, thread_name_prefix="hint")  # not the loop's own, which look up addresses
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()
        self._has_content = True
        self._fault = ""
        if settings.DISCORD_GATEWAY_URL:
            discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.DISCORD_GATEWAY_URL)
        Route.BASE = settings.DISCORD_API_URL

    def start(self, on_gap: Callable[[], None]) -> None:
        self.on_gap = on_gap
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="discord", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Listen no more; the connection stays, as the messenger works over it. The next process reads the history."""
        self.stopping.set()

    def close(self) -> None:
        if self._thread is not None:
            self.session.close()
            self._thread.join(2.0)

    @property
    def fault(self) -> str:
        return self._fault

    @property
    def is_connected(self) -> bool:
        return self.session.is_connected

    async def _main(self) -> None:
        self.session.open()
        async with asyncio.TaskGroup() as group:
            for shard in _shards(settings.DISCORD_SHARDS):
                group.create_task(self._serve(shard))

    async def _serve(self, shard: tuple[int | None, int | None]) -> None:
        """Stay connected; the library resumes by itself, a session that could not begin is begun again."""
        pause = FIRST_PAUSE
        while not self.stopping.is_set():
            client = Gateway(self, shard, has_content=self._has_content)
            try:
                async with client:
                    await client.login(settings.DISCORD_BOT_TOKEN)
                    self.session.remember(client)
                    await self._register(client)
                    await client.connect()
                    pause = FIRST_PAUSE
            except discord.PrivilegedIntentsRequired:
                log.error(NO_CONTENT)
                self._has_content = False
                continue
            except discord.LoginFailure:
                self._fault = REFUSED
                return
            except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
                log.error("Discord cannot be reached, next attempt in %g s: %s", pause, error)
            if self.stopping.is_set():
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _register(self, client: Gateway) -> None:
        """Have Discord offer our commands, unless it does already: there is a limit on changes a day."""
        application = client.application_id or 0
        there = await client.http.request(
            Route("GET", "/applications/{application_id}/commands", application_id=application),
            params={"with_localizations": "true"},  # or they would seem to say something else each time
        )
        wanted = commands.offered()
        if not commands.are_there(there, wanted):
            route = Route("PUT", "/applications/{application_id}/commands", application_id=application)
            await client.http.request(route, json=wanted)

    async def introduce(self, guild: discord.Guild) -> None:
        await self.keep(
            lambda: workspaces.introduce(
                Platform.DISCORD, str(guild.id), name=guild.name, bot_user_id=str(self.session.me)
            )
        )

    async def keep(self, write: Callable[[], T], *, channel: int = 0) -> T:
        """The result of `write`, which runs in the thread of a channel and is tried until the database takes it."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                return await loop.run_in_executor(self._lanes[(channel >> 22) % LANES], _fresh, write)
            except DatabaseError as error:
                log.warning("What came in waits for the database: %s", str(error).strip())
                await asyncio.sleep(RETRY_SECONDS)

    async def react(self, payload: messages.Reaction, *, emoji: str | None, is_gone: bool) -> None:
        """A reaction that proposes an answer or is a thumb, or is taken away again; any other is let go. Without an
        `emoji` it is every reaction."""
        pointing = messages.reacted(payload, timezone.now())
        if payload.guild_id is not None:  # in direct messages there are no roles
            await self.keep(lambda: _reacted(pointing, payload, emoji, is_gone=is_gone), channel=payload.channel_id)

    async def interact(self, interaction: discord.Interaction) -> None:
        """A command, a press or a form: kept first, then acknowledged, all within three seconds."""
        try:
            await self._interact(interaction)
        except discord.HTTPException as error:
            log.warning("An interaction could not be acknowledged: status %s, code %s", error.status, error.code)

    async def _interact(self, interaction: discord.Interaction) -> None:
        data: dict[str, Any] = dict(interaction.data or {})
        if interaction.type == discord.InteractionType.application_command:
            await self._command(interaction, data)
        elif interaction.type == discord.InteractionType.autocomplete:
            await self._suggest(interaction, data)
        elif interaction.type == discord.InteractionType.component:
            await self._press(interaction, str(data.get("custom_id", "")))
        elif interaction.type == discord.InteractionType.modal_submit:
            await self._submit(interaction, data)

    async def _command(self, interaction: discord.Interaction, data: dict[str, Any]) -> None:
        if data.get("name") == commands.HELP:
            await self._help(interaction)
        elif data.get("type") != 3:
            await self._ask(interaction, data)
        elif data.get("name") == commands.USE_AS_EXAMPLE:
            await self._nominate(interaction, data)
        else:
            await self._ask_about(interaction, data)

    async def _nominate(self, interaction: discord.Interaction, data: dict[str, Any]) -> None:
        """The answer is to become an example, if whoever chose it may say so."""
        pointing = messages.nominated(interaction, data, self.session.me)
        member = interaction.user
        said = await self.keep(lambda: nominating.nominate(pointing, lambda circle: messages.is_in(circle, member)))
        await _say(interaction, said.text if said else nominating.AGAIN)

    async def _help(self, interaction: discord.Interaction) -> None:
        workspace, channel = messages.place_of(interaction)
        text = await self.keep(lambda: commands.help_text(workspace, channel, str(interaction.locale)))
        await _respond(interaction, MESSAGE, posts.word(text))

    async def _suggest(self, interaction: discord.Interaction, data: dict[str, Any]) -> None:
        """What may be meant by what is typed; nothing, rather than too late, where the database is away or slow."""
        workspace, channel = messages.place_of(interaction)
        typed = str(next((each["value"] for each in data.get("options") or () if each.get("focused")), ""))
        loop = asyncio.get_running_loop()
        looking = loop.run_in_executor(self._hints, _fresh, lambda: commands.choices(workspace, channel, typed))
        try:
            found = await asyncio.wait_for(looking, SUGGEST_SECONDS)
        except (DatabaseError, TimeoutError) as error:
            log.warning("Nothing is suggested: %s", str(error).strip() or "it takes too long")
            found = []
        await _respond(interaction, CHOICES, {"choices": found})

    async def _ask(self, interaction: discord.Interaction, data: dict[str, Any]) -> None:
        question = str(
            next((each["value"] for each in data.get("options") or () if each["name"] == commands.QUESTION), "")
        )
        incoming = messages.asked(interaction, question, timezone.now())
        await self.keep(lambda: receiving.receive(incoming))
        await interaction.response.defer(ephemeral=True, thinking=True)

    async def _ask_about(self, interaction: discord.Interaction, data: dict[str, Any]) -> None:
        """The message is the question, answered at its place."""
        incoming = messages.pointed(interaction, data, self.session.me)
        reception = await self.keep(lambda: receiving.receive(incoming))
        is_known = reception.verdict == Verdict.ASK and not reception.is_new
        words = phrases.KNOWN if is_known else phrases.TAKEN
        await _say(interaction, speech.like([incoming.text]).say(words))

    async def _press(self, interaction: discord.Interaction, custom_id: str) -> None:
        action, _, value = custom_id.removeprefix(posts.ACTION).partition(":")
        pressed = press.Press(
            action, value, str(interaction.user.id), interaction.user.display_name,
            has_outsiders=lambda channel: self.session.has_outsiders(channel.external_id),
        )  # fmt: skip
        result = await self.keep(lambda: pressing.press(pressed))
        if isinstance(result, Sheet):
            for text in posts.sheet(result):
                await _say(interaction, text)
        elif isinstance(result, Form):
            await _respond(interaction, MODAL, posts.modal(result))
        else:
            await _respond(interaction, MESSAGE, posts.word(result.text, result.buttons))

    async def _submit(self, interaction: discord.Interaction, data: dict[str, Any]) -> None:
        name, _, value = str(data.get("custom_id", "")).removeprefix(posts.ACTION).partition(":")
        fields = posts.filled(data.get("components") or [])
        user = interaction.user
        said = await self.keep(
            lambda: pressing.submit(name, value, fields, person=str(user.id), person_name=user.display_name)
        )
        await _respond(interaction, MESSAGE, posts.word(said.text, said.buttons))


async def _respond(interaction: discord.Interaction, kind: int, data: dict[str, Any]) -> None:
    """Answer an interaction as it is written here: of what the library builds it keeps every button in memory."""
    route = Route(
        "POST", "/interactions/{interaction_id}/{interaction_token}/callback",
        interaction_id=interaction.id, interaction_token=interaction.token,
    )  # fmt: skip
    await interaction.client.http.request(route, json={"type": kind, "data": data})


async def _say(interaction: discord.Interaction, text: str) -> None:
    """A word that only whoever acted sees; more of them follow the first."""
    say = interaction.followup.send if interaction.response.is_done() else interaction.response.send_message
    await say(text, ephemeral=True, suppress_embeds=True, allowed_mentions=discord.AllowedMentions.none())


def _fresh(write: Callable[[], T]) -> T:
    """What `write` returns, over a connection that is given back afterwards."""
    try:
        return write()
    finally:
        connection.close()


def _shards(wanted: str) -> list[tuple[int | None, int | None]]:
    """ "0,1/4" as [(0, 4), (1, 4)]; everything in one without a word."""
    numbers, _, count = wanted.partition("/")
    if not count:
        return [(None, None)]
    return [(int(number), int(count)) for number in numbers.split(",")]
