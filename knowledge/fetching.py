"""Fetches one page from an address that somebody typed, without being led into the private network.

Every connection, also that of a redirect, goes to an address that was looked up and checked a moment before; TLS and
the Host header keep the name. There are no proxies, no cookies from before, and one deadline for everything.
"""

import codecs
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpcore2
import httpx2
from django.conf import settings

from knowledge import parsers
from knowledge.originals import NO_VALIDATORS, Content, MissingError, OriginalError, Validators

MAX_BYTES = 10_000_000  # unpacked
MAX_REDIRECTS = 5
TOTAL_SECONDS = 20.0
PORTS = {80, 443}
_NO_ADDRESS = "This is not an http or https address."
_SIGNED_IN_REFUSED = "The address holds a user name or a password; those are not sent."

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(written: str) -> list[Network]:
    return [ipaddress.ip_network(network) for network in written.split()]


# RFC 6890, and 100.64/10, which providers share out among their customers. Of IPv6 all that lies outside of 2000::/3,
# from which public addresses are given, and what is set apart within.
PRIVATE = _networks(
    """
    0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 172.16.0.0/12 192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    ::/3 4000::/2 8000::/1 2001::/23 2001:db8::/32 3fff::/20
    """
)
# Never fetched from, whatever the settings say: where clouds hand out their keys, and IPv6 addresses that lead to an
# IPv4 address inside them (mapped, translated, compatible, NAT64, 6to4, Teredo), which would pass by the list.
NEVER = _networks(
    """
    169.254.0.0/16 100.100.100.200/32 168.63.129.16/32 192.0.0.192/32
    ::169.254.0.0/112 ::100.100.100.200/128 ::168.63.129.16/128 ::192.0.0.192/128
    fe80::/10 fd00:ec2::/32 fd20:ce::/32 fd00:c1::/32 fd00:a9fe:a9fe::/48 fd00:42::42/128
    ::ffff:0:0/96 ::ffff:0:0:0/96 64:ff9b::/96 64:ff9b:1::/48 2002::/16 2001::/32
    """
)
_SIGNED_IN = re.compile(r"//[^/?#]*@")  # a user name or a password before the host
# Python's ways of writing text for other ends: of bytes nobody vouches for they make something else, or take hours.
_NO_CHARSETS = {"idna", "punycode", "raw_unicode_escape", "unicode_escape"}
_TYPES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/plain": ".txt",
    "application/pdf": ".pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}


@dataclass(frozen=True)
class Page:
    """A page of the web; its address is its origin and, without what is secret in it, its name."""

    url: str

    @property
    def origin(self) -> str:
        return self.url

    @property
    def path(self) -> str:
        return _SIGNED_IN.sub("//", self.url)

    def read(self, known: Validators = NO_VALIDATORS) -> Content:  # noqa: ARG002
        return fetch(self.url)


class FetchError(OriginalError):
    """The page could not be had; the message is a sentence for the person who gave the address."""


class AddressError(FetchError, MissingError):
    """This is no address to fetch from. Nothing is kept of it, as it may hold a password."""


def fetch(url: str) -> Content:
    """The content behind an http or https address, of a type that is read. Raises FetchError."""
    check(url)
    try:
        with (
            httpx2.Client(
                transport=_CheckedTransport(time.monotonic() + TOTAL_SECONDS),
                trust_env=False,
                follow_redirects=True,
                max_redirects=MAX_REDIRECTS,
                headers={"User-Agent": f"Parley/{settings.VERSION}", "Accept-Encoding": "gzip, deflate"},
            ) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx2.codes.OK:
                raise FetchError(
                    f"The server answered {response.status_code} {response.reason_phrase}.".replace(" .", ".")
                )
            extension = _extension(response)
            return Content(f"page{extension}", _with_charset(response, _body(response)))
    except httpx2.TooManyRedirects as error:
        raise FetchError(f"The page redirects more than {MAX_REDIRECTS} times.") from error
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise FetchError(_NO_ADDRESS) from error
    except httpx2.DecodingError as error:
        raise FetchError("The server sent compressed data that is damaged.") from error
    except (httpcore2.TimeoutException, TimeoutError) as error:
        raise FetchError(f"The server took longer than {TOTAL_SECONDS:g} seconds.") from error
    except httpx2.HTTPError as error:  # such as a redirect to what is no address
        raise FetchError(f"The server's answer makes no sense: {_cause(error)}.") from error
    except (httpcore2.NetworkError, httpcore2.ProtocolError, ssl.SSLError, OSError) as error:
        raise FetchError(f"The server cannot be reached: {_cause(error)}.") from error


def check(url: str) -> None:
    """Raise AddressError for what a person typed and no server is asked for."""
    if _SIGNED_IN.search(url):
        raise AddressError(_SIGNED_IN_REFUSED)
    try:
        address = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise AddressError(_NO_ADDRESS) from error
    if address.scheme not in {"http", "https"} or not address.host:
        raise AddressError(_NO_ADDRESS)


def _body(response: httpx2.Response) -> bytes:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > MAX_BYTES:
            raise FetchError(f"The page is bigger than {MAX_BYTES // 1_000_000} MB.")
    return bytes(body)


def _extension(response: httpx2.Response) -> str:
    """What the content is, by its media type, and by the address where that tells little."""
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    stated = parsers.extension(response.url.path)
    if media_type in {"text/plain", "application/octet-stream", ""} and stated in parsers.KINDS:
        return stated
    if media_type not in _TYPES:
        raise FetchError(f"Pages of the type {media_type or 'unknown'} are not read.")
    return _TYPES[media_type]


def _with_charset(response: httpx2.Response, body: bytes) -> bytes:
    """Text in the encoding that the server names, turned to UTF-8 and marked as such, so that it counts."""
    charset = response.charset_encoding
    if not charset or not response.headers["content-type"].startswith("text/"):
        return body
    try:
        if codecs.lookup(charset).name.replace("-", "_") in _NO_CHARSETS:
            return body
        return codecs.BOM_UTF8 + body.decode(charset).removeprefix("\ufeff").encode()
    except (LookupError, UnicodeError):
        return body


def _cause(error: BaseException) -> str:
    return str(error).strip(" .") or type(error).__name__


class _CheckedTransport(httpx2.BaseTransport):
    """Checks each request, those after a redirect too, and sends it over checked connections."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False), network_backend=_CheckedBackend(deadline)
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        if url.scheme not in {"http", "https"}:
            raise FetchError(_NO_ADDRESS)
        if url.userinfo:
            raise FetchError(_SIGNED_IN_REFUSED)
        if (url.port or 443) not in PORTS and not settings.ALLOW_PRIVATE_HOSTS:
            raise FetchError(f"Port {url.port} is not one that pages are fetched from.")
        response = self.pool.handle_request(
            httpcore2.Request(
                request.method,
                httpcore2.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                headers=request.headers.raw,
            )
        )
        return httpx2.Response(response.status, headers=response.headers, stream=_Body(response))

    def close(self) -> None:
        self.pool.close()


class _Body(httpx2.SyncByteStream):
    def __init__(self, response: httpcore2.Response) -> None:
        self.response = response

    def __iter__(self) -> Iterator[bytes]:
        return self.response.iter_stream()

    def close(self) -> None:
        self.response.close()


class _CheckedBackend(httpcore2.SyncBackend):
    """Looks a name up once, checks every address it has, and connects to one of those."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        address = checked_addresses(host, port)[0]
        stream = super().connect_tcp(address, port, _left(self.deadline, timeout), local_address, socket_options)
        return _TimedStream(stream, self.deadline)


class _TimedStream(httpcore2.NetworkStream):
    """A stream whose every read and write ends with the deadline, so that a slow drip ends too."""

    def __init__(self, stream: httpcore2.NetworkStream, deadline: float) -> None:
        self.stream = stream
        self.deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.deadline, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.deadline, timeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        left = _left(self.deadline, timeout)
        return _TimedStream(self.stream.start_tls(ssl_context, server_hostname, left), self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(deadline: float, timeout: float | None) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout
    return left if timeout is None else min(left, timeout)


def checked_addresses(host: str, port: int) -> list[str]:
    """The addresses of `host`. Raises FetchError when one of them may not be connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise FetchError(f"There is no server called {host}.") from error
    addresses = [str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found]
    denied = NEVER if settings.ALLOW_PRIVATE_HOSTS else NEVER + PRIVATE
    for address in addresses:
        number = ipaddress.ip_address(address)
        if any(number in network for network in denied):
            raise FetchError(f"{host} is an address of a private network; pages are not fetched from there.")
    return addresses
