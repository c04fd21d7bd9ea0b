"""A strict local Slack: Web API, Socket Mode, HTTP events, and people who write and press.

    with FakeSlack() as slack:
        slack.add_channel("C1"); slack.add_user("U1", name="ann")
        client = WebClient(slack.bot_token, base_url=slack.url)

Every public call is safe from any thread.
"""

import asyncio
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from random import Random
from types import TracebackType
from typing import Self, TypeVar

import aiohttp
from aiohttp import web

from tests.fakes.slack.agents import Agents
from tests.fakes.slack.chat import Chat
from tests.fakes.slack.delivery import COMMANDS, EVENTS, INTERACTIVE, Ack, Courier, Delivery, event_callback
from tests.fakes.slack.limits import Knobs
from tests.fakes.slack.methods import Methods
from tests.fakes.slack.people import People
from tests.fakes.slack.rules import Json, visible_text
from tests.fakes.slack.server import ARGUMENTS, Call, Cut, CutBefore, Error, Hang, Http, RateLimited, Server, Step
from tests.fakes.slack.tokens import Tokens
from tests.fakes.slack.world import World

__all__ = ["Ack", "Call", "Cut", "CutBefore", "Error", "FakeSlack", "Hang", "Http", "RateLimited", "visible_text"]
Result = TypeVar("Result")


class FakeSlack(Knobs):
    """Everything that changes is touched in the server's loop alone."""

    def __init__(self, *, port: int = 0, seed: int = 0, max_calls: int | None = None) -> None:
        super().__init__()
        self.max_calls = max_calls
        self.url, self._port, self._count = "", port, 0
        random = Random(seed)  # noqa: S311 - for the order of events, not for secrets
        self._world = World(self, random)
        self._world.emit = self._emit
        self._courier = Courier(self, random)
        self._methods, self._tokens = Methods(self._world), Tokens(self._world)
        self._agents = Agents(self._world)
        self._chat = Chat(self._world, self._agents.sessions)
        self._people = People(self._world, self._chat, self._methods)
        self._server = Server(self._chat, self._methods, self._agents, self._people, self._tokens, self._courier)
        self.calls, self.acks, self.undelivered = self._server.calls, self._courier.acks, self._courier.undelivered
        self.early = self._server.limits.early
        self.views, self.homes = self._methods.views, self._methods.homes
        self.statuses, self.reactions = self._agents.statuses, self._methods.reactions
        self.sessions = self._agents.sessions
        self.titles, self.prompts = self._agents.titles, self._agents.prompts
        self.channels, self.users, self.groups = self._world.channels, self._world.users, self._world.groups
        self.add_channel, self.add_user = self._world.add_channel, self._world.add_user
        self.sign, self.add_code = self._courier.sign, self._tokens.add_code
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True, name="fake-slack")
        self._runner: web.AppRunner | None = None

    # The server

    def start(self) -> Self:
        self._thread.start()
        port = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(10)
        self.url, self._courier.url = f"http://127.0.0.1:{port}/api/", f"ws://127.0.0.1:{port}/link"
        self._people.base = f"http://127.0.0.1:{port}/respond/"
        return self

    async def _listen(self) -> int:
        app = web.Application(client_max_size=8 << 20)
        app.router.add_route("*", "/api/{method}", self._server.api)
        app.router.add_post("/respond/{known:.*}", self._server.respond)
        app.router.add_get("/link", self._courier.handle)
        self._courier.session = aiohttp.ClientSession()
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()
        return int(self._runner.addresses[0][1])

    def stop(self) -> None:
        if self._loop.is_running():
            asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
        if not self._loop.is_closed():
            self._loop.close()

    async def _close(self) -> None:
        self._courier.drop("end")
        await self._courier.close()
        if self._runner:
            await self._runner.cleanup()
        left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _do(self, work: Callable[[], Result]) -> Result:
        """Runs it in the server's loop and waits."""
        if not self._loop.is_running() or threading.current_thread() is self._thread:
            return work()
        done: Future[Result] = Future()

        def run() -> None:
            try:
                done.set_result(work())
            except BaseException as error:  # noqa: BLE001 - the caller's thread raises it
                done.set_exception(error)

        self._loop.call_soon_threadsafe(run)
        return done.result(30)

    # Events

    def _emit(self, event: Json, event_id: str | None = None, retry_attempt: int = 0) -> str:
        self._count += 1
        known = event_id or f"Ev{self._count:09d}"
        channel = self.channels.get(str(event.get("channel")))
        shared = channel is not None and channel.is_ext_shared
        payload = event_callback((self.team_id, self.app_id, self.bot_user_id), event, known, shared)
        if self._loop.is_running():
            self._courier.send(Delivery(known, EVENTS, payload, retry_attempt, "timeout" if retry_attempt else ""))
        else:
            self.undelivered.append(payload)
        return known

    def send_event(self, event: Json, *, event_id: str | None = None, retry_attempt: int = 0) -> str:
        """Any event as it stands; its event_id."""
        return self._do(lambda: self._emit(event, event_id, retry_attempt))

    def _ask(self, kind: str, compose: Callable[[], Json]) -> Json:
        """Sends what a person did and waits for the payload of the acknowledgement."""
        answer: Future[Json] = Future()
        self._do(lambda: self._courier.send(Delivery(secrets.token_hex(8), kind, compose(), answer=answer)))
        return answer.result(self.ack_seconds + 10)

    # People

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        *,
        thread_ts: str | None = None,
        files: tuple[Json, ...] = (),
        subtype: str | None = None,
        mention: bool | None = None,
        forwards: tuple[str, str] | None = None,
        attachments: tuple[Json, ...] = (),
        blocks: list[Json] | None = None,
    ) -> str:
        """A message from a person; its ts. `mention` overrules whether there is an app_mention event; `forwards` is the
        channel and ts of a message that goes with it, `attachments` what else Slack shows below it, `blocks` the rich
        text that Slack's clients send."""
        shared = (self._world.forwarded(*forwards),) if forwards else ()
        more: Json = {"thread_ts": thread_ts, "files": files, "subtype": subtype, "mention": mention,
                      "attachments": (*shared, *attachments), "blocks": blocks}  # fmt: skip
        return self._do(lambda: self._world.post(channel, user, text, **more))

    def edit(self, channel: str, ts: str, text: str) -> None:
        def work() -> None:
            place = self.channels[channel]
            message = self._world.message(place, ts)
            self._world.edit(place, message, {"text": text}, by=message["user"])

        self._do(work)

    def delete(self, channel: str, ts: str) -> None:
        place = self.channels[channel]
        self._do(lambda: self._world.delete(place, self._world.message(place, ts)))

    def react(self, channel: str, ts: str, user: str, name: str = "star", *, is_gone: bool = False) -> str:
        """A reaction of a person, or with `is_gone` that it is taken away; the id of its event,
        which takes a scope."""

        def work() -> str:
            place = self.channels[channel]
            event = self._world.react(place, self._world.message(place, ts), user, name, is_gone=is_gone)
            return self._emit(event) if "reactions:read" in self.scopes else ""

        return self._do(work)

    def press(self, channel: str, ts: str, action_id: str, user: str, value: str | None = None) -> Json:
        return self._ask(INTERACTIVE, lambda: self._people.press(channel, ts, action_id, user, value))

    def press_in_view(self, view_id: str, action_id: str, user: str, value: str | None = None) -> Json:
        return self._ask(INTERACTIVE, lambda: self._people.press_in_view(view_id, action_id, user, value))

    def command(self, user: str, channel: str, text: str, command: str = "/ask") -> Json:
        return self._ask(COMMANDS, lambda: self._people.command(user, channel, text, command))

    def shortcut(self, user: str, channel: str, ts: str, callback_id: str = "ask_about") -> Json:
        return self._ask(INTERACTIVE, lambda: self._people.shortcut(user, channel, ts, callback_id))

    def submit(self, user: str, view_id: str, values: dict[str, dict[str, object]]) -> Json:
        reply = self._ask(INTERACTIVE, lambda: self._people.submit(user, view_id, values))
        self._do(lambda: self._people.submitted(view_id, user, reply))
        return reply

    def open_home(self, user: str, tab: str = "home") -> str:
        def work() -> str:
            event = {"type": "app_home_opened", "user": user, "channel": self._world.open_im(user).id, "tab": tab}
            view = {"view": self.homes[user]} if user in self.homes else {}
            return self._emit(event | view | {"event_ts": self._world.new_ts()})

        return self._do(work)

    def user_stops(self, channel: str, thread: str, user: str) -> None:
        """Somebody presses the stop button of a thread."""
        self._do(lambda: self._chat.user_stops(channel, thread, user))

    def new_trigger(self, user: str) -> str:
        return self._do(lambda: self._methods.new_trigger(user))

    # What is there

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Json]:
        return self._do(lambda: self._world.messages(channel, thread_ts))

    def ephemerals(self, channel: str | None = None, user: str | None = None) -> list[Json]:
        everything = self._do(lambda: [dict(message) for message in self._world.ephemerals])
        return [m for m in everything if channel in (None, m["channel"]) and user in (None, m["user"])]

    def calls_of(self, method: str) -> list[Call]:
        return [call for call in list(self.calls) if call.method == method]

    # Faults

    def script(self, method: str, *steps: Step) -> None:
        """One step for each of the next calls of the method; None is a call that goes well."""
        assert method in ARGUMENTS, method
        self._do(lambda: self._server.scripts.setdefault(method, deque()).extend(steps))

    def disconnect(self, reason: str = "refresh_requested") -> None:
        assert reason in ("refresh_requested", "warning", "link_disabled"), reason
        self._do(lambda: self._courier.disconnect(reason))

    def drop(self, how: str = "end") -> None:
        """The sockets break: "end" (FIN) and "reset" (RST) without a goodbye, "close" with a close frame."""
        assert how in ("end", "reset", "close"), how
        self._do(lambda: self._courier.drop(how))

    def expire_tickets(self) -> None:
        self._do(self._courier.tickets.clear)

    def revoke(self, token: str) -> None:
        self._tokens.revoked.add(token)

    # Waiting

    @property
    def connected(self) -> int:
        """The sockets that events may go to."""
        return sum(not socket.leaving for socket in list(self._courier.sockets))

    def wait_for(self, good: Callable[[], bool], timeout: float = 10.0, what: Callable[[], str] = str) -> None:
        end = time.monotonic() + timeout
        while not good():
            assert time.monotonic() < end, f"after {timeout} s: {what()}"
            time.sleep(0.01)

    def wait_connected(self, timeout: float = 10.0, sockets: int = 1) -> None:
        self.wait_for(lambda: self.connected >= sockets, timeout, lambda: f"{self.connected} sockets")

    def wait_acked(self, event_ids: Iterable[str] | None = None, timeout: float = 10.0) -> None:
        """Until these events, or all that were sent and not given up, are acknowledged."""
        ids = None if event_ids is None else set(event_ids)

        def missing() -> set[str]:
            return set(self._courier.open) if ids is None else ids - self._courier.acked

        self.wait_for(lambda: not missing(), timeout, lambda: f"not acknowledged: {sorted(missing())[:5]}")


def start(port: int = 0) -> FakeSlack:
    return FakeSlack(port=port).start()
