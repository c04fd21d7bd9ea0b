"""A small web on 127.0.0.1 whose pages are the test's."""

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pytest_django.fixtures import Settings

Handle = Callable[[BaseHTTPRequestHandler], None]


def reply(
    body: bytes = b"<h1>T</h1><p>text</p>", media_type: str = "text/html", status: int = 200, **headers: str
) -> Handle:
    def handle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", media_type)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.end_headers()
        request.wfile.write(body)

    return handle


def redirect(target: str) -> Handle:
    return reply(b"", status=302, Location=target)


def drip(request: BaseHTTPRequestHandler) -> None:
    reply(b"")(request)
    while True:
        request.wfile.write(b"a word ")
        time.sleep(0.1)


def drip_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(10_000):
        request.wfile.write(f"X-{number}: 1\r\n".encode())
        time.sleep(0.1)


class Web:
    """A server on 127.0.0.1 whose pages are the test's; it remembers the requests."""

    def __init__(self) -> None:
        self.pages: dict[str, Handle] = {}
        self.requests: list[tuple[str, str]] = []
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.requests.append((self.path, self.headers["Host"]))
                try:
                    web.pages.get(self.path, reply(status=404))(self)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *args: object) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    settings.ALLOW_PRIVATE_HOSTS = True
    web = Web()
    threading.Thread(target=web.server.serve_forever, args=(0.05,), daemon=True).start()
    yield web
    web.server.shutdown()
    web.server.server_close()


def page(*links: str, text: str = "Some text.", head: str = "") -> Handle:
    """A page with a text of its own and links to others."""
    body = "".join(f'<p><a href="{link}">{link}</a></p>' for link in links)
    return reply(
        f"<html><head>{head}</head><body><main><h1>A page</h1><p>{text}</p>{body}</main></body></html>".encode()
    )


def with_validators(handle: Handle, etag: str) -> Handle:
    """A page that is sent once and then, to those who name its tag, answered with 304."""

    def conditional(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("If-None-Match") == etag:
            reply(b"", status=304, ETag=etag)(request)
        else:
            send_response = request.send_response

            def with_etag(code: int, message: str | None = None) -> None:
                send_response(code, message)
                request.send_header("ETag", etag)

            request.send_response = with_etag  # type: ignore[method-assign]
            handle(request)

    return conditional


LOOPBACK = [
    *("127.0.0.1", "127.1", "0x7f000001", "2130706433", "017700000001", "0", "localhost", "[::1]"),
    *("[::ffff:127.0.0.1]", "[::127.0.0.1]", "①②⑦.⓪.⓪.①", "127。0。0。1"),
]
