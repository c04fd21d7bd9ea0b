"""Fetches one page from an address that somebody typed, without being led into the private network.

Every connection, also that of a redirect, goes to an address that was looked up and checked a moment before; TLS and
the Host header keep the name. There are no proxies, no cookies from before, and one deadline for everything.
"""

import codecs
import html
import re
import ssl
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpcore2
import httpx2
from django.conf import settings

from foundation.egress import CheckedBackend, EgressError
from knowledge import parsers
from knowledge.originals.base import (
    NO_VALIDATORS,
    Content,
    MissingError,
    OriginalError,
    OriginalGoneError,
    UnmodifiedError,
    Validators,
)

MAX_BYTES = 10_000_000  # unpacked
MAX_REDIRECTS = 5
TOTAL_SECONDS = 20.0
PORTS = {80, 443}
_NO_ADDRESS = "This is not an http or https address."
_SIGNED_IN_REFUSED = "The address holds a user name or a password; those are not sent."

USER_AGENT = "Parley"
MAX_ADDRESS = 2_000  # characters, as the column holds
HEAD_BYTES = 100_000  # of a page, in which its own address is looked for
# "<" ends a tag that was never closed, so that a page of open tags takes no longer than any other.
_CANONICAL = re.compile(
    rb"<link\b(?=[^<>]*\brel\s*=\s*[\"']?canonical\b)[^<>]*?\bhref\s*=\s*[\"']?([^\"'<>\s]+)", re.IGNORECASE
)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
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
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.oasis.opendocument.spreadsheet": ".ods",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/epub+zip": ".epub",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
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

    def read(self, known: Validators = NO_VALIDATORS) -> Content:
        return fetch(self.url, known)


class FetchError(OriginalError):
    """The page could not be had; the message is a sentence for the person who gave the address.

    `status` is that of the reply, None where there was none.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AddressError(FetchError, MissingError):
    """This is no address to fetch from. Nothing is kept of it, as it may hold a password."""


class GonePageError(FetchError, OriginalGoneError):
    """The server says that there is no such page."""


@dataclass(frozen=True)
class Fetched:
    """What a server sent: `url` is where the redirects ended, `data` is unpacked, header names are in small letters."""

    url: str
    headers: Mapping[str, str]
    data: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def is_html(self) -> bool:
        return self.media_type in {"text/html", "application/xhtml+xml"}


def fetch(url: str, known: Validators = NO_VALIDATORS) -> Content:
    """The content behind an address, of a type that is read. Raises what `get` raises."""
    return content(get(url, known))


def get(url: str, known: Validators = NO_VALIDATORS, *, most: int = MAX_BYTES) -> Fetched:
    """What is behind an http or https address, at most `most` bytes.

    Raises FetchError, as GonePageError where the server says so (404, 410), and UnmodifiedError when what is `known` of
    it is still true.
    """
    check(url)
    headers = {"User-Agent": f"{USER_AGENT}/{settings.VERSION}", "Accept-Encoding": "gzip, deflate"}
    headers |= {"If-None-Match": known.etag} if known.etag else {}
    headers |= {"If-Modified-Since": known.last_modified} if known.last_modified else {}
    with (
        _in_words(),
        httpx2.Client(
            transport=_TimedTransport(time.monotonic() + TOTAL_SECONDS),
            trust_env=False,
            follow_redirects=True,
            max_redirects=MAX_REDIRECTS,
            headers=headers,
        ) as client,
        client.stream("GET", url) as response,
    ):
        _check_status(response)
        return Fetched(str(response.url), dict(response.headers), _body(response, most))


def _check_status(response: httpx2.Response) -> None:
    if response.status_code == httpx2.codes.OK:
        return
    if response.status_code == httpx2.codes.NOT_MODIFIED:
        raise UnmodifiedError
    sentence = f"The server answered {response.status_code} {response.reason_phrase}.".replace(" .", ".")
    is_gone = response.status_code in {httpx2.codes.NOT_FOUND, httpx2.codes.GONE}
    raise (GonePageError if is_gone else FetchError)(sentence, response.status_code)


@contextmanager
def _in_words() -> Iterator[None]:
    """Raise FetchError, with a sentence, in place of what the network raises inside."""
    try:
        yield
    except EgressError as error:
        raise FetchError(str(error)) from error
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


def content(reply: Fetched) -> Content:
    """A reply as something to be read, under the address that it says is its own. Raises FetchError for other types."""
    if not is_read(reply):
        raise FetchError(f"Pages of the type {reply.media_type or 'unknown'} are not read.")
    validators = Validators(reply.headers.get("etag", "")[:500], reply.headers.get("last-modified", "")[:100])
    return Content(
        f"page{_extension(reply)}",
        _with_charset(reply),
        validators,
        _date(validators.last_modified),
        own_address(reply)[:MAX_ADDRESS],
    )


def own_address(reply: Fetched) -> str:
    """The address a page wants to be known by, on its own host (RFC 6596); else where it was found."""
    found = _CANONICAL.search(reply.data[:HEAD_BYTES]) if reply.is_html else None
    if found is None:
        return reply.url
    written = html.unescape(found[1].decode("utf-8", "replace"))
    try:
        stated = httpx2.URL(reply.url).join(written)
    except httpx2.InvalidURL:
        return reply.url
    found_at = httpx2.URL(reply.url)
    is_own = stated.host == found_at.host and stated.scheme in {"http", "https"} and not stated.userinfo
    if stated.path == "/" != found_at.path:
        return reply.url  # a template that says so of every page
    return str(stated.copy_with(fragment=None)) if is_own else reply.url


def _date(written: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


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


def _body(response: httpx2.Response, most: int) -> bytes:
    body = bytearray()
    for part in response.iter_bytes():
        body += part
        if len(body) > most:
            raise FetchError(f"The page is bigger than {most // 1_000_000} MB.")
    return bytes(body)


def is_read(reply: Fetched) -> bool:
    """Whether the content is of a type that is read."""
    return bool(_extension(reply))


def _extension(reply: Fetched) -> str:
    """What the content is, by its media type, and by the address where that tells little; empty for other types."""
    stated = parsers.extension(httpx2.URL(reply.url).path)
    if reply.media_type in {"text/plain", "application/octet-stream", ""} and stated in parsers.KINDS:
        return stated
    return _TYPES.get(reply.media_type, "")


def _with_charset(reply: Fetched) -> bytes:
    """Text in the encoding that the server names, turned to UTF-8 and marked as such, so that it counts."""
    named = _CHARSET.search(reply.headers.get("content-type", ""))
    if not named or not reply.media_type.startswith("text/"):
        return reply.data
    try:
        if codecs.lookup(named[1]).name.replace("-", "_") in _NO_CHARSETS:
            return reply.data
        return codecs.BOM_UTF8 + reply.data.decode(named[1]).removeprefix("\ufeff").encode()
    except (LookupError, UnicodeError):
        return reply.data


def _cause(error: BaseException) -> str:
    return str(error).strip(" .") or type(error).__name__


class _TimedTransport(httpx2.BaseTransport):
    """Checks each request, those after a redirect too, and sends it over checked connections, all by one deadline."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline
        self.pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(trust_env=False), network_backend=_TimedBackend(deadline)
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


class _TimedBackend(CheckedBackend):
    def __init__(self, deadline: float) -> None:
        super().__init__(is_private_allowed=settings.ALLOW_PRIVATE_HOSTS)
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        left = _left(self.deadline, timeout)
        return _TimedStream(super().connect_tcp(host, port, left, local_address, socket_options), self.deadline)


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
