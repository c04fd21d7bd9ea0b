"""The mark by which a post of ours is known again."""

from typing import Any

from bot.messenger import STREAMED, Mark
from bot.models import Delivery

EVENT_TYPE = "parley_post"


def metadata(delivery: Delivery) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": delivery.key}}


def mark_of(message: dict[str, Any]) -> Mark:
    kept = message.get("metadata") or {}
    if kept.get("event_type") != EVENT_TYPE:
        return STREAMED
    return Mark(key=str((kept.get("event_payload") or {}).get("key", "")))
