"""A site is visited politely, within its bounds, and nothing counts as gone that may still be there."""

import time

import pytest

from knowledge.originals.base import OriginalError, UnmodifiedError, Validators
from knowledge.web import crawling, fetching, page_links
from knowledge.web.crawling import Crawl
from knowledge.web.fetching import Fetched, FetchError, GonePageError
from tests.fakes.web_server import Web, page, redirect, reply, with_validators


def visit(web: Web, start: str = "/", *, include: tuple[str, ...] = (), known: tuple[str, ...] = ()) -> dict[str, str]:
    """What became of each page by its path: its text, or why it failed."""
    crawl = Crawl(web.url + start, include, (), {web.url + path for path in known})
    found = {}
    for original in crawl.pages():
        try:
            said = original.read().data.decode()
        except FetchError as error:
            said = str(error)
        assert original.origin not in found
        found[original.origin.removeprefix(web.url)] = said
    assert crawl.missed == []
    return found


def asked(web: Web) -> list[str]:
    return [path for path, _ in web.requests]


def test_site_ends_at_the_folder_it_starts_in(web: Web) -> None:
    web.pages["/help"] = page("/help/a", "/helpers", "/", "/help/b.html")
    web.pages["/help/a"] = web.pages["/help/b.html"] = page("/helpers")
    assert list(visit(web, "/help")) == ["/help", "/help/a", "/help/b.html"]


def test_site_is_that_of_the_host_where_the_start_is_found(web: Web) -> None:
    home = f"http://localhost:{web.port}"
    web.pages["/start"] = redirect(f"{home}/help/")
    web.pages["/help/"] = page("a")
    web.pages["/help/a"] = page("/start")
    crawl = Crawl(f"{web.url}/start")
    assert [found.url for found in crawl.pages()] == [f"{home}/help/", f"{home}/help/a"]


def test_another_host_is_visited_where_a_pattern_names_it(web: Web) -> None:
    other = f"localhost:{web.port}"
    web.pages["/"] = page("/a", f"http://{other}/a", f"http://{other}/b")
    for name in "ab":
        web.pages[f"/{name}"] = page()
    crawl = Crawl(web.url, ["/*", f"http://{other}/a"])
    assert [found.url for found in crawl.pages()] == [f"{web.url}/", f"{web.url}/a", f"http://{other}/a"]


def test_loops_and_endless_paths_come_to_an_end(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "MAX_DEPTH", 3)
    web.pages["/"] = page("/to/a", "/1/")
    web.pages["/to/a"] = redirect("/to/b")
    web.pages["/to/b"] = redirect("/to/a")
    for depth in range(1, 8):
        web.pages["/" + "1/" * depth] = page("1/")
    crawl = Crawl(web.url)
    assert [found.url.removeprefix(web.url) for found in crawl.pages()] == ["/", "/to/a", "/1/", "/1/1/", "/1/1/1/"]


def test_addresses_that_come_to_nothing_are_limited_too(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "MAX_ASKED", 10)
    web.pages["/"] = page(*(f"/broken/{number}" for number in range(100)))
    with pytest.raises(FetchError, match="more than"):
        visit(web)
    assert len(asked(web)) < 15


def test_canonical_address_out_of_bounds_loses_no_page(web: Web) -> None:
    web.pages["/help/"] = page("a", "b")
    web.pages["/help/a"] = page(head='<link rel="canonical" href="http://192.0.2.1/a">')
    web.pages["/help/b"] = page(head='<link rel="canonical" href="/shop/b">')
    assert list(visit(web, "/help/")) == ["/help/", "/help/a", "/help/b"]


def test_what_is_no_document_is_passed_over(web: Web) -> None:
    web.pages["/"] = page("/feed", "/gone", "/away", "/picture.jpeg", "/a.md")
    web.pages["/feed"] = reply(b"{}", "application/json")
    web.pages["/away"] = redirect(f"http://localhost:{web.port}/")
    web.pages["/a.md"] = reply(b"# A", "text/plain")
    assert list(visit(web)) == ["/", "/a.md"]
    assert "/picture.jpeg" not in asked(web)


def test_document_that_is_known_is_sent_only_if_it_has_changed(web: Web) -> None:
    web.pages["/"] = page("/terms.pdf")
    web.pages["/terms.pdf"] = with_validators(reply(b"%PDF-", "application/pdf"), '"v1"')
    _, terms = Crawl(web.url, known={f"{web.url}/terms.pdf"}).pages()
    assert asked(web) == ["/robots.txt", "/"]
    with pytest.raises(UnmodifiedError):
        terms.read(Validators('"v1"'))


def test_big_page_is_not_held_while_it_waits(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "HELD_BYTES", 1_000)
    web.pages["/"] = page("/big")
    web.pages["/big"] = page(text="a word " * 1_000)
    assert "a word" in visit(web)["/big"]
    assert asked(web).count("/big") == 2


def test_behind_a_page_that_fails_each_known_page_is_asked_for_itself(web: Web) -> None:
    web.pages["/"] = page("/list")
    web.pages["/list"] = reply(status=503)
    web.pages["/still"] = page()
    found = visit(web, known=("/", "/list", "/still", "/vanished"))
    assert list(found) == ["/", "/list", "/still"]
    assert found["/list"] == "The server answered 503 Service Unavailable."


def test_page_that_nothing_links_to_any_more_is_gone(web: Web) -> None:
    web.pages["/"] = page("/a", "/b")
    web.pages["/a"] = web.pages["/b"] = web.pages["/unlinked"] = page()
    assert list(visit(web, known=("/", "/a", "/b", "/unlinked"))) == ["/", "/a", "/b"]
    assert "/unlinked" not in asked(web)


def test_start_page_without_its_links_does_not_empty_the_site(web: Web) -> None:
    web.pages["/"] = page(text="Down for maintenance.")
    web.pages["/a"] = web.pages["/b"] = page()
    assert list(visit(web, known=("/", "/a", "/b", "/c"))) == ["/", "/a", "/b"]


@pytest.mark.parametrize("status", [404, 500])
def test_start_that_cannot_be_read_is_the_whole_sites_failure(web: Web, status: int) -> None:
    web.pages["/"] = reply(status=status)
    with pytest.raises(FetchError) as raised:
        visit(web, known=("/a",))
    assert isinstance(raised.value, GonePageError) == (status == 404)


def test_server_that_fails_again_and_again_is_left_alone(web: Web) -> None:
    web.pages["/"] = page(*(f"/{number}" for number in range(50)))
    web.pages |= {f"/{number}": reply(status=500) for number in range(50)}
    with pytest.raises(OriginalError, match=r"10 pages in a row could not be had.*The server answered 500"):
        visit(web)
    assert len(asked(web)) == 12


def test_pages_that_are_forbidden_are_no_failing_server(web: Web) -> None:
    web.pages["/"] = page(*(f"/{number}" for number in range(30)), "/last")
    web.pages |= {f"/{number}": reply(status=403) for number in range(30)}
    web.pages["/last"] = page()
    assert "Some text." in visit(web)["/last"]


def test_time_that_is_up_is_a_sentence(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crawling, "MAX_SECONDS", 0.0)
    web.pages["/"] = page("/a")
    with pytest.raises(FetchError, match="takes longer than"):
        visit(web)


def links(markup: str, **headers: str) -> tuple[list[str], bool]:
    headers = {"content-type": "text/html", **{name.replace("_", "-"): value for name, value in headers.items()}}
    found = page_links.read(Fetched("https://x.example/help/", headers, markup.encode()))
    return [address.removeprefix("https://x.example") for address in found.addresses], found.is_kept_out


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        (
            "<A HREF=a>a</A> <a class='x' href='b?x=1&amp;y=2'> <a\nhref = \"/c\"\n>",
            ["/help/a", "/help/b?x=1&y=2", "/c"],
        ),
        ("<!-- <a href=a> --> <a href=b> <script>'<a href=c>'</script> <a href=d>", ["/help/b", "/help/d"]),
        ("<base href='/other/'><base href=/not/><a href=a>", ["/other/a"]),
        ("<a href=a rel='noopener NOFOLLOW'><a href=b rel=noopener><a name=c><abbr href=d>", ["/help/b"]),
        ("<a href=javascript:x()><a href='data:text/html,x'><a href='https://ada:pw@x.example/'><a href='//[::1'>", []),
        ("<a href=a><meta name=robots content='noindex,nofollow'>", []),
        ("İİİ<script>x</script><a href=a>", ["/help/a"]),
        ("<!-- <a href=a>", []),
        ("<a href=a", []),
    ],
)
def test_links_are_those_a_person_could_follow(markup: str, expected: list[str]) -> None:
    assert links(markup)[0] == expected


@pytest.mark.parametrize(
    ("markup", "header", "is_kept_out"),
    [
        ("<meta name=robots content=noindex>", "", True),
        ("<META CONTENT='NONE' NAME='Parley'>", "", True),
        ("<meta name=otherbot content=noindex>", "", False),
        ("<!-- <meta name=robots content=noindex> -->", "", False),
        ("", "noindex", True),
        ("", "otherbot: noindex, parley: noarchive", False),
        ("", "Parley: noindex", True),
    ],
)
def test_page_says_whether_it_is_to_be_found(markup: str, header: str, is_kept_out: bool) -> None:
    assert links(markup, x_robots_tag=header)[1] == is_kept_out


@pytest.mark.parametrize(
    "piece", [b"<a href=", b"<!--", b"<script>", b'<a href="', b"<" * 5, b"<a x='", b"<link rel=canonical "]
)
def test_no_page_takes_long_to_look_through(piece: bytes) -> None:
    found = Fetched("https://x.example/", {"content-type": "text/html"}, piece * (2_000_000 // len(piece)))
    started = time.process_time()
    page_links.read(found)
    fetching.own_address(found)
    assert time.process_time() - started < 5
