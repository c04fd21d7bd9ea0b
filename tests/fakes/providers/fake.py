"""A strict local server that speaks OpenAI's and Anthropic's protocols and breaks them on demand.
By hand: `python -m tests.fakes.providers.fake --port 9000`, which prints what to set.
"""

import argparse
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from tests.fakes.providers import protocols as protocol
from tests.fakes.providers.batching import PATHS, FakeBatches, RefusedError
from tests.fakes.providers.lists import FakeLists
from tests.fakes.providers.protocols import Block, Ending, Raw

KEY = "sk-fake-0123456789abcdef"

ENDINGS = {
    "": Ending(),
    "length": Ending("length", "max_tokens"),
    "refusal": Ending("content_filter", "refusal"),
    "no_usage": Ending(has_usage=False),
}
STREAM_FAULTS = {
    "hang",  # says nothing at all
    "stall",  # says nothing after the first half
    "pause",  # says the second half when released
    "drip",  # sends a word every 0.1 s, for ever
    "ping",  # sends a comment every 0.1 s, never a word
    "cut",  # the connection breaks in the middle
    "no_end",  # ends cleanly in the middle
    "empty",  # ends cleanly at once
    "bad_json",
    "error_event",  # an error inside the stream
}


@dataclass(frozen=True)
class Refusal:
    """An answer other than 200."""

    status: int
    message: str = "Something is wrong."
    code: str = ""
    retry_after: str = ""


@dataclass(frozen=True)
class Request:
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class FakeProviders:
    """The server's script and memory. `script` says what befalls the next requests; after it all goes well."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.anthropic_url = f"http://127.0.0.1:{server.server_address[1]}"
        self.openai_url = f"{self.anthropic_url}/v1"
        self.released = threading.Event()
        self.batches = FakeBatches(self.anthropic_url, self.reply)
        self.lists = FakeLists()
        self.reset()

    def reset(self) -> None:
        self.key = KEY
        self.released.set()
        self.released = threading.Event()
        self.requests: list[Request] = []
        self.blocks: list[Block] | None = None
        self.blocks_in_turn: list[list[Block]] = []
        self.seconds = 0.0  # that a streamed reply takes
        self.is_even = False  # come its words one by one in that time, and not in two heaps?
        self._script: list[Refusal | Raw | str] = []
        self.batches.reset()
        self.lists.reset()

    def script(self, *steps: Refusal | Raw | str) -> None:
        """One step per request: a Refusal, a Raw reply, a name in STREAM_FAULTS or ENDINGS, or "" for a good reply."""
        for step in steps:
            assert isinstance(step, Refusal | Raw) or step in STREAM_FAULTS or step in ENDINGS, step
        self._script.extend(steps)

    def next_step(self) -> Refusal | Raw | str:
        return self._script.pop(0) if self._script else ""

    def reply(self, body: dict[str, Any]) -> list[Block]:
        """What a test has set, one of `blocks_in_turn` before `blocks`; else a cited sentence about the question."""
        if self.blocks_in_turn:
            return self.blocks_in_turn.pop(0)
        return self.blocks or [
            ("Here is what the documents say about ", ()),
            (protocol.question(body)[:80], (0,)),
            (". Ask again for more.", ()),
        ]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    fake: FakeProviders

    def log_message(self, *args: object) -> None: ...

    def do_GET(self) -> None:
        if PATHS.match(self.path):
            return self._batch(lambda: self.fake.batches.get(self.path))
        is_anthropic = bool(self.headers.get("anthropic-version"))
        return self._batch(lambda: self.fake.lists.get(self.path, is_anthropic=is_anthropic))

    def do_DELETE(self) -> None:
        self._batch(lambda: self.fake.batches.delete(self.path))

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        if PATHS.match(self.path):
            kind = self.headers.get("content-type", "")
            return self._batch(lambda: self.fake.batches.post(self.path, raw, kind))
        try:
            body = json.loads(raw)
        except ValueError:
            return self._refuse(Refusal(400, "The body is not valid JSON.", "invalid_request_error"))
        if self.path == "/api/show":
            return self._batch(lambda: self.fake.lists.door(f"{self.path} {body.get('model')}"))
        self.fake.requests.append(Request(self.path, dict(self.headers.items()), body))
        routes: dict[str, tuple[Callable[[dict[str, Any]], str], Callable[[dict[str, Any], str], None]]] = {
            "/v1/chat/completions": (protocol.chat_fault, self._chat),
            "/v1/embeddings": (protocol.embedding_fault, self._embeddings),
            "/v1/messages": (protocol.messages_fault, self._messages),
        }
        if self.path not in routes:
            return self._refuse(Refusal(404, f"Unknown path {self.path}.", "not_found_error"))
        fault, answer = routes[self.path]
        refusal = self._no_key() or ((problem := fault(body)) and Refusal(400, problem, "invalid_request_error"))
        step = refusal or self.fake.next_step()
        if isinstance(step, Raw):
            return self._send_raw(step)
        return self._refuse(step) if isinstance(step, Refusal) else answer(body, step)

    def _batch(self, act: Callable[[], dict[str, Any] | bytes | None]) -> None:
        try:
            found = self._no_key() or act()
        except RefusedError as error:
            found = Refusal(error.status, str(error), "invalid_request_error")
        if isinstance(found, Refusal):
            self._refuse(found)
        elif found is None:  # the reply is lost
            self.close_connection = True
        else:
            self._raw(200, found) if isinstance(found, bytes) else self._json(200, found)

    def _no_key(self) -> Refusal | None:
        given = self.headers.get("x-api-key") or self.headers.get("authorization", "").removeprefix("Bearer ")
        if self.path == "/v1/messages" and not self.headers.get("anthropic-version"):
            return Refusal(400, "anthropic-version: header is required", "invalid_request_error")
        if given == self.fake.key:
            return None
        return Refusal(401, f"Incorrect API key provided: {given}.", "authentication_error")

    def _chat(self, body: dict[str, Any], step: str) -> None:
        blocks, ending = self.fake.reply(body), ENDINGS.get(step, Ending())
        if body.get("stream"):
            has_usage = ending.has_usage and bool((body.get("stream_options") or {}).get("include_usage"))
            ending = Ending(ending.openai, ending.anthropic, has_usage)
            self._stream(protocol.chat_events(body["model"], blocks, ending), step)
        elif step == "hang":
            self.fake.released.wait(30)
        else:
            self._json(200, protocol.chat_reply(body["model"], blocks, ending))

    def _messages(self, body: dict[str, Any], step: str) -> None:
        known = range(protocol.passages(body))
        blocks = [(text, tuple(n for n in cited if n in known)) for text, cited in self.fake.reply(body)]
        self._stream(protocol.message_events(body["model"], blocks, ENDINGS.get(step, Ending())), step)

    def _embeddings(self, body: dict[str, Any], step: str) -> None:
        if step == "hang":
            self.fake.released.wait(30)
        else:
            self._json(200, protocol.embedding_reply(body))

    def _stream(self, events: Iterator[str], step: str) -> None:
        released = self.fake.released
        if step == "hang":
            released.wait(30)
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        try:
            self._send(list(events), step, released)
        except OSError:  # the client hung up
            self.close_connection = True

    def _send(self, events: list[str], step: str, released: threading.Event) -> None:
        for number, event in enumerate(protocol.as_scripted(events, step, released)):
            if self.fake.is_even:
                released.wait(self.fake.seconds / len(events))
            elif self.fake.seconds and number in (0, len(events) // 2):
                released.wait(self.fake.seconds / 2)
            self._chunk(event)
        if step == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _chunk(self, event: str) -> None:
        raw = event.encode()
        self.wfile.write(f"{len(raw):x}\r\n".encode() + raw + b"\r\n")

    def _send_raw(self, raw: Raw) -> None:
        self.send_response(raw.status)
        self.send_header("content-type", "text/event-stream" if raw.status == 200 else "application/json")
        self.send_header("content-length", str(len(raw.body)))
        self.end_headers()
        self.wfile.write(raw.body)

    def _refuse(self, refusal: Refusal) -> None:
        error = {"message": refusal.message, "type": refusal.code or "error", "code": refusal.code or None}
        self._json(refusal.status, {"type": "error", "error": error}, refusal.retry_after)

    def _json(self, status: int, payload: dict[str, Any], retry_after: str = "") -> None:
        self._raw(status, json.dumps(payload).encode(), "application/json", retry_after)

    def _raw(self, status: int, raw: bytes, kind: str = "application/octet-stream", retry_after: str = "") -> None:
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(raw)))
        if retry_after:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(raw)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is no news."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def start(port: int = 0) -> tuple[_Server, FakeProviders]:
    handler = type("Handler", (_Handler,), {})
    server = _Server(("127.0.0.1", port), handler)
    handler.fake = FakeProviders(server)  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server, handler.fake  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def provider_server() -> Iterator[FakeProviders]:
    """One server for the run, so that the SDKs' clients, which are kept by address, serve every test."""
    server, fake = start()
    yield fake
    fake.reset()
    server.shutdown()
    server.server_close()


@pytest.fixture
def fake_providers(provider_server: FakeProviders, settings: Settings) -> Iterator[FakeProviders]:
    """The server with an empty script, and settings that point both providers at it."""
    provider_server.reset()
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = provider_server.openai_url, KEY
    settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = provider_server.anthropic_url, KEY
    yield provider_server
    provider_server.reset()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--port", type=int, default=9000)
    server, fake = start(parser.parse_args().port)
    sys.stderr.write(f"OPENAI_BASE_URL={fake.openai_url} ANTHROPIC_BASE_URL={fake.anthropic_url} key {fake.key}\n")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        server.shutdown()


if __name__ == "__main__":
    main()
