"""What befalls requests: scripted faults, and the rate limits."""

import re
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Http:
    """An answer in place of the real one; nothing is applied."""

    status: int
    json: Any = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RateLimited:
    """A 429; without Via it looks like a ban by Cloudflare."""

    retry_after: float = 1.0
    via: bool = True
    is_global: bool = False


@dataclass(frozen=True)
class Cut:
    """Applied, but the connection breaks instead of an answer; with `reset` the client sees ECONNRESET."""

    reset: bool = False


@dataclass(frozen=True)
class CutBefore:
    """Not applied, and the connection breaks."""

    reset: bool = False


@dataclass(frozen=True)
class Hang:
    """Applied (or not), and the answer comes late; not applied, the connection then breaks."""

    seconds: float
    applied: bool = True


@dataclass(frozen=True)
class Fine:
    """As usual: a place in the script."""


Step = Http | RateLimited | Cut | CutBefore | Hang | Fine


class Script:
    def __init__(self) -> None:
        self._rules: list[tuple[str, re.Pattern[str], deque[Step]]] = []

    def add(self, method: str, path: str, steps: tuple[Step, ...]) -> None:
        self._rules.append((method.upper(), re.compile(path), deque(steps)))

    def clear(self) -> None:
        self._rules.clear()

    def pending(self) -> int:
        return sum(len(steps) for _, _, steps in self._rules)

    def next(self, method: str, path: str) -> Step:
        for rule in self._rules:
            if rule[0] in (method, "*") and rule[1].search(path):
                step = rule[2].popleft()
                if not rule[2]:
                    self._rules.remove(rule)
                return step
        return Fine()


@dataclass
class Window:
    """So many requests in so many seconds."""

    limit: int
    seconds: float
    times: deque[float] = field(default_factory=deque)

    def take(self) -> float:
        """0 and counted, or the seconds to wait."""
        now = time.monotonic()
        while self.times and self.times[0] <= now - self.seconds:
            self.times.popleft()
        if len(self.times) >= self.limit:
            return self.times[0] + self.seconds - now
        self.times.append(now)
        return 0

    @property
    def remaining(self) -> int:
        return self.limit - len(self.times)

    @property
    def reset_after(self) -> float:
        return max(0.0, self.times[0] + self.seconds - time.monotonic()) if self.times else self.seconds


class Rates:
    """Sends and edits share a bucket per channel; all requests but interactions share one second's fifty."""

    def __init__(self) -> None:
        self.enforced = False
        self.everything = Window(50, 1)
        self._buckets: dict[int, Window] = {}

    def bucket(self, channel: int) -> Window:
        return self._buckets.setdefault(channel, Window(5, 5))


def headers(bucket: str, window: Window | None) -> dict[str, str]:
    after = window.reset_after if window else 1.0
    return {
        "X-RateLimit-Limit": str(window.limit if window else 1000),
        "X-RateLimit-Remaining": str(window.remaining if window else 999),
        "X-RateLimit-Reset": f"{time.time() + after:.3f}",
        "X-RateLimit-Reset-After": f"{after:.3f}",
        "X-RateLimit-Bucket": bucket,
    }
