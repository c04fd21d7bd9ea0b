"""The guard at every way out: which addresses this install connects to, whoever typed them.

Pages, repositories and webhooks are addresses that people type; a provider's may be one, too. A name is looked up once,
every address it has is checked, and the connection goes to one of those: what a name means a moment later plays no
part. Redirects are connections like any other.
"""

import contextlib
import ipaddress
import socket
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import httpcore2
import httpx2

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


class EgressError(Exception):
    """The address is not one that is connected to; the message is a sentence for whoever typed it."""


def checked_addresses(host: str, port: int, *, is_private_allowed: bool) -> list[str]:
    """The addresses of `host`. Raises EgressError when it has none, or one that may not be connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError) as error:
        raise EgressError(f"There is no server called {host}.") from error
    addresses = [str(sockaddr[0]).partition("%")[0] for *_, sockaddr in found]
    denied = NEVER if is_private_allowed else NEVER + PRIVATE
    for address in addresses:
        number = ipaddress.ip_address(address)
        if any(number in network for network in denied):
            raise EgressError(f"{host} is an address of a private network, which is not connected to.")
    return addresses


class CheckedBackend(httpcore2.SyncBackend):
    """Opens connections to checked addresses; TLS and the Host header keep the name."""

    def __init__(self, *, is_private_allowed: bool) -> None:
        self.is_private_allowed = is_private_allowed

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        *others, last = checked_addresses(host, port, is_private_allowed=self.is_private_allowed)
        ends = time.monotonic() + (timeout or 0)

        def left() -> float | None:
            return None if timeout is None else max(0.001, ends - time.monotonic())

        for address in others:
            with contextlib.suppress(httpcore2.ConnectError):  # such as ::1 of a server that listens on 127.0.0.1 alone
                return super().connect_tcp(address, port, left(), local_address, socket_options)
        return super().connect_tcp(last, port, left(), local_address, socket_options)


@dataclass(frozen=True)
class Bounds:
    """What each reply to a client may hold, and how long all may take together; they come uncompressed."""

    most_bytes: int
    seconds: float


class _Bounded(httpx2.SyncByteStream):
    """A reply's body, until it is too much or too late. An SDK reads it whole, and its timeout is of each read."""

    def __init__(self, stream: httpx2.SyncByteStream, most_bytes: int, ends: float) -> None:
        self._stream, self._most_bytes, self._ends = stream, most_bytes, ends

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for piece in self._stream:
            size += len(piece)
            if size > self._most_bytes:
                raise httpx2.ReadError(f"its reply is longer than {self._most_bytes:,} bytes")
            if time.monotonic() > self._ends:
                raise httpx2.ReadTimeout("its reply did not end in time")
            yield piece

    def close(self) -> None:
        self._stream.close()


class CheckedTransport(httpx2.HTTPTransport):
    """HTTP over checked connections, which are kept and used again."""

    def __init__(self, *, is_private_allowed: bool, bounds: Bounds | None = None) -> None:
        super().__init__(trust_env=False)
        self._pool._network_backend = CheckedBackend(is_private_allowed=is_private_allowed)
        self._bounds = bounds
        self._ends = time.monotonic() + bounds.seconds if bounds else 0.0

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if self._bounds is None:
            return super().handle_request(request)
        request.headers["Accept-Encoding"] = "identity"
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":  # a little of it could become very much
            response.close()
            raise httpx2.ReadError("its reply is compressed, which was not asked for")
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Bounded(response.stream, self._bounds.most_bytes, self._ends)
        return response


def client(*, is_private_allowed: bool, bounds: Bounds | None = None) -> httpx2.Client:
    """A client for an SDK, or for one request: no proxy of the environment, and no redirect is followed.

    With `bounds` it is for a few short replies of a server that is not trusted to send such.
    """
    transport = CheckedTransport(is_private_allowed=is_private_allowed, bounds=bounds)
    return httpx2.Client(transport=transport, trust_env=False, follow_redirects=False)
