"""What a sitemap lists is what there is: hostile ones end with a sentence, and its pages are asked themselves."""

import gzip
import time
import tracemalloc
from collections.abc import Mapping, Sequence
from contextlib import suppress

import pytest

from knowledge.models import Document, SourceKind, SyncState
from knowledge.originals.base import OriginalError
from knowledge.sources import adding, syncing
from knowledge.sources.adding import Wanted
from knowledge.web import sitemaps
from tests.fakes.web_server import Web, page, redirect, reply, with_validators
from tests.rows.make import make_deployment

SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


def urlset(*addresses: str) -> bytes:
    entries = "".join(f"<url><loc>{address}</loc><lastmod>2020-01-01</lastmod></url>" for address in addresses)
    return f"<urlset {SPACE}>{entries}</urlset>".encode()


def listed(
    web: Web, body: bytes, include: Sequence[str] = (), owners: Mapping[str, str] | None = None
) -> dict[str, str]:
    """What becomes of each page: "read", or why it is no document."""
    web.pages["/sitemap.xml"] = reply(body, "application/xml")
    found = {}
    for original in sitemaps.read(f"{web.url}/sitemap.xml", include, owners=owners).pages():
        try:
            original.read()
            said = "read"
        except OriginalError as error:
            said = str(error)
        found[original.url.removeprefix(web.url)] = said
    return found


def test_pages_of_other_hosts_count_where_a_pattern_names_the_host(web: Web) -> None:
    other = f"http://localhost:{web.port}"
    web.pages["/a"] = web.pages["/b"] = page()
    body = urlset(f"{web.url}/a", f"{other}/a", f"{other}/b", "http://192.0.2.1/c", "http://[::1", "", "ftp://x/")
    assert listed(web, body) == {"/a": "read"}
    assert listed(web, body, ["/*", f"{other}/b"]) == {"/a": "read", f"{other}/b": "read"}
    assert listed(web, body, [f"{other}/*"]) == {f"{other}/a": "read", f"{other}/b": "read"}


def test_pages_that_ask_to_be_left_out_are(web: Web) -> None:
    web.pages["/a"] = page(head="<meta name=robots content=noindex>")
    web.pages["/b"] = page()
    left_out = "The page asks not to be found by searching."
    assert listed(web, urlset(f"{web.url}/a", f"{web.url}/b")) == {"/a": left_out, "/b": "read"}


def test_two_listed_addresses_of_one_page_are_one_document(web: Web) -> None:
    for path in ("/a", "/a?view=print", "/c?x=1", "/c?x=2"):
        web.pages[path] = page(head=f'<link rel="canonical" href="{path.partition("?")[0]}">')
    body = urlset(*(web.url + path for path in ("/a?view=print", "/a", "/c?x=1", "/c?x=2")))
    found = listed(web, body)
    assert [path for path, said in found.items() if said == "read"] == ["/a", "/c?x=1"]
    assert found["/c?x=2"] == f"The page says that it is a copy of {web.url}/c."
    again = listed(web, body, owners={f"{web.url}/c": f"{web.url}/c?x=2"})
    assert [path for path, said in again.items() if said == "read"] == ["/a", "/c?x=2"]


def test_pages_that_call_each_other_the_original_are_not_both_lost(web: Web) -> None:
    web.pages["/a"] = page(head='<link rel="canonical" href="/b">')
    web.pages["/b"] = page(head='<link rel="canonical" href="/a">')
    assert list(listed(web, urlset(f"{web.url}/a", f"{web.url}/b")).values()).count("read") == 1


def test_pace_of_the_server_is_kept(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nCrawl-delay: 0.3\n")
    web.pages |= {path: page() for path in ("/a", "/b", "/c")}
    started = time.monotonic()
    assert len(listed(web, urlset(*(f"{web.url}/{name}" for name in "abc")))) == 3
    assert time.monotonic() - started >= 0.6


@pytest.mark.parametrize(
    "body",
    [
        b"<urlset>" + b"<url>" * 200_000,
        b"<urlset>" + b"<a/>" * 2_000_000 + b"</urlset>",
        b"<urlset><url><loc " + b"a='" + b"x" * 30_000_000 + b"'/></url></urlset>",
        b"<urlset><url><loc>" + b"x" * 30_000_000 + b"</loc></url></urlset>",
        b"\n".join(b"http://127.0.0.1/%d" % number for number in range(60_000)),
        b'<!DOCTYPE urlset SYSTEM "file:///etc/passwd"><urlset/>',
        b'<?xml version="1.0" encoding="utf-7"?><urlset/>',
        gzip.compress(b"<urlset>" + b" " * 49_000_000 + b"</urlset"),
    ],
    ids=["deep", "many", "a long tag", "a long address", "text", "a DTD", "an encoding", "spaces"],
)
def test_hostile_sitemap_ends_soon_and_lists_nothing(web: Web, body: bytes) -> None:
    started = time.monotonic()
    with suppress(OriginalError):
        assert listed(web, body) == {}
    assert time.monotonic() - started < 10


def test_big_sitemap_needs_little_memory() -> None:
    """Of half a million elements a tree would be 40 MB."""
    body = b"<urlset>" + b"<url/>" * 500_000 + b"</urlset>"
    tracemalloc.start()
    try:
        assert sitemaps._entries(body, "x").pages == []
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


def test_more_pages_than_the_protocol_allows_are_a_sentence(web: Web) -> None:
    addresses = "\n".join(f"{web.url}/{number}" for number in range(50_001)).encode()
    with pytest.raises(OriginalError, match="more than 50,000 pages"):
        listed(web, addresses)


def test_failing_server_is_left_alone(web: Web) -> None:
    web.pages |= {f"/{number}": reply(status=503) for number in range(40)}
    with pytest.raises(OriginalError, match="10 pages in a row could not be had"):
        listed(web, urlset(*(f"{web.url}/{number}" for number in range(40))))
    assert len(web.requests) == 12


def test_redirect_of_a_sitemap_into_the_network_of_clouds_is_not_followed(web: Web) -> None:
    web.pages["/sitemap.xml"] = redirect("http://169.254.1.1/sitemap.xml")
    with pytest.raises(OriginalError, match=r"169\.254\.1\.1 is an address of a private network"):
        sitemaps.read(f"{web.url}/sitemap.xml")


@pytest.mark.django_db
def test_sync_of_a_sitemap_asks_each_page_and_believes_the_list(web: Web) -> None:
    make_deployment()
    paths = ["/a", "/b", "/c", "/d", "/copy"]
    for name in "abcd":
        web.pages[f"/{name}"] = with_validators(page(text=f"All about {name}."), f'"{name}1"')
    web.pages["/copy"] = page(text="All about a.", head='<link rel="canonical" href="/a">')
    web.pages["/sitemap.xml"] = reply(urlset(*(web.url + path for path in paths)))
    source = adding.add(Wanted(f"{web.url}/sitemap.xml", SourceKind.SITEMAP))

    def report() -> list[tuple[str, str]]:
        done = syncing.run(syncing.request(source).pk)
        assert done is not None
        assert (done.state, done.reason) == (SyncState.DONE, "")
        return sorted((kind, path.removeprefix(web.url)) for kind, path in done.changes.values_list("kind", "path"))

    assert report() == [("added", "/a"), ("added", "/b"), ("added", "/c"), ("added", "/d")]
    assert report() == []
    web.pages["/a"] = with_validators(page(text="Everything about a is new."), '"a2"')
    web.pages["/b"] = reply(status=410)
    web.pages["/d"] = page(text="All about d.", head="<meta name=robots content=noindex>")
    web.pages["/sitemap.xml"] = reply(urlset(*(web.url + path for path in paths if path != "/c")))
    assert report() == [("changed", "/a"), ("removed", "/b"), ("removed", "/c"), ("removed", "/d")]
    assert [each.origin for each in Document.objects.all()] == [f"{web.url}/a"]
