"""The fake Slack's HTTP side: reads a call, plays the scripted faults, answers as Slack would."""

import asyncio
import base64
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from tests.fakes.slack import agents as fake_slack_agents
from tests.fakes.slack import chat as fake_slack_chat
from tests.fakes.slack import methods as fake_slack_methods
from tests.fakes.slack import tokens as fake_slack_tokens
from tests.fakes.slack.agents import Agents
from tests.fakes.slack.chat import Chat, flag
from tests.fakes.slack.delivery import Courier
from tests.fakes.slack.limits import Limits
from tests.fakes.slack.methods import Methods
from tests.fakes.slack.people import People
from tests.fakes.slack.rules import Json, SlackError, names
from tests.fakes.slack.tokens import Tokens

ARGUMENTS = {
    method: (names(needed), names(needed) | names(taken) | {"team_id"})  # Bolt adds team_id everywhere
    for table in (
        fake_slack_chat.ARGUMENTS,
        fake_slack_methods.ARGUMENTS,
        fake_slack_agents.ARGUMENTS,
        fake_slack_tokens.ARGUMENTS,
    )
    for method, (needed, taken) in table.items()
}
IN_JSON = ("attachments", "blocks", "chunks", "loading_messages", "metadata", "prompts", "view")
NO_TOKEN = {"oauth.v2.access"}


@dataclass(frozen=True)
class Error:
    """ok: false with this code."""

    code: str


@dataclass(frozen=True)
class RateLimited:
    retry_after: int = 1


@dataclass(frozen=True)
class Http:
    status: int = 500


@dataclass(frozen=True)
class Cut:
    """Done, but the connection breaks before the reply."""


@dataclass(frozen=True)
class CutBefore:
    """The connection breaks, and nothing is done."""


@dataclass(frozen=True)
class Hang:
    """The reply comes so much later; what was asked is done at once, or never."""

    seconds: float
    applied: bool = True


Step = Error | RateLimited | Http | Cut | CutBefore | Hang | None


@dataclass(frozen=True)
class Call:
    method: str
    params: Json
    at: float
    response: Json
    token: str = ""


@dataclass(frozen=True)
class _Request:
    """A call as it came over the wire."""

    method: str
    params: Json
    token: str
    client: tuple[str, str]


class Server:
    def __init__(
        self, chat: Chat, methods: Methods, agents: Agents, people: People, tokens: Tokens, courier: Courier
    ) -> None:
        self.tokens, self.people, self.courier = tokens, people, courier
        self.calls: list[Call] = []
        self.limits = Limits(tokens.knobs)
        self.scripts: dict[str, deque[Step]] = {}
        self._methods: dict[str, Callable[[Json], Json]] = {
            "team.info": methods.team_info,
            "chat.postMessage": chat.post,
            "chat.postEphemeral": chat.post_ephemeral,
            "chat.update": chat.update,
            "chat.delete": chat.delete,
            "chat.getPermalink": chat.permalink,
            "chat.startStream": chat.start_stream,
            "chat.appendStream": chat.append_stream,
            "chat.stopStream": chat.stop_stream,
            "conversations.info": methods.info,
            "conversations.history": methods.history,
            "conversations.replies": methods.replies,
            "conversations.list": methods.list,
            "conversations.open": methods.open,
            "conversations.members": methods.members,
            "conversations.join": methods.join,
            "usergroups.users.list": methods.group_users,
            "users.info": methods.users_info,
            "users.list": methods.users_list,
            "users.conversations": methods.users_conversations,
            "views.open": methods.views_open,
            "views.update": methods.views_update,
            "views.publish": methods.views_publish,
            "reactions.add": methods.react,
            "reactions.remove": methods.unreact,
            "assistant.threads.setStatus": agents.set_status,
            "agents.sessions.setStatus": agents.set_session,
            "assistant.threads.setTitle": agents.set_title,
            "assistant.threads.setSuggestedPrompts": agents.set_prompts,
        }

    # The Web API

    async def api(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        try:
            asked = await self._read(request, method)
        except SlackError as error:
            return self._reply(_Request(method, {}, "", ("", "")), error.reply())
        wait = self.limits.wait_needed(method, asked.params)
        if wait:
            return self._limited(asked, wait)
        script = self.scripts.get(method)
        step = script.popleft() if script else None
        done = isinstance(step, Cut | None) or (isinstance(step, Hang) and step.applied)
        if not done:
            return await self._refuse(request, asked, step)
        response = self._reply(asked, self._answer(asked))
        if isinstance(step, Hang):
            await asyncio.sleep(step.seconds)
        return self._cut(request) if isinstance(step, Cut) else response

    async def _read(self, request: web.Request, method: str) -> _Request:
        params: Json = dict(request.query)
        if request.content_type == "application/json":
            params |= _json_object(await request.read())
        elif request.can_read_body:
            params |= dict(await request.post())
        for key in IN_JSON:
            if isinstance(params.get(key), str):
                params[key] = _decoded(key, params[key])
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        in_body = str(params.pop("token", ""))
        name, _, secret = base64.b64decode(given).decode().partition(":") if kind == "Basic" else ("", "", "")
        return _Request(method, params, given if kind == "Bearer" else in_body, (name, secret))

    def _answer(self, asked: _Request) -> Json:
        try:
            return {"ok": True, **self._call(asked)}
        except SlackError as error:
            return error.reply()

    def _call(self, asked: _Request) -> Json:
        method, params = asked.method, asked.params
        if method not in ARGUMENTS:
            raise SlackError("unknown_method", req_method=method)
        if method not in NO_TOKEN:
            self.tokens.check(method, asked.token)
        needed, taken = ARGUMENTS[method]
        wrong = [f"missing required field: {name}" for name in sorted(needed) if params.get(name) in (None, "")]
        wrong += [f"unexpected argument: {name}" for name in sorted(set(params) - taken)]
        if wrong:
            raise SlackError("invalid_arguments", *wrong)
        if method == "auth.test":
            return self.tokens.auth_test(asked.token)
        if method == "auth.revoke":
            return self.tokens.revoke(asked.token, test=flag(params, "test"))
        if method == "oauth.v2.access":
            return self.tokens.access(params, asked.client)
        if method == "apps.connections.open":
            return {"url": self.courier.new_ticket()}
        return self._methods[method](params)

    def _reply(self, asked: _Request, told: Json, *, status: int = 200, retry_after: int = 0) -> web.Response:
        self.calls.append(Call(asked.method, asked.params, time.monotonic(), told, asked.token))
        most = self.tokens.knobs.max_calls
        if most and len(self.calls) > 2 * most:
            del self.calls[:-most], self.courier.acks[:-most]
        headers = {"x-oauth-scopes": self.tokens.knobs.scopes, "x-slack-req-id": f"{len(self.calls):x}"}
        if retry_after:
            headers["retry-after"] = str(retry_after)
        raw = json.dumps(told).encode()
        return web.Response(body=raw, status=status, content_type="application/json", headers=headers)

    def _limited(self, asked: _Request, seconds: int) -> web.Response:
        self.limits.told(asked.method, asked.params, seconds)
        return self._reply(asked, SlackError("ratelimited").reply(), status=429, retry_after=seconds)

    async def _refuse(self, request: web.Request, asked: _Request, step: Step) -> web.Response:
        if isinstance(step, RateLimited):
            return self._limited(asked, step.retry_after)
        if isinstance(step, Http):
            return self._reply(asked, SlackError("internal_error").reply(), status=step.status)
        if isinstance(step, Error):
            return self._reply(asked, SlackError(step.code).reply())
        self._reply(asked, {})
        if isinstance(step, Hang):
            await asyncio.sleep(step.seconds)
        return self._cut(request)

    def _cut(self, request: web.Request) -> web.Response:
        if request.transport:
            request.transport.abort()
        return web.Response()

    # response_url

    async def respond(self, request: web.Request) -> web.Response:
        try:
            self.people.respond(request.match_info["known"], json.loads(await request.read()))
        except SlackError as error:
            gone = error.code == "expired_url"
            body = json.dumps({"ok": False, "error": error.code})
            return web.Response(text=body, status=404 if gone else 400, content_type="application/json")
        return web.Response(text="ok")


def _json_object(raw: bytes) -> Json:
    try:
        body = json.loads(raw or b"{}")
    except ValueError as error:
        raise SlackError("invalid_json") from error
    if not isinstance(body, dict):
        raise SlackError("json_not_object")
    return body


def _decoded(key: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError as error:
        raise SlackError(f"invalid_{key}_format") from error
