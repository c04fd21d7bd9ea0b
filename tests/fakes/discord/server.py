"""The parts of the fake Discord put together, and the thread they run in."""

import asyncio
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from tests.fakes.discord.gateway import Gateway
from tests.fakes.discord.hooks import Hooks
from tests.fakes.discord.http import Http10
from tests.fakes.discord.people import People
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.rules import Json
from tests.fakes.discord.world import World

TOKEN = "MTIzNDU2Nzg5MDEyMzQ1Njc4.GfakeX.abcdefghijklmnopqrstuvwxyz0123456789AB"
Result = TypeVar("Result")


class Server:
    """Every public call runs in the server's loop, so that no state is touched by two threads."""

    def __init__(self, *, token: str = TOKEN) -> None:
        self.token = token
        self.world = World()
        self.gateway = Gateway(self.world, token)
        self.rest = Rest(self.world, self._hides_content, app_flags=self.gateway.flags)
        self.hooks = Hooks(self.rest)
        self.people = People(self.world, self.rest, self.hooks)
        self.http = Http10(self.rest, self.hooks, token)
        self.application_id, self.bot_id = self.world.application_id, self.world.bot_id
        self.guild_id = self.world.add_guild("Fake guild")
        self.api_url = self.gateway_url = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="fake-discord")
        self._runner: web.AppRunner | None = None

    def _hides_content(self, data: Json) -> bool:
        return self.gateway.missing_intents and self.gateway.is_private(data)

    # The server

    def start(self) -> Self:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.api_url, self.gateway_url = f"http://127.0.0.1:{port}/api/v10", f"ws://127.0.0.1:{port}/gateway"
        self.gateway.url = self.http.gateway_url = self.gateway_url
        return self

    async def _listen(self) -> int:
        app = web.Application(client_max_size=32 << 20)
        app.router.add_get("/gateway", self.gateway.handle)
        app.router.add_get("/gateway/", self.gateway.handle)
        app.router.add_route("*", "/api/v10/{rest:.*}", self.http.handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return int(self._runner.addresses[0][1])

    def stop(self) -> None:
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
        self._loop.close()

    async def _close(self) -> None:
        self.http.released.set()
        self.gateway.drop()
        if self._runner:
            await self._runner.cleanup()
        mine = asyncio.current_task()
        for task in asyncio.all_tasks():
            if task is not mine:
                task.cancel()
        await asyncio.sleep(0)
        await self._loop.shutdown_asyncgens()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _do(self, work: Callable[[], Result]) -> Result:
        """Run it in the server's loop, or here while there is none."""
        if not self._loop.is_running() or threading.current_thread() is self._thread:
            return work()

        async def run() -> Result:
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    @staticmethod
    def until(true: Callable[[], object], timeout: float = 5) -> None:
        """Wait until it holds. It blocks: from a coroutine, call it with asyncio.to_thread."""
        end = time.monotonic() + timeout
        while not true():
            assert time.monotonic() < end, "it has not come true"
            time.sleep(0.005)
