"""A server that tells of its models too much, too slowly, or in another form than it was asked for."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from foundation import secrets
from llm import trials
from llm.models import Endpoint
from llm.providers import listing
from tests.rows.make import make_endpoint

pytestmark = pytest.mark.django_db

Serve = Callable[[Callable[[BaseHTTPRequestHandler], None]], Endpoint]
NAMES = json.dumps({"object": "list", "data": [{"id": "a-model"}], "has_more": False}).encode()


@pytest.fixture(params=["openai", "anthropic"])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    servers = []

    def begin(answer: Callable[[BaseHTTPRequestHandler], None]) -> Endpoint:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    answer(self)
                except OSError:  # it was hung up
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.02,)).start()
        servers.append(server)
        endpoint = make_endpoint(request.param)
        endpoint.name, endpoint.base_url = "theirs", f"http://127.0.0.1:{server.server_port}"
        endpoint.base_url += "/v1" if request.param == "openai" else ""
        endpoint.is_private_allowed = True
        endpoint.encrypted_key = secrets.encrypt("any")
        return endpoint

    yield begin
    for server in servers:
        server.shutdown()
        server.server_close()


def head(handler: BaseHTTPRequestHandler, **headers: str) -> None:
    handler.send_response(200)
    for name, value in {"Content-Type": "application/json", "Connection": "close", **headers}.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def test_a_list_that_never_ends_is_not_read_to_its_end(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_BYTES", 100_000)

    def answer(handler: BaseHTTPRequestHandler) -> None:
        head(handler)
        while True:
            handler.wfile.write(b" " * 65_536)

    found = trials.names(serve(answer))
    assert "longer than 100,000 bytes" in found.problem


def test_a_list_that_drips_is_given_up_in_time(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trials, "TELLING_SECONDS", 0.3)
    is_over = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        head(handler)
        while not is_over.wait(0.05):
            handler.wfile.write(b" ")

    try:
        began = time.monotonic()
        found = trials.names(serve(answer))
    finally:
        is_over.set()
    assert "in time" in found.problem
    assert time.monotonic() - began < 20


def test_a_little_that_would_become_very_much_is_not_unpacked(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        assert handler.headers["Accept-Encoding"] == "identity"
        head(handler, Content_Encoding="gzip")
        handler.wfile.write(gzip.compress(NAMES))

    assert "compressed" in trials.names(serve(answer)).problem


def test_a_redirect_is_not_followed(serve: Serve) -> None:
    asked = []

    def answer(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.path)
        handler.send_response(302)
        handler.send_header("Location", "/elsewhere")
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    found = trials.names(serve(answer))
    assert found.problem
    assert not any("elsewhere" in path for path in asked)


def test_an_ordinary_list_is_read(serve: Serve) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        head(handler)
        handler.wfile.write(NAMES)

    assert [each.name for each in trials.names(serve(answer)).models] == ["a-model"]
