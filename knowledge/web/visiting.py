"""Asks servers for pages as a guest should: what they allow, at their pace, and not on and on when they fail."""

import time
from urllib.parse import urlsplit

from knowledge.originals.base import NO_VALIDATORS, OriginalError, Validators
from knowledge.web import fetching
from knowledge.web.fetching import Fetched, FetchError
from knowledge.web.robots import Robots, is_about_the_page

MOST_FAILURES = 10  # in a row


class ServerError(OriginalError):
    """A server fails again and again; the message says how."""


class Visitor:
    """One reading of a source: the rules of each host are asked for once."""

    def __init__(self) -> None:
        self.robots = Robots()
        self.failures = 0
        self.last_failure = ""
        self._asked_at: dict[str, float] = {}

    def get(self, address: str, known: Validators = NO_VALIDATORS) -> Fetched:
        """As fetching.get, after the pause that the host asks for."""
        self._pause(address)
        try:
            reply = fetching.get(address, known)
        except FetchError as error:
            self.failures = 0 if is_about_the_page(error) else self.failures + 1
            self.last_failure = str(error)
            raise
        self.failures = 0
        return reply

    def check(self) -> None:
        """Raise ServerError when the last pages all failed, so that thousands more need not."""
        if self.failures >= MOST_FAILURES:
            raise ServerError(f"{self.failures} pages in a row could not be had, so no more were asked for. The last:"
                              f" {self.last_failure}")  # fmt: skip

    def _pause(self, address: str) -> None:
        host = urlsplit(address).netloc.lower()
        free_at = self._asked_at.get(host, 0.0) + self.robots.delay(address)
        time.sleep(max(0.0, free_at - time.monotonic()))
        self._asked_at[host] = time.monotonic()
