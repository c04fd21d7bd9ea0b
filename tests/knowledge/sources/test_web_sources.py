"""Sitemaps and sites: which pages are found, what robots.txt forbids, what changed and what vanished."""

import gzip
from collections.abc import Sequence

import pytest

from knowledge.models import Document, Source, SourceKind, Sync, SyncState
from knowledge.originals.base import OriginalError, UnmodifiedError, Validators
from knowledge.sources import adding, syncing
from knowledge.sources.adding import Wanted
from knowledge.web import sitemaps
from knowledge.web.addresses import normal
from knowledge.web.crawling import Crawl
from knowledge.web.fetching import FetchError, GonePageError, Page
from tests.fakes.web_server import Web, page, redirect, reply, with_validators
from tests.rows.make import make_deployment


def sitemap(web: Web, *paths: str, kind: str = "url") -> bytes:
    entries = "".join(f"<{kind}><loc>{web.url}{path}</loc></{kind}>" for path in paths)
    root = "urlset" if kind == "url" else "sitemapindex"
    return (
        f'<?xml version="1.0"?><{root} xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</{root}>'.encode()
    )


def listed(web: Web, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> list[str]:
    found = sitemaps.read(f"{web.url}/sitemap.xml", include, exclude)
    return [page.url.removeprefix(web.url) for page in found.pages()]


def crawled(web: Web, start: str = "/", **patterns: list[str]) -> list[str]:
    crawl = Crawl(web.url + start, patterns.get("include", []), patterns.get("exclude", []))
    return [found.url.removeprefix(web.url) for found in crawl.pages()]


def synced(source: Source) -> Sync:
    done = syncing.run(syncing.request(source).pk)
    assert done is not None
    return done


def report(web: Web, sync: Sync) -> list[tuple[str, str]]:
    return sorted((kind, path.removeprefix(web.url)) for kind, path in sync.changes.values_list("kind", "path"))


def test_sitemap_lists_pages_of_its_host_that_are_wanted_and_allowed(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /help/secret", "text/plain")
    found = sitemap(web, "/help/a", "/help/a#part", "/help/secret/x", "/blog/b", "/help/old")
    web.pages["/sitemap.xml"] = reply(found.replace(b"</urlset>", b"<url><loc>http://192.0.2.1/x</loc></url></urlset>"))
    assert listed(web, include=["/help/*"], exclude=["*/old"]) == ["/help/a"]


def test_sitemap_may_be_packed_nested_or_plain_text(web: Web) -> None:
    web.pages["/sitemap.xml"] = reply(sitemap(web, "/one.xml.gz", "/two.txt", kind="sitemap"))
    web.pages["/one.xml.gz"] = reply(gzip.compress(sitemap(web, "/a", "/b")), "application/gzip")
    web.pages["/two.txt"] = reply(f"{web.url}/b\n{web.url}/c\n".encode(), "text/plain")
    assert listed(web) == ["/a", "/b", "/c"]


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"<html><body>not found</body></html>", "is no sitemap: it is an XML document of another kind"),
        (b"<urlset><url>", "its XML is damaged"),
        (b'<!DOCTYPE u [<!ENTITY a "aaaa">]><urlset>&a;</urlset>', "declares entities of its own"),
        (gzip.compress(bytes(60_000_000), 1), "bigger than 50 MB when unpacked"),
        (gzip.compress(b"<urlset>")[:-9], "is no sitemap"),
    ],
    ids=["a page", "cut off", "entities", "a bomb", "cut off and packed"],
)
def test_what_is_no_sitemap_is_said_and_not_taken_for_an_empty_one(web: Web, body: bytes, sentence: str) -> None:
    web.pages["/sitemap.xml"] = reply(body, "application/xml")
    with pytest.raises(OriginalError, match=sentence):
        listed(web)


def test_sitemap_that_leads_in_a_circle_or_away_ends(web: Web) -> None:
    web.pages["/sitemap.xml"] = reply(sitemap(web, "/sitemap.xml", kind="sitemap"))
    with pytest.raises(OriginalError, match="nested deeper than 3"):
        listed(web)
    web.pages["/sitemap.xml"] = reply(sitemap(web, "/x", kind="sitemap").replace(web.url.encode(), b"http://192.0.2.1"))
    with pytest.raises(OriginalError, match="leads to another host"):
        listed(web)


def test_robots_that_cannot_be_had_forbid_everything_and_none_allow_it(web: Web) -> None:
    web.pages["/sitemap.xml"] = reply(sitemap(web, "/a"))
    assert listed(web) == ["/a"]
    web.pages["/robots.txt"] = reply(status=503)
    with pytest.raises(OriginalError, match=r"robots\.txt cannot be read, so nothing else is"):
        listed(web)


def test_crawl_follows_links_below_its_first_page_and_asks_for_each_once(web: Web) -> None:
    web.pages["/help/"] = page(
        "a", "/help/b?utm_source=x#top", "/blog", "http://192.0.2.1/", "mailto:x@example.com", "b"
    )
    web.pages["/help/a"] = page("/help/", "b", "c.png", "d.pdf")
    web.pages["/help/b"] = page("/help/gone")
    web.pages["/help/d.pdf"] = reply(b"%PDF-", "application/pdf")
    assert crawled(web, "/help/") == ["/help/", "/help/a", "/help/b", "/help/d.pdf"]
    asked = [path for path, _ in web.requests]
    assert sorted(asked) == sorted(set(asked))
    assert "/help/c.png" not in asked
    assert "/blog" not in asked


def test_patterns_take_the_place_of_the_folder(web: Web) -> None:
    web.pages["/"] = page("/articles/1", "/articles/2-old", "/about")
    for path in ("/articles/1", "/articles/2-old", "/about"):
        web.pages[path] = page()
    assert crawled(web, "/", include=["/articles/*"], exclude=["*-old"]) == ["/articles/1"]


def test_one_page_under_many_addresses_is_one_document(web: Web) -> None:
    canonical = '<link rel="canonical" href="/a">'
    web.pages["/"] = page("/a?sort=1", "/a?sort=2", "/moved", "/a")
    for query in ("?sort=1", "?sort=2", ""):
        web.pages[f"/a{query}"] = page(head=canonical)
    web.pages["/moved"] = redirect("/a")
    assert crawled(web) == ["/", "/a"]


def test_a_template_that_calls_every_page_the_home_page_is_not_believed(web: Web) -> None:
    web.pages["/"] = page("/a", head='<link href="/" rel="canonical">')
    web.pages["/a"] = page(head='<link href="/" rel="canonical">')
    assert crawled(web) == ["/", "/a"]


def test_pages_that_do_not_want_to_be_found_are_left_out_but_may_be_passed_through(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: Parley\nDisallow: /private", "text/plain")
    web.pages["/"] = page("/index", "/dead-end", "/private/x")
    web.pages["/index"] = page("/a", head='<meta name="robots" content="noindex, follow">')
    web.pages["/dead-end"] = page("/b", head="<meta content='nofollow' name='robots'>")
    web.pages["/a"] = web.pages["/b"] = web.pages["/private/x"] = page()
    assert crawled(web) == ["/", "/dead-end", "/a"]


def test_an_endless_site_ends_with_a_sentence(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("knowledge.web.crawling.MAX_PAGES", 10)

    class Calendar(dict):  # type: ignore[type-arg]
        def get(self, path: str, default: object = None) -> object:
            return default if path == "/robots.txt" else page(f"{path}x")

    web.pages = Calendar()
    with pytest.raises(OriginalError, match="more than 10 pages"):
        crawled(web)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("HTTP://Example.com:80/a/../b?x=1&utm_source=y#c", "http://example.com/b?x=1"),
        ("https://example.com", "https://example.com/"),
        ("https://example.com/a;jsessionid=12AB?q=%20", "https://example.com/a?q=%20"),
        ("https://example.com/a%2Fb?b=2&a=1", "https://example.com/a%2Fb?b=2&a=1"),
        ("javascript:alert(1)", None),
        ("https://ada:secret@example.com/", None),
        ("https://[::1", None),
    ],
)
def test_addresses_are_written_in_one_way(written: str, expected: str | None) -> None:
    assert normal(written) == expected


def test_a_page_is_asked_for_only_if_it_changed(web: Web) -> None:
    web.pages["/a"] = with_validators(page(), '"v1"')
    content = Page(f"{web.url}/a").read()
    assert content.validators == Validators('"v1"', "")
    with pytest.raises(UnmodifiedError):
        Page(f"{web.url}/a").read(content.validators)
    web.pages["/a"] = reply(status=410)
    with pytest.raises(GonePageError, match="410 Gone"):
        Page(f"{web.url}/a").read(content.validators)


def test_the_age_and_the_own_address_of_a_page_are_kept(web: Web) -> None:
    web.pages["/a?x=1"] = reply(
        b'<link rel=canonical href="/a"><p>x</p>', Last_Modified="Wed, 25 Nov 2026 08:00:00 GMT"
    )
    content = Page(f"{web.url}/a?x=1").read()
    assert content.url == f"{web.url}/a"
    assert str(content.modified_at) == "2026-11-25 08:00:00+00:00"


@pytest.mark.django_db
def test_a_live_site_whose_pages_change_and_vanish(web: Web) -> None:
    make_deployment()
    web.pages["/"] = page("/a", "/b", "/c", text="The home page.")
    for name in "abc":
        web.pages[f"/{name}"] = page(text=f"All about {name}.")
    source = adding.add(Wanted(f"{web.url}/", SourceKind.SITE))
    assert report(web, synced(source)) == [("added", "/"), ("added", "/a"), ("added", "/b"), ("added", "/c")]
    web.pages["/a"] = page(text="Everything about a is new.")
    web.pages["/b"] = reply(status=404)
    web.pages["/c"] = reply(status=500)
    sync = synced(source)
    assert report(web, sync) == [("changed", "/a"), ("failed", "/c"), ("removed", "/b")]
    web.pages["/c"] = page(text="All about c.")
    assert report(web, synced(source)) == []
    assert set(Document.objects.values_list("state", flat=True)) == {"indexed"}


@pytest.mark.django_db
def test_a_site_that_is_down_keeps_all_its_documents(web: Web) -> None:
    make_deployment()
    web.pages["/"] = page("/a")
    web.pages["/a"] = page()
    source = adding.add(Wanted(f"{web.url}/", SourceKind.SITE))
    synced(source)
    web.pages.clear()
    sync = synced(source)
    assert (sync.state, sync.reason) == (SyncState.FAILED, "The server answered 404 Not Found.")
    assert Document.objects.count() == 2


@pytest.mark.django_db
def test_pages_of_a_list_are_asked_for_by_their_tags_and_vanish_alone(web: Web) -> None:
    make_deployment()
    for name in "ab":
        web.pages[f"/{name}"] = with_validators(page(text=f"All about {name}."), f'"{name}"')
    source = adding.add(Wanted(f"{web.url}/a\n{web.url}/b", SourceKind.PAGES))
    synced(source)
    assert synced(source).unchanged == 2
    web.pages["/b"] = reply(status=410)
    assert report(web, synced(source)) == [("removed", "/b")]
    assert synced(source).state == SyncState.DONE


def test_the_first_page_must_be_had(web: Web) -> None:
    with pytest.raises(FetchError, match="404"):
        crawled(web)
