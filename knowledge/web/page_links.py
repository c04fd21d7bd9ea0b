"""What a page of the web says to programs: its links, and whether they may keep it."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

from knowledge.web.addresses import normal
from knowledge.web.fetching import USER_AGENT, Fetched

MAX_LINKS = 5_000  # of one page
_MAX_TAG = 8_000  # characters of a tag that are looked at
_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9]*")
_ATTRIBUTE = re.compile(r"""([a-zA-Z-]{1,30})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'>]+))""")
_WORDS = re.compile(r"[\w-]+")
_WITHOUT_LINKS = {"script": "</script", "style": "</style", "template": "</template"}


@dataclass(frozen=True)
class PageLinks:
    """The addresses a page links to, each once and in order, and what it asks for."""

    addresses: tuple[str, ...]
    is_kept_out: bool
    """noindex: it is not to be found by searching."""


def read(reply: Fetched) -> PageLinks:
    """The links of a page, if it is one; none where it asks that they are not followed."""
    base, asked = reply.url, _asked(reply.headers.get("x-robots-tag", ""))
    links: dict[str, None] = {}
    for name, attributes in _tags(reply.data if reply.is_html else b""):
        if name == "base" and base == reply.url:
            base = normal(attributes.get("href", ""), reply.url) or base
        elif name == "meta" and attributes.get("name", "").lower() in {"robots", USER_AGENT.lower()}:
            asked |= set(_WORDS.findall(attributes.get("content", "").lower()))
        elif name in {"a", "area"} and len(links) < MAX_LINKS and (link := _link(attributes, base)):
            links[link] = None
    return PageLinks(() if asked & {"nofollow", "none"} else tuple(links), bool(asked & {"noindex", "none"}))


def _asked(header: str) -> set[str]:
    """What X-Robots-Tag asks of us: what it says to all, and to us by name, as in "parley: noindex"."""
    words: set[str] = set()
    for part in header.lower().split(","):
        agent, mark, asked = part.rpartition(":")
        if not mark or agent.strip() == USER_AGENT.lower():
            words |= set(_WORDS.findall(asked))
    return words


def _link(attributes: dict[str, str], base: str) -> str | None:
    """Where a link leads to; None for those that are not to be followed."""
    is_followed = "href" in attributes and "nofollow" not in attributes.get("rel", "").lower().split()
    return normal(attributes["href"], base) if is_followed else None


def _tags(data: bytes) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and attributes of each opening tag that is neither commented out nor in a script.

    Each step goes forward or ends, so that no page takes longer than its length allows.
    """
    page, small = data.decode("utf-8", "replace"), data.lower().decode("utf-8", "replace")
    place = 0
    while (start := page.find("<", place)) >= 0:
        if page.startswith("<!--", start):
            place = _after(page, "-->", start)
            continue
        end = page.find(">", start)
        if end < 0:
            return
        place = end + 1
        if found := _NAME.match(page, start + 1):
            name = found[0].lower()
            yield name, _attributes(page[found.end() : min(end, start + _MAX_TAG)])
            if name in _WITHOUT_LINKS:
                place = _after(small, _WITHOUT_LINKS[name], place)


def _after(page: str, ending: str, place: int) -> int:
    """Where `ending` ends, or the page."""
    found = page.find(ending, place)
    return found + len(ending) if found >= 0 else len(page)


def _attributes(written: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, *values in _ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), html.unescape("".join(values)).strip())
    return found
