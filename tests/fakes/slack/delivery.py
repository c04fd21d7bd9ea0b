"""How the fake Slack's events reach the app: sockets or HTTP, acknowledgements, redelivery."""

import asyncio
import hashlib
import hmac
import json
import secrets
import struct
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from random import Random
from socket import SO_LINGER, SOL_SOCKET
from typing import Any
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from tests.fakes.slack.limits import Knobs
from tests.fakes.slack.rules import Json

EVENTS, INTERACTIVE, COMMANDS = "events_api", "interactive", "slash_commands"
MOST_SOCKETS = 10


@dataclass
class Ack:
    """`seconds` from the sending to the acknowledgement; `payload` is what came with it."""

    id: str  # the event's, or else the envelope's
    seconds: float
    payload: Json
    type: str = EVENTS
    attempt: int = 0


@dataclass
class Delivery:
    id: str
    type: str
    payload: Json
    attempt: int = 0
    reason: str = ""
    answer: "Future[Json] | None" = None
    sent: float = 0.0
    timer: asyncio.TimerHandle | None = None
    parked: bool = False  # it was due, but no socket was there


@dataclass(eq=False)
class Socket:
    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    outbox: "asyncio.Queue[str]" = field(default_factory=asyncio.Queue)
    envelopes: dict[str, Delivery] = field(default_factory=dict)
    leaving: bool = False


class Courier:
    """Touched in the server's loop alone."""

    def __init__(self, knobs: Knobs, random: Random) -> None:
        self.knobs, self.random = knobs, random
        self.acks: list[Ack] = []
        self.acked: set[str] = set()
        self.open: set[str] = set()
        self.undelivered: list[Json] = []
        self.sockets: dict[Socket, None] = {}
        self.tickets: dict[str, float] = {}
        self.url = ""
        self.session: aiohttp.ClientSession | None = None
        self._pending: dict[str, tuple[Delivery, Socket]] = {}
        self._waiting: dict[int, Delivery] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._posts = asyncio.Semaphore(64)

    # Sending

    def send(self, delivery: Delivery) -> None:
        if delivery.type == EVENTS:
            self.open.add(delivery.id)
        self._try(delivery)

    def _try(self, delivery: Delivery) -> None:
        delivery.sent = time.monotonic()
        if self.knobs.events_url:
            task = asyncio.get_running_loop().create_task(self._post(delivery, self.knobs.events_url))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        sockets = [socket for socket in self.sockets if not socket.leaving]
        delivery.parked = not sockets
        if not sockets:
            self._fail(delivery, "connection_failed", "no socket is connected")
            return
        socket, envelope = self.random.choice(sockets), secrets.token_hex(16)
        self._pending[envelope] = delivery, socket
        socket.envelopes[envelope] = delivery
        delivery.timer = asyncio.get_running_loop().call_later(self.knobs.ack_seconds, self._expire, envelope)
        told: Json = {"envelope_id": envelope, "type": delivery.type, "payload": delivery.payload}
        told["accepts_response_payload"] = delivery.type != EVENTS
        if delivery.type == EVENTS:
            told |= {"retry_attempt": delivery.attempt, "retry_reason": delivery.reason}
        socket.outbox.put_nowait(json.dumps(told))

    def _settle(self, envelope: str) -> Delivery | None:
        delivery, socket = self._pending.pop(envelope, (None, None))
        if delivery is None or socket is None:
            return None
        socket.envelopes.pop(envelope, None)
        if delivery.timer:
            delivery.timer.cancel()
        return delivery

    def _expire(self, envelope: str) -> None:
        delivery = self._settle(envelope)
        if delivery:
            self._fail(delivery, "timeout", f"within {self.knobs.ack_seconds} s")

    def _succeed(self, delivery: Delivery, envelope: str, payload: Json) -> None:
        event = delivery.type == EVENTS
        known = delivery.id if event else envelope
        took = time.monotonic() - delivery.sent
        self.acks.append(Ack(known, took, payload, delivery.type, delivery.attempt))
        self.acked.add(known)
        self.open.discard(delivery.id)
        if delivery.answer and not delivery.answer.done():
            delivery.answer.set_result(payload)

    def _fail(self, delivery: Delivery, reason: str, why: str) -> None:
        if delivery.type != EVENTS:
            if delivery.answer and not delivery.answer.done():
                delivery.answer.set_exception(AssertionError(f"not acknowledged: {why}"))
            return
        if delivery.attempt >= len(self.knobs.redelivery_delays):
            self.open.discard(delivery.id)
            self.undelivered.append(delivery.payload)
            return
        delay = self.knobs.redelivery_delays[delivery.attempt]
        delivery.attempt += 1
        delivery.reason = reason
        self._waiting[id(delivery)] = delivery
        delivery.timer = asyncio.get_running_loop().call_later(delay, self._again, delivery)

    def _again(self, delivery: Delivery) -> None:
        if self._waiting.pop(id(delivery), None):
            self._try(delivery)

    # Sockets

    def new_ticket(self) -> str:
        ticket = secrets.token_urlsafe(18)
        self.tickets[ticket] = time.monotonic() + self.knobs.ticket_seconds
        return f"{self.url}?ticket={ticket}&app_id={self.knobs.app_id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.knobs.refuse_sockets:
            return web.Response(status=503, text="unavailable")
        if self.tickets.pop(request.query.get("ticket", ""), 0.0) < time.monotonic():
            return web.Response(status=401, text="invalid ticket")
        ws = web.WebSocketResponse(max_msg_size=1 << 20)
        await ws.prepare(request)
        socket = Socket(ws, request.transport)
        if len(self.sockets) >= MOST_SOCKETS:
            await ws.send_json({"type": "disconnect", "reason": "too_many_websockets", "debug_info": {}})
            await ws.close()
            return ws
        self.sockets[socket] = None
        connection = {"num_connections": len(self.sockets), "connection_info": {"app_id": self.knobs.app_id}}
        socket.outbox.put_nowait(json.dumps({"type": "hello", "debug_info": {"host": "fake"}, **connection}))
        writer = asyncio.get_running_loop().create_task(self._write(socket))
        for delivery in [d for d in self._waiting.values() if d.parked]:
            if delivery.timer:
                delivery.timer.cancel()
            self._again(delivery)
        try:
            await self._read(socket)
        finally:
            writer.cancel()
            self._lose(socket)
        return ws

    async def _write(self, socket: Socket) -> None:
        while True:
            text = await socket.outbox.get()
            try:
                await socket.ws.send_str(text)
            except (ConnectionError, RuntimeError):
                return

    async def _read(self, socket: Socket) -> None:
        async for message in socket.ws:
            if message.type != aiohttp.WSMsgType.TEXT:
                continue
            told = json.loads(message.data)
            delivery = self._settle(str(told.get("envelope_id")))
            if delivery:
                self._succeed(delivery, told["envelope_id"], told.get("payload") or {})

    def _lose(self, socket: Socket) -> None:
        self.sockets.pop(socket, None)
        for envelope in list(socket.envelopes):
            delivery = self._settle(envelope)
            if delivery:
                self._fail(delivery, "connection_failed", "the socket was lost")

    def disconnect(self, reason: str) -> None:
        """Slack's notice, and some seconds later its closing. After a refresh_requested it sends no more there."""
        for socket in list(self.sockets):
            socket.leaving = reason != "warning"
            socket.outbox.put_nowait(json.dumps({"type": "disconnect", "reason": reason, "debug_info": {}}))
            asyncio.get_running_loop().call_later(self.knobs.goodbye_seconds, self._abort, socket)

    def _abort(self, socket: Socket) -> None:
        if socket.transport:
            socket.transport.abort()
        self._lose(socket)

    def drop(self, how: str) -> None:
        for socket in list(self.sockets):
            raw = socket.transport.get_extra_info("socket") if socket.transport else None
            if how == "reset" and raw:
                raw.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
            if how == "close":
                task = asyncio.get_running_loop().create_task(self._close_politely(socket))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                self._abort(socket)

    async def _close_politely(self, socket: Socket) -> None:
        socket.leaving = True
        await socket.ws.close(code=aiohttp.WSCloseCode.GOING_AWAY, message=b"bye")

    async def close(self) -> None:
        for delivery in self._waiting.values():
            if delivery.timer:
                delivery.timer.cancel()
        for task in self._tasks:
            task.cancel()
        if self.session:
            await self.session.close()

    # HTTP

    def sign(self, body: str | bytes, timestamp: int | str) -> str:
        raw = body.encode() if isinstance(body, str) else body
        base = b"v0:%s:%s" % (str(timestamp).encode(), raw)
        return "v0=" + hmac.new(self.knobs.signing_secret.encode(), base, hashlib.sha256).hexdigest()

    def _body(self, delivery: Delivery) -> tuple[str, str]:
        if delivery.type == EVENTS:
            return json.dumps(delivery.payload), "application/json"
        form = delivery.payload if delivery.type == COMMANDS else {"payload": json.dumps(delivery.payload)}
        return urlencode(form), "application/x-www-form-urlencoded"

    async def _post(self, delivery: Delivery, url: str) -> None:
        assert self.session
        async with self._posts:
            delivery.sent = time.monotonic()
            body, kind = self._body(delivery)
            stamp = str(int(time.time()))
            headers = {"content-type": kind, "x-slack-request-timestamp": stamp,
                       "x-slack-signature": self.sign(body, stamp)}  # fmt: skip
            if delivery.attempt:
                headers |= {"x-slack-retry-num": str(delivery.attempt), "x-slack-retry-reason": delivery.reason}
            limit = aiohttp.ClientTimeout(total=self.knobs.ack_seconds)
            try:
                async with self.session.post(url, data=body.encode(), headers=headers, timeout=limit) as reply:
                    self._answered(delivery, reply.status, await reply.text())
            except TimeoutError:
                self._fail(delivery, "http_timeout", f"within {self.knobs.ack_seconds} s")
            except aiohttp.ClientError as error:
                self._fail(delivery, "connection_failed", repr(error))

    def _answered(self, delivery: Delivery, status: int, text: str) -> None:
        if not 200 <= status < 300:
            self._fail(delivery, "http_error", f"HTTP {status}")
            return
        payload: Any = {}
        if text:
            payload = json.loads(text) if text.startswith("{") else {"text": text}
        self._succeed(delivery, delivery.id, payload)


def event_callback(world_ids: tuple[str, str, str], event: Json, event_id: str, shared: bool) -> Json:
    team, app, bot = world_ids
    authorization = {"enterprise_id": None, "team_id": team, "user_id": bot, "is_bot": True}
    return {
        "token": "fake-verification-token", "team_id": team, "api_app_id": app, "event": event,
        "type": "event_callback", "event_id": event_id, "event_time": int(time.time()),
        "authorizations": [authorization | {"is_enterprise_install": False}], "is_ext_shared_channel": shared,
        "event_context": f"4-{event_id}",
    }  # fmt: skip
