"""Pages are fetched from public addresses only, in bounded time and size."""

import gzip
import socket
import time
from ipaddress import ip_network

import pytest
from pytest_django.fixtures import Settings

from foundation import egress
from foundation.egress import EgressError, checked_addresses
from knowledge.parsers import parse
from knowledge.web import fetching
from knowledge.web.fetching import FetchError, Page, fetch
from tests.fakes.web_server import LOOPBACK, Handle, Web, drip, drip_headers, redirect, reply


def sentence(url: str) -> str:
    with pytest.raises(FetchError) as caught:
        fetch(url)
    return str(caught.value)


@pytest.mark.parametrize(
    ("path", "media_type", "name"),
    [
        ("/", "text/html; charset=utf-8", "page.html"),
        ("/a.md", "text/plain", "page.md"),
        ("/a", "text/plain", "page.txt"),
        ("/a", "application/pdf", "page.pdf"),
        ("/a.docx?v=1", "application/octet-stream", "page.docx"),
    ],
)
def test_type_is_told_by_the_server_and_else_by_the_address(web: Web, path: str, media_type: str, name: str) -> None:
    web.pages[path] = reply(b"text", media_type)
    content = fetch(web.url + path)
    assert (content.name, content.data.removeprefix(b"\xef\xbb\xbf")) == (name, b"text")


def test_page_is_a_source_named_by_its_address(web: Web) -> None:
    web.pages["/refunds"] = reply()
    page = Page(f"{web.url}/refunds")
    assert page.origin == page.path == page.url == f"{web.url}/refunds"
    assert page.read().data == b"<h1>T</h1><p>text</p>"


def test_encoding_that_the_server_names_counts(web: Web) -> None:
    web.pages["/"] = reply("Größe".encode("latin-1"), "text/html; charset=iso-8859-1")
    content = fetch(web.url)
    assert parse(content.name, content.data).markdown == "Größe\n"


def test_encoding_that_takes_hours_is_not_used(web: Web) -> None:
    web.pages["/"] = reply(b"ab" * 500_000 + b"-" + b"9z8" * 500_000, "text/plain; charset=punycode")
    started = time.process_time()
    assert fetch(web.url).data.startswith(b"abab")
    assert time.process_time() - started < 5


def test_redirects_are_followed_and_counted(web: Web) -> None:
    for step in range(5):
        web.pages[f"/{step}"] = redirect(f"/{step + 1}")
    web.pages["/5"] = reply()
    assert fetch(f"{web.url}/0").data
    web.pages["/5"] = redirect("/6")
    assert sentence(f"{web.url}/0") == "The page redirects more than 5 times."


@pytest.mark.parametrize(
    ("handle", "expected"),
    [
        (reply(status=404), "The server answered 404 Not Found."),
        (reply(media_type="image/png"), "Pages of the type image/png are not read."),
        (reply(bytes(10_000_001)), "The page is bigger than 10 MB."),
        (reply(gzip.compress(bytes(200_000_000), 1), Content_Encoding="gzip"), "The page is bigger than 10 MB."),
        (reply(b"no gzip", Content_Encoding="gzip"), "The server sent compressed data that is damaged."),
        (redirect("http://192.0.2.1/"), "192.0.2.1 is an address of a private network"),
        (redirect("http://ada:secret@127.0.0.1/"), "The address holds a user name or a password; those are not sent."),
        (redirect("http://[::1"), "The server's answer makes no sense: Invalid URL in location header"),
        (redirect("ftp://127.0.0.1/"), "This is not an http or https address."),
        (redirect("file:///etc/passwd"), "This is not an http or https address."),
    ],
)
def test_page_that_cannot_be_had_is_a_sentence(
    web: Web, monkeypatch: pytest.MonkeyPatch, handle: Handle, expected: str
) -> None:
    monkeypatch.setattr(egress, "NEVER", [ip_network("192.0.2.0/24")])  # an address where nobody lives
    web.pages["/"] = handle
    assert sentence(f"{web.url}/").startswith(expected)


@pytest.mark.parametrize("handle", [drip, drip_headers])
def test_slow_drip_ends_with_the_deadline(web: Web, monkeypatch: pytest.MonkeyPatch, handle: Handle) -> None:
    monkeypatch.setattr(fetching, "TOTAL_SECONDS", 1.0)
    web.pages["/"] = handle
    started = time.monotonic()
    assert sentence(web.url) == "The server took longer than 1 seconds."
    assert time.monotonic() - started < 10


# These are looked up but never connected to: where the test fails, it must not ask a real cloud for its keys.
PRIVATE = ["10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "224.0.0.1", "fc00::1", "ff02::1", "2001:db8::1"]
PRIVATE += ["100:0:0:1::1", "3fff::1", "5f00::1", "fec0::1", "::8.8.8.8", "4000::1", "1000::1"]
METADATA = [
    *("169.254.169.254", "0xa9fea9fe", "::ffff:169.254.169.254", "::169.254.169.254", "64:ff9b::a9fe:a9fe"),
    *("2002:a9fe:a9fe::", "100.100.100.200", "168.63.129.16", "fd00:ec2::254", "fe80::1"),
    *("192.0.0.192", "::192.0.0.192", "::ffff:0:169.254.169.254", "fd00:ec2::23", "fd20:ce::254"),
    *("fd00:c1::a9fe:a9fe", "fd00:a9fe:a9fe::1", "fd00:42::42"),
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_no_way_of_writing_this_machine_is_connected_to(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    with socket.create_server(("127.0.0.1", 0)) as canary:
        canary.settimeout(0)
        port = canary.getsockname()[1]
        monkeypatch.setattr(fetching, "PORTS", {port})
        assert sentence(f"http://{host}:{port}/")
        with pytest.raises(BlockingIOError):
            canary.accept()


@pytest.mark.parametrize("address", PRIVATE + METADATA)
def test_private_addresses_are_denied(address: str) -> None:
    with pytest.raises(EgressError, match="private network"):
        checked_addresses(address, 80, is_private_allowed=False)


@pytest.mark.parametrize("address", METADATA)
def test_keys_of_clouds_are_denied_even_where_private_hosts_are_allowed(address: str) -> None:
    with pytest.raises(EgressError, match="private network"):
        checked_addresses(address, 80, is_private_allowed=True)


def test_public_addresses_are_allowed() -> None:
    assert checked_addresses("8.8.8.8", 443, is_private_allowed=False) == ["8.8.8.8"]
    assert checked_addresses("2606:4700::1111", 443, is_private_allowed=False) == ["2606:4700::1111"]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://127.0.0.1:8080/", "Port 8080 is not one that pages are fetched from."),
        ("http://no-such-host.invalid/", "There is no server called no-such-host.invalid."),
        ("https://", "This is not an http or https address."),
        ("gopher://x/", "This is not an http or https address."),
        ("http://[::1/", "This is not an http or https address."),
        ("http://ada:secret@[::1/", "The address holds a user name or a password; those are not sent."),
    ],
)
def test_address_that_cannot_be_used_is_a_sentence(settings: Settings, url: str, expected: str) -> None:
    settings.ALLOW_PRIVATE_HOSTS = False
    assert sentence(url) == expected


def test_proxies_of_the_environment_are_not_used(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    web.pages["/"] = reply()
    assert fetch(web.url).data
    assert web.requests == [("/", f"127.0.0.1:{web.port}")]


def test_refused_connection_is_a_sentence(settings: Settings) -> None:
    settings.ALLOW_PRIVATE_HOSTS = True
    assert sentence("http://127.0.0.1:9/").startswith("The server cannot be reached: ")
