"""The batch APIs of the fake server, stricter than the real ones: OpenAI's files and orders, Anthropic's batches.

What the real ones would find out a day later is refused at once: a name that is there twice, another endpoint than its
lines', a file of another purpose, a body that the endpoint would not take. Lines come back in another order.
"""

import json
import re
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.fakes.providers import protocols
from tests.fakes.providers.protocols import Block, Ending

Json = dict[str, Any]
PATHS = re.compile(r"/v1/(files|batches|messages/batches)\b")
PAGE = 2  # orders of a page, so that lists have to be read on
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
OF_A_LINE = {"custom_id", "method", "url", "body"}
OF_AN_ORDER = {"input_file_id", "endpoint", "completion_window", "metadata"}


class RefusedError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class FakeOrder:
    """`lines` has the bodies by name."""

    id: str
    is_openai: bool
    lines: dict[str, Json]
    status: str
    metadata: dict[str, str] = field(default_factory=dict)
    made_at: float = field(default_factory=time.time)
    files: dict[str, str] = field(default_factory=dict)
    results: list[str] = field(default_factory=list)
    errors: list[Json] = field(default_factory=list)
    is_cancelled: bool = False
    is_deleted: bool = False


class FakeBatches:
    """What there is. `befalls` says what becomes of the line at a place: error, expired, missing, twice, unreadable,
    thought, which used up its tokens before a word, or strange, which is a kind that nobody has told of."""

    def __init__(self, url: str, reply: Callable[[Json], list[Block]]) -> None:
        self.url, self.reply = url, reply
        self.reset()

    def reset(self) -> None:
        self.files: dict[str, tuple[str, bytes]] = {}
        self.orders: list[FakeOrder] = []
        self.is_absent = False  # the server knows no batch API
        self.missed = 0  # so many of the next requests are answered as if their order were not there, as real ones are
        self.taken: int | None = None  # so many orders are taken, and the next is refused
        self.keeps = 0  # so many of the next deletions fail
        self.loses_reply = False  # the next order is made, and the connection breaks before the reply
        self.befalls: dict[int, str] = {}

    def only(self) -> FakeOrder:
        assert len(self.orders) == 1, [order.id for order in self.orders]
        return self.orders[0]

    def finish(self, status: str = "", order: FakeOrder | None = None) -> None:
        """Answer every line of an order, the last one first, and end it."""
        order = order or self.only()
        order.status = status or ("completed" if order.is_openai else "ended")
        done: dict[bool, list[str]] = {True: [], False: []}
        for place, (name, body) in reversed(list(enumerate(order.lines.items()))):
            fate = "cancelled" if order.is_cancelled else self.befalls.get(place, "")
            told = _openai_line(name, body, fate, self) if order.is_openai else _anthropic_line(name, body, fate, self)
            done[fate in ("", "twice", "unreadable")] += told
        if order.is_openai:
            order.files |= {
                kind: self._kept(f"{kind}.jsonl", "\n".join(lines).encode())
                for kind, lines in (("output", done[True]), ("error", done[False]))
                if lines
            }
        order.results = done[True] + done[False]

    def fail(self, message: str) -> None:
        """The only order is refused as a whole, as after a look at its file."""
        self.only().status = "failed"
        self.only().errors = [{"code": "invalid", "message": message, "line": 1, "param": None}]

    def _kept(self, name: str, raw: bytes) -> str:
        identity = f"file-{uuid.uuid4().hex[:12]}"
        self.files[identity] = (name, raw)
        return identity

    def get(self, path: str) -> Json | bytes:
        """Raises RefusedError."""
        self._check()
        split = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(split.query).items()}
        parts = split.path.removeprefix("/v1/").split("/")
        if parts[0] == "files":
            if parts[1] not in self.files:
                raise RefusedError(404, "No such File object.")
            return self.files[parts[1]][1] if len(parts) == 3 else {"id": parts[1], "object": "file"}
        is_openai = parts[0] == "batches"
        rest = parts[1:] if is_openai else parts[2:]
        if not rest:
            return self._list(is_openai, asked.get("after") or asked.get("after_id"))
        if self.missed:
            self.missed -= 1
            raise RefusedError(404, "Not Found")
        order = self._order(rest[0])
        if rest[1:] == ["results"]:
            return "\n".join(order.results).encode()
        return self._told(order)

    def post(self, path: str, raw: bytes, content_type: str) -> Json | None:
        """None where the reply is lost. Raises RefusedError."""
        self._check()
        if path == "/v1/files":
            return self._upload(raw, content_type)
        if path.endswith("/cancel"):
            return self._cancel(self._order(path.split("/")[-2]))
        order = self._ordered(json.loads(raw)) if path == "/v1/batches" else self._messages(json.loads(raw))
        if self.taken is not None and len(self.orders) >= self.taken:
            raise RefusedError(400, "Enqueued token limit reached.")
        self.orders.append(order)
        if self.loses_reply:
            self.loses_reply = False
            return None
        return self._told(order)

    def delete(self, path: str) -> Json:
        """Files, and Anthropic's orders that have ended. Raises RefusedError."""
        self._check()
        if self.keeps:
            self.keeps -= 1
            raise RefusedError(503, "Overloaded")
        identity = path.rpartition("/")[2]
        if path.startswith("/v1/files/"):
            if self.files.pop(identity, None) is None:
                raise RefusedError(404, "No such File object.")
            return {"id": identity, "object": "file", "deleted": True}
        order = self._order(identity)
        if order.is_openai or order.status != "ended":
            raise RefusedError(400, "Only a message batch that has ended can be deleted.")
        order.is_deleted, order.results = True, []
        return {"id": identity, "type": "message_batch_deleted"}

    def _check(self) -> None:
        if self.is_absent:
            raise RefusedError(404, "Not Found")

    def _upload(self, raw: bytes, content_type: str) -> Json:
        boundary = content_type.partition("boundary=")[2].encode()
        parts = {}
        for part in raw.split(b"--" + boundary)[1:-1]:
            head, _, body = part.strip(b"\r\n").partition(b"\r\n\r\n")
            name = re.search(rb'name="([^"]+)"', head)
            assert name
            parts[name[1].decode()] = (head.decode(), body)
        purpose = parts["purpose"][1].decode()
        if purpose != "batch":
            raise RefusedError(400, f"The purpose {purpose} is none of a batch.")
        if '.jsonl"' not in parts["file"][0]:
            raise RefusedError(400, "A batch takes a file that ends in .jsonl.")
        identity = self._kept("input.jsonl", parts["file"][1])
        return {"id": identity, "object": "file", "purpose": purpose, "filename": "input.jsonl", "bytes": len(raw),
                "created_at": 1, "status": "processed"}  # fmt: skip

    def _ordered(self, body: Json) -> FakeOrder:
        if unknown := set(body) - OF_AN_ORDER:
            raise RefusedError(400, f"Unknown parameter: {sorted(unknown)[0]}.")
        if body.get("completion_window") != "24h" or body.get("input_file_id") not in self.files:
            raise RefusedError(400, "The window has to be 24h, and the file has to be there.")
        lines: dict[str, Json] = {}
        for line in self.files[body["input_file_id"]][1].decode().splitlines():
            told = json.loads(line)
            if set(told) != OF_A_LINE or told["method"] != "POST" or told["url"] != body["endpoint"]:
                raise RefusedError(400, f"A line has to have {sorted(OF_A_LINE)} and the endpoint of the batch.")
            self._check_line(lines, told["custom_id"], protocols.chat_fault(told["body"]), told["body"])
            lines[told["custom_id"]] = told["body"]
        made = FakeOrder(f"batch_{uuid.uuid4().hex[:8]}", True, lines, "validating", body.get("metadata") or {})
        made.files["input"] = body["input_file_id"]
        return made

    def _messages(self, body: Json) -> FakeOrder:
        if set(body) != {"requests"} or not body["requests"]:
            raise RefusedError(400, "requests: Field required, and nothing else")
        lines: dict[str, Json] = {}
        for told in body["requests"]:
            if set(told) != {"custom_id", "params"}:
                raise RefusedError(400, "requests: each has a custom_id and params")
            self._check_line(lines, told["custom_id"], protocols.messages_fault(told["params"]), told["params"])
            lines[told["custom_id"]] = told["params"]
        return FakeOrder(f"msgbatch_{uuid.uuid4().hex[:8]}", False, lines, "in_progress")

    @staticmethod
    def _check_line(known: Json, name: str, fault: str, body: Json) -> None:
        if not NAME.fullmatch(name) or name in known:
            raise RefusedError(400, f"custom_id {name}: is there twice, or no name.")
        if fault or "stream" in body:
            raise RefusedError(400, fault or "A batch streams nothing.")

    def _order(self, identity: str) -> FakeOrder:
        found = next((order for order in self.orders if order.id == identity and not order.is_deleted), None)
        if found is None:
            raise RefusedError(404, f"No batch {identity}.")
        return found

    def _cancel(self, order: FakeOrder) -> Json:
        if order.status not in ("validating", "in_progress", "finalizing"):
            raise RefusedError(409 if order.is_openai else 400, f"It cannot be cancelled: it is {order.status}.")
        order.is_cancelled = True
        order.status = "cancelling" if order.is_openai else "canceling"
        return self._told(order)

    def _list(self, is_openai: bool, after: str | None) -> Json:
        known = [order for order in reversed(self.orders) if order.is_openai == is_openai and not order.is_deleted]
        start = next((place + 1 for place, order in enumerate(known) if order.id == after), 0)
        page = known[start : start + PAGE]
        ends = {"first_id": page[0].id, "last_id": page[-1].id} if page else {"first_id": None, "last_id": None}
        return {"object": "list", "data": list(map(self._told, page)), "has_more": len(known) > start + PAGE, **ends}

    def _told(self, order: FakeOrder) -> Json:
        return _openai_order(order) if order.is_openai else _anthropic_order(order, self.url)


def _openai_order(order: FakeOrder) -> Json:
    done = len(order.results)
    return {
        "id": order.id, "object": "batch", "endpoint": "/v1/chat/completions", "input_file_id": order.files["input"],
        "completion_window": "24h", "created_at": int(order.made_at), "status": order.status,
        "metadata": order.metadata or None, "output_file_id": order.files.get("output"),
        "error_file_id": order.files.get("error", ""),
        "errors": {"object": "list", "data": order.errors} if order.errors else None,
        "request_counts": {"total": len(order.lines), "completed": done, "failed": 0},
    }  # fmt: skip


def _anthropic_order(order: FakeOrder, url: str) -> Json:
    made = datetime.fromtimestamp(order.made_at, UTC).isoformat()
    is_over = order.status == "ended"
    counts = dict.fromkeys(("canceled", "errored", "expired", "processing", "succeeded"), 0)
    counts["succeeded" if is_over else "processing"] = len(order.lines)
    return {
        "id": order.id, "type": "message_batch", "processing_status": order.status, "request_counts": counts,
        "created_at": made, "expires_at": made, "ended_at": made if is_over else None,
        "cancel_initiated_at": made if order.is_cancelled else None, "archived_at": None,
        "results_url": f"{url}/v1/messages/batches/{order.id}/results" if is_over and order.results else None,
    }  # fmt: skip


def _openai_line(name: str, body: Json, fate: str, fake: FakeBatches) -> list[str]:
    line: Json = {"id": f"batch_req_{name[-6:]}", "custom_id": name, "response": None, "error": None}
    if fate in ("expired", "cancelled"):
        line["error"] = {"code": f"batch_{fate}", "message": f"This request was {fate}."}
    elif fate in ("error", "strange"):
        error = {"message": "The model could not say.", "type": "server_error", "code": None}
        line["response"] = {"status_code": 500, "request_id": "r", "body": {"error": error}}
    elif fate != "missing":
        said = ([], Ending("length")) if fate == "thought" else (fake.reply(body), Ending())
        reply = protocols.chat_reply(body["model"], *said)
        line["response"] = {"status_code": 200, "request_id": "r", "body": reply}
    else:
        return []
    written = json.dumps(line)
    return ["{half a line"] if fate == "unreadable" else [written] * (2 if fate == "twice" else 1)


def _anthropic_line(name: str, body: Json, fate: str, fake: FakeBatches) -> list[str]:
    if fate == "missing":
        return []
    results: Json = {
        "error": {"type": "errored", "error": {"type": "error", "request_id": "r", "error": {
            "type": "api_error", "message": "Internal server error"}}},
        "expired": {"type": "expired"}, "cancelled": {"type": "canceled"}, "strange": {"type": "postponed"},
    }  # fmt: skip
    message = _message(body, [] if fate == "thought" else fake.reply(body))
    if fate == "thought":
        message["stop_reason"] = "max_tokens"
    result = results.get(fate) or {"type": "succeeded", "message": message}
    return [json.dumps({"custom_id": name, "result": result})] * (2 if fate == "twice" else 1)


def _message(body: Json, blocks: list[Block]) -> Json:
    known = range(protocols.passages(body))
    content = [
        {"type": "text", "text": text, "citations": [protocols.citation(n) for n in cited if n in known] or None}
        for text, cited in blocks
    ]
    usage = {**protocols.MESSAGES_USAGE, "output_tokens": 15}
    return {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content,
            "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}  # fmt: skip
