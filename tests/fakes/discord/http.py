"""The HTTP side: authorisation, faults, rate limits, and answers in Discord's form."""

import asyncio
import json
import re
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.fakes.discord.faults import Cut, CutBefore, Hang, Http, RateLimited, Rates, Script, Window, headers
from tests.fakes.discord.hooks import Hooks
from tests.fakes.discord.messages import Asked, Reply
from tests.fakes.discord.rest import Rest
from tests.fakes.discord.rules import DiscordError, Json, invalid

PREFIX = "/api/v10"
OPEN = ("interactions", "webhooks")  # their tokens are in the path


@dataclass
class Call:
    """A request; `status` is what it was answered with, 0 while it has no answer (and for one that was cut)."""

    method: str
    path: str
    json: Any
    at: float
    status: int = 0
    query: str = ""


def template(path: str) -> tuple[str, list[str]]:
    """channels/12/messages as channels/#/messages and [12]."""
    parts = path.strip("/").split("/")
    named: list[str] = []
    for place, part in enumerate(parts):
        is_token = place == 2 and parts[0] in OPEN
        is_emoji = place == 5 and parts[4] == "reactions"
        is_original = place == 4 and parts[0] == "webhooks"
        if part.isdigit() or is_token or is_emoji or is_original:
            named.append(part)
            parts[place] = "*" if is_emoji else "#"
    return "/".join(parts), named


class Http10:
    """Every route of REST v10 that the bot may call."""

    def __init__(self, rest: Rest, hooks: Hooks, token: str) -> None:
        self.token, self.script, self.rates = token, Script(), Rates()
        self.calls: list[Call] = []
        self.released = asyncio.Event()
        webhook = "webhooks/#/#/messages/#"
        self.routes: dict[tuple[str, str], Callable[[Asked], Reply]] = rest.routes() | {
            ("POST", "interactions/#/#/callback"): hooks.callback,
            ("POST", "webhooks/#/#"): hooks.follow_up,
            ("GET", webhook): hooks.get,
            ("PATCH", webhook): hooks.edit,
            ("DELETE", webhook): hooks.delete,
        }
        self.gateway_url = ""

    async def handle(self, request: web.Request) -> web.Response:
        path = request.raw_path.partition("?")[0].removeprefix(PREFIX)
        body, files, is_json = await _body(request)
        call = Call(request.method, path, body, time.monotonic(), query=request.query_string)
        self.calls.append(call)
        step = self.script.next(call.method, path)
        if isinstance(step, Http):
            return _answer(call, step.status, step.json, step.headers)
        if isinstance(step, RateLimited):
            return _limited(call, step)
        if isinstance(step, CutBefore):
            return _break(request, step.reset)
        if isinstance(step, Hang) and not step.applied:
            await self._sleep(step.seconds)
            return _break(request, reset=False)
        response = self._serve(request, call, files, is_json)
        if isinstance(step, Cut):
            call.status = 0
            return _break(request, step.reset)
        if isinstance(step, Hang):
            await self._sleep(step.seconds)
        return response

    async def _sleep(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self.released.wait(), seconds)
        except TimeoutError:
            return

    def _serve(self, request: web.Request, call: Call, files: int, is_json: bool) -> web.Response:
        name, parts = template(call.path)
        is_open = name.split("/", 1)[0] in OPEN
        if not is_open and request.headers.get("Authorization") != f"Bot {self.token}":
            return _answer(call, 401, {"message": "401: Unauthorized", "code": 0})
        if not is_json:
            return _answer(call, 400, DiscordError(50109).body)
        if name in ("gateway", "gateway/bot"):
            return _answer(call, 200, self._gateway())
        route = self.routes.get((call.method, name))
        if route is None:
            known = any(key[1] == name for key in self.routes)
            status, message = (405, "405: Method Not Allowed") if known else (404, "404: Not Found")
            return _answer(call, status, {"message": message, "code": 0})
        window, refusal = self._rate(call, name, parts, is_open)
        limits = headers(_bucket(call.method, name), window)
        return refusal or self._apply(call, route, Asked(parts, dict(request.query), call.json, files), limits)

    def _apply(self, call: Call, route: Callable[[Asked], Reply], asked: Asked, limits: dict[str, str]) -> web.Response:
        try:
            status, payload = route(asked)
        except DiscordError as error:
            return _answer(call, error.status, error.body, limits)
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # a body of the wrong shape
            return _answer(call, 400, invalid("body", repr(error), "BASE_TYPE_BAD_VALUE").body, limits)
        return _answer(call, status, payload, limits)

    def _rate(
        self, call: Call, name: str, parts: list[str], is_open: bool
    ) -> tuple[Window | None, web.Response | None]:
        if not self.rates.enforced:
            return None, None
        if not is_open and (wait := self.rates.everything.take()):
            return None, _limited(call, RateLimited(wait, is_global=True))
        if (call.method, name) not in (("POST", "channels/#/messages"), ("PATCH", "channels/#/messages/#")):
            return None, None
        window = self.rates.bucket(int(parts[0]))
        if wait := window.take():
            return window, _limited(call, RateLimited(wait), headers(_bucket(call.method, name), window))
        return window, None

    def _gateway(self) -> Json:
        limit = {"total": 1000, "remaining": 999, "reset_after": 14400000, "max_concurrency": 1}
        return {"url": self.gateway_url, "shards": 1, "session_start_limit": limit}


def _bucket(method: str, name: str) -> str:
    """Sends and edits share one."""
    is_message = (method, name) in (("POST", "channels/#/messages"), ("PATCH", "channels/#/messages/#"))
    return "messages" if is_message else re.sub(r"[^a-z]+", "-", f"{method} {name}".lower())


async def _body(request: web.Request) -> tuple[Any, int, bool]:
    """The JSON, how many files come with it, and whether it could be read."""
    if not request.can_read_body:
        return {}, 0, True
    files = 0
    raw: str | bytes
    if request.content_type == "multipart/form-data":
        form = await request.post()
        raw = str(form.get("payload_json") or "{}")
        files = sum(isinstance(value, web.FileField) for value in form.values())
    else:
        raw = await request.read()
        if raw and request.content_type != "application/json":
            return {}, 0, False
    try:
        body = json.loads(raw or "{}")
    except ValueError:
        return {}, files, False
    return body, files, isinstance(body, dict | list)


def _answer(call: Call, status: int, payload: Any, extra: dict[str, str] | None = None) -> web.Response:
    call.status = status
    head = dict(extra or headers("fake", None))
    if status == 204:
        return web.Response(status=204, headers=head)
    raw = payload if isinstance(payload, bytes | str) else json.dumps(payload)
    head.setdefault("Content-Type", "text/html" if isinstance(payload, bytes | str) else "application/json")
    return web.Response(status=status, body=raw.encode() if isinstance(raw, str) else raw, headers=head)


def _limited(call: Call, step: RateLimited, limits: dict[str, str] | None = None) -> web.Response:
    head = (limits or headers("fake", None)) | {"Retry-After": f"{step.retry_after:.3f}", "X-RateLimit-Remaining": "0"}
    head["X-RateLimit-Reset-After"] = head["Retry-After"]
    head["X-RateLimit-Scope"] = "global" if step.is_global else "user"
    if step.via:
        head["Via"] = "1.1 google"
    if step.is_global:
        head["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": step.retry_after, "global": step.is_global}
    return _answer(call, 429, body, head)


def _break(request: web.Request, reset: bool) -> web.Response:
    if request.transport:
        if reset:
            raw = request.transport.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        request.transport.abort()
    return web.Response(status=500)
