"""Addresses of pages: one way of writing each, and which of them belong to a source. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import unquote, urlsplit

import httpx2

from knowledge.originals.patterns import is_wanted

# What marks where a visitor came from or which visit it is, and never which page.
_TRACKING = re.compile(r"utm_\w+|gclid|fbclid|msclkid|mc_[ce]id|_ga|_hsenc|_hsmi|phpsessid|jsessionid", re.IGNORECASE)
_SESSION = re.compile(r";jsessionid=[^/?#]*", re.IGNORECASE)


def normal(written: str, base: str = "") -> str | None:
    """`written`, seen from the page `base`, without its fragment, a default port and marks of tracking.

    None for what is no http or https address, or holds a password. The order of a query stays: servers may mind it.
    """
    try:
        plain = _SESSION.sub("", written.strip())
        url = httpx2.URL(base).join(plain) if base else httpx2.URL(plain)
    except (httpx2.InvalidURL, ValueError):
        return None
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo:
        return None
    query = _without_tracking(url.query.decode("ascii"))
    url = url.copy_with(fragment=None, query=query.encode("ascii") or None)
    return str(url.copy_with(path="/") if url.path == "/" else url)


def _without_tracking(query: str) -> str:
    parts = query.split("&") if query else []
    return "&".join(part for part in parts if not _TRACKING.fullmatch(part.partition("=")[0]))


def host_of(address: str) -> str:
    """The host, and its port where that is not the default."""
    return urlsplit(address).netloc.lower()


def folder_of(address: str) -> str:
    """The folder whose pages belong to a site that starts there: "/help/" for /help, for /help/ and /help/a.html."""
    path = unquote(urlsplit(address).path)
    before, _, last = path.rpartition("/")
    return f"{before}/" if not last or "." in last else f"{path}/"


@dataclass(frozen=True)
class Scope:
    """Which addresses belong to a source: those of its host that patterns want, or without `include` those of `folder`.

    A pattern may name a host, as "https://docs.example.com/*" does: then it is for that one, and lets it in.
    """

    host: str
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    folder: str = "/"

    def holds(self, address: str) -> bool:
        host, path = host_of(address), unquote(urlsplit(address).path)
        exclude = self._for(host, self.exclude)
        if host != self.host or self.include:
            include = self._for(host, self.include)
            return bool(include) and is_wanted(path, include, exclude)
        return f"{path}/".startswith(self.folder) and is_wanted(path, (), exclude)

    def knows_host_of(self, address: str) -> bool:
        host = host_of(address)
        return host == self.host or bool(self._for(host, self.include))

    def _for(self, host: str, patterns: Sequence[str]) -> list[str]:
        """The patterns for paths of `host`."""
        found = []
        for pattern in patterns:
            _, mark, rest = pattern.partition("://")
            named, slash, path = rest.partition("/") if mark else (self.host, "", pattern)
            if host == named.lower() or (mark and fnmatchcase(host, named.lower())):
                found.append(f"/{path}" if slash else path or "*")
        return found
