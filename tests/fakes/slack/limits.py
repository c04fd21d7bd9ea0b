"""What a test may set on the fake Slack at any time, and its limits: the tiers of methods, and who calls although they
were asked to wait."""

import time

from tests.fakes.slack.rules import Json

SCOPES = (
    "app_mentions:read,assistant:write,channels:history,channels:join,channels:read,chat:write,commands,"
    "groups:history,groups:read,im:history,im:read,im:write,mpim:history,mpim:read,reactions:read,"
    "reactions:write,team:read,usergroups:read,users:read"
)
TIERS = {"chat.startStream": 20, "chat.stopStream": 20, "chat.appendStream": 100, "chat.postEphemeral": 100,
         "conversations.list": 20, "users.": 100, "views.": 100, "assistant.threads.setStatus": 600,
         "assistant.": 100, "oauth.": 600, "auth.test": 600,
         "chat.getPermalink": 600, "chat.postMessage": 600, "conversations.members": 100,
         "apps.connections.open": 20}  # fmt: skip
IN_CHANNEL = {"chat.postMessage": 60}  # a minute, in each channel


class Knobs:
    def __init__(self) -> None:
        self.team_id, self.app_id, self.bot_user_id, self.bot_id, self.bot_name = "T1", "A1", "UBOT", "BBOT", "parley"
        self.bot_token, self.app_token = "xoxb-fake-0123456789", "xapp-fake-0123456789"
        self.signing_secret = "fake-signing-secret"
        self.client_id, self.client_secret = "1.2", "fake-client-secret"
        self.enterprise_id = ""  # of the organisation that the workspace belongs to
        self.scopes = SCOPES
        self.events_url: str | None = None  # set: events are POSTed there instead of sent over sockets
        self.refuse_sockets = False
        self.enforce_rates = False
        self.ago = 0.0  # the seconds by which what is written lies back; to be made smaller only
        self.notice_seconds = 0.5  # after which whoever was asked to wait is known to have read it
        self.echo = True  # the bot's own messages come back as events, as they do from Slack
        self.max_calls: int | None = None  # keep about so many calls and acks
        self.ack_seconds = 3.0
        self.redelivery_delays: tuple[float, ...] = (0.0, 1.0, 5.0)
        self.ticket_seconds = 30.0
        self.goodbye_seconds = 5.0  # from the disconnect notice to the closing of the socket
        self.stream_seconds = 300.0
        self.trigger_seconds = 3.0
        self.response_uses, self.response_seconds = 5, 1800.0
        self.token_seconds = 43_200


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
