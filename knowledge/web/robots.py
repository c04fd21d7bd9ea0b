"""What hosts want read by programs (RFC 9309). A page that a person names by hand is a visit of that person."""

import math
from collections.abc import Callable
from urllib.parse import urlsplit

from protego import Protego

from knowledge.originals.base import OriginalError
from knowledge.web import fetching
from knowledge.web.fetching import Fetched, FetchError

MAX_BYTES = 500_000  # what is after that does not count (RFC 9309, 2.5)
TOO_MANY_REQUESTS = 429
MOST_DELAY = 10.0  # seconds between two pages, whatever the host asks for


class RobotsError(OriginalError):
    """The host does not say what may be read, so nothing is; the message says why."""


class Robots:
    """The rules of each host, asked for once. Use one for one reading of a source."""

    def __init__(self, get: Callable[..., Fetched] = fetching.get) -> None:
        self._get = get
        self._rules: dict[str, Protego] = {}

    def allows(self, url: str) -> bool:
        """Whether `url` may be read. Raises RobotsError when its host cannot be asked."""
        allowed: bool = self._of(url).can_fetch(url, fetching.USER_AGENT)
        return allowed

    def delay(self, url: str) -> float:
        """Seconds that the host wants between two pages."""
        asked = self._of(url).crawl_delay(fetching.USER_AGENT)
        return min(float(asked or 0), MOST_DELAY) if asked and math.isfinite(float(asked)) else 0.0

    def sitemaps(self, url: str) -> list[str]:
        """The sitemaps that the host of `url` names."""
        return list(self._of(url).sitemaps)

    def _of(self, url: str) -> Protego:
        parts = urlsplit(url)
        host = f"{parts.scheme}://{parts.netloc}"
        if host not in self._rules:
            self._rules[host] = Protego.parse(self._text(f"{host}/robots.txt"))
        return self._rules[host]

    def _text(self, address: str) -> str:
        """The file; empty, and so without rules, where the host has none. A host that fails forbids everything."""
        try:
            return self._get(address).data[:MAX_BYTES].decode("utf-8-sig", errors="replace")
        except FetchError as error:
            if is_about_the_page(error):
                return ""
            raise RobotsError(f"{address} cannot be read, so nothing else is: {error}") from error


def is_about_the_page(error: FetchError) -> bool:
    """Whether the host answered something about what it was asked for, rather than that it cannot answer now."""
    return error.status is not None and 400 <= error.status < 500 and error.status != TOO_MANY_REQUESTS
