"""The fake Slack's limits: the tiers of methods, and who calls although they were asked to wait."""

import time

from tests.fakes.slack.knobs import Knobs
from tests.fakes.slack.rules import Json

TIERS = {"chat.startStream": 20, "chat.stopStream": 20, "chat.appendStream": 100, "chat.postEphemeral": 100,
         "conversations.list": 20, "users.": 100, "views.": 100, "assistant.threads.setStatus": 600,
         "assistant.": 100, "oauth.": 600, "auth.test": 600,
         "chat.getPermalink": 600, "chat.postMessage": 600, "conversations.members": 100,
         "apps.connections.open": 20}  # fmt: skip
IN_CHANNEL = {"chat.postMessage": 60}  # a minute, in each channel


class Limits:
    """`early` are the calls that came in a window which whoever called must have known of."""

    def __init__(self, knobs: Knobs) -> None:
        self.knobs = knobs
        self.early: list[tuple[str, float]] = []
        self._buckets: dict[tuple[str, str], tuple[float, float]] = {}
        self._windows: dict[tuple[str, str], tuple[float, float]] = {}

    def wait_needed(self, method: str, params: Json) -> int:
        """Seconds until this call is allowed; 0 when it is, and then counted."""
        now, key = time.monotonic(), _key(method, params)
        opened, until = self._windows.get(key, (0.0, 0.0))
        if now < until:
            if now > opened + self.knobs.notice_seconds:
                self.early.append((method, round(until - now, 2)))
            return int(until - now) + 1
        return self._by_tier(method, params, now) if self.knobs.enforce_rates else 0

    def _by_tier(self, method: str, params: Json, now: float) -> int:
        keys = [(method, "", next((rate for start, rate in TIERS.items() if method.startswith(start)), 50))]
        keys += [(*_key(method, params), IN_CHANNEL[method])] if method in IN_CHANNEL else []
        waits = 0.0
        for name, channel, rate in keys:
            burst = 1.0 if channel else float(rate)
            tokens, at = self._buckets.get((name, channel), (burst, now))
            tokens = min(burst, tokens + (now - at) * rate / 60)
            self._buckets[name, channel] = tokens, now
            waits = max(waits, (1 - tokens) * 60 / rate)
        if waits > 1e-6:
            return int(waits) + 1
        for name, channel, _rate in keys:
            tokens, at = self._buckets[name, channel]
            self._buckets[name, channel] = tokens - 1, at
        return 0

    def told(self, method: str, params: Json, seconds: int) -> None:
        """Somebody was asked to wait for so long; a window that is open already stays as it is."""
        now, key = time.monotonic(), _key(method, params)
        if now >= self._windows.get(key, (0.0, 0.0))[1]:
            self._windows[key] = now, now + seconds


def _key(method: str, params: Json) -> tuple[str, str]:
    return method, str(params.get("channel")) if method in IN_CHANNEL else ""
