"""A server's robots.txt is obeyed, also when it makes no sense, and nothing is fetched when it cannot be had."""

import time

import pytest

from knowledge.originals.base import OriginalError
from knowledge.web import robots
from knowledge.web.crawling import Crawl
from knowledge.web.fetching import Page
from tests.fakes.web_server import Web, page, redirect, reply


def crawled(web: Web) -> list[str]:
    return [found.url.removeprefix(web.url) for found in Crawl(web.url).pages()]


def test_rules_for_parley_come_before_those_for_all(web: Web) -> None:
    rules = (
        b"User-agent: *\nAllow: /\n\nUser-agent: parley\nDisallow: /private/\nAllow: /private/but\nDisallow: /*.pdf$\n"
    )
    web.pages["/robots.txt"] = reply(rules, "text/plain")
    web.pages["/"] = page("/private/a", "/private/but-this", "/terms.pdf", "/b")
    web.pages["/b"] = web.pages["/private/but-this"] = page()
    assert crawled(web) == ["/", "/private/but-this", "/b"]
    assert [path for path, _ in web.requests].count("/robots.txt") == 1


@pytest.mark.parametrize("status", [404, 401, 403, 410])
def test_without_robots_txt_all_is_allowed(web: Web, status: int) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /", status=status)
    web.pages["/"] = page()
    assert crawled(web) == ["/"]


@pytest.mark.parametrize("handle", [reply(status=500), reply(status=503), reply(status=429), redirect("/robots.txt")])
def test_server_that_cannot_say_what_is_allowed_is_left_alone(web: Web, handle: object) -> None:
    web.pages["/robots.txt"] = handle  # type: ignore[assignment]
    with pytest.raises(OriginalError, match=r"robots\.txt cannot be read, so nothing else is"):
        crawled(web)
    assert {path for path, _ in web.requests} == {"/robots.txt"}


@pytest.mark.parametrize(
    "text",
    [b"<!doctype html><h1>Not found</h1>", b"\xff\xfe\x00Disallow: /", b"Disallow: /\n" * 100_000, b"", b"\n:::\n*:*"],
    ids=["a page", "bytes", "no agent", "nothing", "colons"],
)
def test_robots_txt_that_makes_no_sense_forbids_nothing(web: Web, text: bytes) -> None:
    web.pages["/robots.txt"] = reply(text)
    web.pages["/"] = page()
    assert crawled(web) == ["/"]


def test_of_a_huge_robots_txt_the_beginning_counts(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /a\n" + b"# more\n" * 1_000_000)
    web.pages["/"] = page("/a")
    assert crawled(web) == ["/"]


def test_rules_full_of_wildcards_take_no_time(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /" + b"*a" * 100_000 + b"$\n")
    web.pages["/"] = page("/" + "a" * 1_500 + "b")
    started = time.process_time()
    assert crawled(web) == ["/"]
    assert time.process_time() - started < 3


@pytest.mark.parametrize(("asked_for", "seconds"), [("0.2", 0.4), ("86400", 0.6), ("-5", 0), ("nan", 0), ("soon", 0)])
def test_pace_that_a_server_asks_for_is_kept_up_to_a_limit(
    web: Web, monkeypatch: pytest.MonkeyPatch, asked_for: str, seconds: float
) -> None:
    monkeypatch.setattr(robots, "MOST_DELAY", 0.3)
    web.pages["/robots.txt"] = reply(f"User-agent: *\nCrawl-delay: {asked_for}\n".encode())
    web.pages["/"] = page("/a", "/b")
    web.pages["/a"] = web.pages["/b"] = page()
    started = time.monotonic()
    assert len(crawled(web)) == 3
    assert seconds <= time.monotonic() - started < seconds + 10


def test_a_page_that_a_person_names_is_that_persons_visit(web: Web) -> None:
    web.pages["/robots.txt"] = reply(b"User-agent: *\nDisallow: /")
    web.pages["/a"] = page()
    assert Page(f"{web.url}/a").read().data
    assert [path for path, _ in web.requests] == ["/a"]
