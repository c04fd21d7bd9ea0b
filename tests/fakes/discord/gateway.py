"""The gateway: sessions that identify, hear the events of their shard, break off and resume."""

import asyncio
import json
import time
import uuid
from collections import deque
from dataclasses import dataclass, field

from aiohttp import WSMsgType, web

from tests.fakes.discord.rules import Json
from tests.fakes.discord.things import GUILDS, MESSAGE_CONTENT, Event
from tests.fakes.discord.world import World

LOG = 20_000
HIDDEN = {"content": "", "embeds": [], "attachments": [], "components": []}


@dataclass(eq=False)
class Socket:
    """One connection; what is in `outbox` is sent in turn, a number closes it with that code."""

    request: web.Request
    web: web.WebSocketResponse
    outbox: asyncio.Queue[str | int] = field(default_factory=asyncio.Queue)

    def send(self, op: int, data: object = None) -> None:
        self.outbox.put_nowait(json.dumps({"op": op, "d": data, "s": None, "t": None}))

    def close(self, code: int) -> None:
        self.outbox.put_nowait(code)

    def abort(self) -> None:
        if self.request.transport:
            self.request.transport.abort()

    async def write(self) -> None:
        while True:
            item = await self.outbox.get()
            if isinstance(item, int):
                await self.web.close(code=item)
                return
            if self.web.closed:
                return
            await self.web.send_str(item)


@dataclass(eq=False)
class Session:
    intents: int
    shard: int
    shards: int
    key: str = field(default_factory=lambda: uuid.uuid4().hex)
    socket: Socket | None = None
    sequence: int = 0
    resumable: bool = True
    left_at: float = 0
    log: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=LOG))

    def hears(self, event: Event) -> bool:
        mine = self.shard == (0 if event.guild is None else (event.guild >> 22) % self.shards)
        return mine and (not event.intents or bool(self.intents & event.intents))

    def dispatch(self, name: str, text: str) -> None:
        self.sequence += 1
        frame = f'{{"op":0,"t":"{name}","s":{self.sequence},"d":{text}}}'
        self.log.append((self.sequence, frame))
        if self.socket:
            self.socket.outbox.put_nowait(frame)


def without_content(data: Json) -> Json:
    return data | HIDDEN


class Gateway:
    def __init__(self, world: World, token: str) -> None:
        self.world, self.token, self.url = world, token, ""
        self.sessions: dict[str, Session] = {}
        self.sockets: set[Socket] = set()
        self.refuses = False
        self.missing_intents = False
        self.resume_seconds = 120.0
        self.heartbeat_seconds = 41.25
        self.identifies: list[Json] = []
        self.resumes = 0
        world.emit = self.emit

    def is_private(self, data: Json) -> bool:
        """Whether the content is for those alone who have the message content intent."""
        bot = str(self.world.bot_id)
        author = (data.get("author") or {}).get("id")
        return "guild_id" in data and author != bot and all(user["id"] != bot for user in data["mentions"])

    def emit(self, event: Event) -> None:
        texts: dict[bool, str] = {}
        private = event.name in ("MESSAGE_CREATE", "MESSAGE_UPDATE") and self.is_private(event.data)
        for session in self.sessions.values():
            if not session.hears(event):
                continue
            hidden = private and not session.intents & MESSAGE_CONTENT
            if hidden not in texts:
                texts[hidden] = json.dumps(without_content(event.data) if hidden else event.data)
            session.dispatch(event.name, texts[hidden])

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.refuses:
            return web.Response(status=503)
        response = web.WebSocketResponse(timeout=0.5, compress=False, max_msg_size=1 << 20)
        await response.prepare(request)
        socket = Socket(request, response)
        self.sockets.add(socket)
        writer = asyncio.create_task(socket.write())
        socket.send(10, {"heartbeat_interval": int(self.heartbeat_seconds * 1000)})
        try:
            await self._listen(socket)
        finally:
            self._left(socket)
            writer.cancel()
        return response

    async def _listen(self, socket: Socket) -> None:
        async for frame in socket.web:
            if frame.type is not WSMsgType.TEXT:
                socket.close(4002)
                continue
            try:
                payload = json.loads(frame.data)
                self._take(socket, payload["op"], payload.get("d"))
            except (ValueError, KeyError, TypeError):
                socket.close(4002)

    def _left(self, socket: Socket) -> None:
        self.sockets.discard(socket)
        for session in [*self.sessions.values()]:
            if session.socket is socket:
                session.socket, session.left_at = None, time.monotonic()
                if socket.web.close_code in (1000, 1001):  # the client has ended its session
                    del self.sessions[session.key]

    def _take(self, socket: Socket, op: int, data: Json) -> None:
        known = any(session.socket is socket for session in self.sessions.values())
        if op == 1:
            socket.send(11)
        elif op == 2:
            socket.close(4005) if known else self._identify(socket, data)
        elif op == 6:
            self._resume(socket, data)
        elif not known:
            socket.close(4003)
        elif op not in (3, 4, 8):
            socket.close(4001)

    def _identify(self, socket: Socket, data: Json) -> None:
        self.identifies.append(data)
        shard, shards = data.get("shard") or (0, 1)
        if data["token"] != self.token:
            return socket.close(4004)
        if not 0 <= shard < shards:
            return socket.close(4010)
        if self.missing_intents and data["intents"] & MESSAGE_CONTENT:
            return socket.close(4014)
        self._forget_old()
        session = Session(data["intents"], shard, shards, socket=socket)
        self.sessions[session.key] = session
        mine = [guild for guild in self.world.guilds if (guild >> 22) % shards == shard]
        ready = {
            "v": 10, "user": self.world.users[self.world.bot_id] | {"verified": True, "mfa_enabled": False},
            "guilds": [{"id": str(guild), "unavailable": True} for guild in mine], "session_id": session.key,
            "resume_gateway_url": self.url, "shard": [shard, shards], "private_channels": [],
            "application": {"id": str(self.world.application_id), "flags": self.flags()},
        }  # fmt: skip
        session.dispatch("READY", json.dumps(ready))
        for guild in mine if session.intents & GUILDS else ():
            session.dispatch("GUILD_CREATE", json.dumps(self.world.full_guild(guild)))
        return None

    def flags(self) -> int:
        """The application's: whether it may read what is written."""
        return 1 << 23 if self.missing_intents else 1 << 23 | 1 << 19

    def _resume(self, socket: Socket, data: Json) -> None:
        self.resumes += 1
        self._forget_old()
        if data["token"] != self.token:
            return socket.close(4004)
        session, seen = self.sessions.get(data["session_id"]), int(data["seq"] or 0)
        if not session or not session.resumable or (session.log and session.log[0][0] > seen + 1):
            self.sessions.pop(data["session_id"], None)
            return socket.send(9, False)
        if session.socket:
            session.socket.abort()
        session.socket = socket
        for sequence, frame in session.log:
            if sequence > seen:
                socket.outbox.put_nowait(frame)
        session.dispatch("RESUMED", '{"_trace":[]}')
        return None

    def _forget_old(self) -> None:
        oldest = time.monotonic() - self.resume_seconds
        for session in [*self.sessions.values()]:
            if not session.socket and session.left_at < oldest:
                del self.sessions[session.key]

    def drop(self) -> None:
        """Break every connection without a word."""
        for socket in [*self.sockets]:
            socket.abort()

    def invalidate(self) -> None:
        for session in self.sessions.values():
            session.resumable = False

    def reconnect(self) -> None:
        for socket in [*self.sockets]:
            socket.send(7)

    def close(self, code: int) -> None:
        for socket in [*self.sockets]:
            socket.close(code)
