"""Who reads a Slack channel: only the company, or guests and other companies as well."""

import threading
import time

from bot.platforms.base import Audience
from bot.platforms.slack_web import Client, call, pages

GUESTS_SECONDS = 300.0  # how long the list of a workspace's guests is believed
SHARED = ("is_ext_shared", "is_shared", "is_pending_ext_shared", "is_org_shared")

_guests: dict[str, tuple[float, frozenset[str]]] = {}
_lock = threading.Lock()


def of(client: Client, channel: str) -> Audience:
    """Raises DeliveryError when Slack does not say."""
    info = call(client, "conversations.info", channel=channel)["channel"]
    if info.get("is_im"):
        return Audience(info.get("user", "") in _all_guests(client))
    is_shared = any(info.get(name) for name in SHARED)
    return Audience(is_shared or _has_guests(client, channel), info.get("name", ""))


def _has_guests(client: Client, channel: str) -> bool:
    guests = _all_guests(client)
    return bool(guests) and any(
        member in guests for member in pages(client, "conversations.members", "members", channel=channel)
    )


def _all_guests(client: Client) -> frozenset[str]:
    """The ids of the guests of a workspace."""
    token = client.token or ""
    with _lock:
        known = _guests.get(token)
    if known and known[0] > time.monotonic():
        return known[1]
    found = frozenset(
        each["id"]
        for each in pages(client, "users.list", "members")
        if each.get("is_restricted") or each.get("is_ultra_restricted")
    )
    with _lock:
        _guests[token] = (time.monotonic() + GUESTS_SECONDS, found)
    return found
