"""A small bot on the real library, to try the fake Discord with."""

import asyncio
import threading
import warnings
from collections.abc import Coroutine
from typing import Any

import aiohttp

from tests.fakes.discord.fake import FakeDiscord

with warnings.catch_warnings():  # discord.py imports audioop
    warnings.simplefilter("ignore", DeprecationWarning)
    import discord
    from discord import app_commands
    from discord.gateway import DiscordWebSocket
    from discord.http import Route

__all__ = ["BODIES", "Bot", "DiscordWebSocket", "Route", "Running", "discord", "post_raw"]

BUTTON = {"type": 2, "style": 1, "custom_id": "a", "label": "A"}
ROW = {"type": 1, "components": [BUTTON]}
# Messages, and the error each must be given
BODIES: list[tuple[dict[str, Any], int | None]] = [
    ({"content": "x", "nonce": "n" * 26}, 50035),
    ({"content": " "}, 50006),
    ({"content": "x", "components": [ROW] * 6}, 50035),
    ({"content": "x", "components": [ROW, ROW]}, 50035),  # one custom_id twice
    ({"content": "x", "components": [{"type": 1, "components": [BUTTON | {"label": "l" * 81}]}]}, 50035),
    ({"content": "x", "embeds": [{"description": "d" * 4000}] * 2}, 50035),
    ({"content": "x", "flags": 1 << 15, "components": [{"type": 10, "content": "y"}]}, 50035),
    ({"content": "@here"}, 50035),
    ({"content": "x", "message_reference": {"message_id": "5"}}, 50035),
    ({"content": {"not": "text"}}, 50035),
    ({"content": "x", "embeds": [7]}, 50035),
    ({"content": "`@here` <@5>", "components": [ROW]}, None),
]


class Form(discord.ui.Modal, title="What is wrong?"):
    why: discord.ui.TextInput["Form"] = discord.ui.TextInput(label="Why", custom_id="why", max_length=100)

    async def on_submit(self, interaction: discord.Interaction) -> None:
        await interaction.response.send_message(f"Thanks for {self.why.value}", ephemeral=True)


class Bot(discord.Client):
    def __init__(self, content: bool = True, **options: Any) -> None:
        intents = discord.Intents(guilds=True, guild_messages=True, dm_messages=True, message_content=content)
        super().__init__(
            intents=intents, max_messages=None, chunk_guilds_at_startup=False, guild_ready_timeout=0.1,
            member_cache_flags=discord.MemberCacheFlags.none(), allowed_mentions=discord.AllowedMentions.none(),
            **options,
        )  # fmt: skip
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.connected = 0

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Without the library's five seconds of waiting before a second IDENTIFY."""

    async def setup_hook(self) -> None:
        @self.tree.command(name="ask", description="Ask the documents")
        async def ask(interaction: discord.Interaction, question: str) -> None:
            await interaction.response.defer(thinking=True)
            await interaction.edit_original_response(content=f"You asked {question}")
            await interaction.followup.send("and more", ephemeral=True)

        await self.tree.sync()

    async def on_ready(self) -> None:
        self.connected += 1

    on_resumed = on_ready

    async def on_message(self, message: discord.Message) -> None:
        if message.author.id != self.application_id and not message.author.bot:
            self.heard.append(message)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        data: Any = interaction.data
        if data.get("custom_id") == "form":
            await interaction.response.send_modal(Form())


def post_raw(fake: FakeDiscord, channel: int, bodies: list[dict[str, Any]]) -> list[tuple[int, int | None]]:
    """Status and error of each when it is sent by hand."""

    async def post() -> list[tuple[int, int | None]]:
        url = f"{fake.api_url}/channels/{channel}/messages"
        async with aiohttp.ClientSession(headers={"Authorization": f"Bot {fake.token}"}) as session:
            replies = [await session.post(url, json=body) for body in bodies]
            return [(reply.status, (await reply.json()).get("code")) for reply in replies]

    return asyncio.run(post())


class Running:
    """A bot in a thread of its own; `do` runs a coroutine there."""

    def __init__(self, fake: FakeDiscord, content: bool = True, **options: Any) -> None:
        self.loop, self.bot = asyncio.new_event_loop(), Bot(content, **options)
        self.failure: BaseException | None = None
        self.thread = threading.Thread(target=self._run, args=(fake.token,), daemon=True)
        self.thread.start()
        fake.until(lambda: self.bot.connected or self.failure)

    def _run(self, token: str) -> None:
        try:
            self.loop.run_until_complete(self.bot.start(token))
        except discord.DiscordException as error:
            self.failure = error
            self.loop.run_until_complete(self.bot.close())
        self.loop.run_until_complete(self._rest())
        self.loop.close()

    async def _rest(self) -> None:
        mine = asyncio.current_task()
        await asyncio.gather(*(task for task in asyncio.all_tasks() if task is not mine), return_exceptions=True)

    def do(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(5)

    def stop(self) -> None:
        if self.thread.is_alive():
            asyncio.run_coroutine_threadsafe(self.bot.close(), self.loop)
            self.thread.join(5)
