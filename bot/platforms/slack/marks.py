"""The mark by which a post of ours is known again."""

from typing import Any

from bot.models import Delivery

EVENT_TYPE = "parley_post"


def metadata(delivery: Delivery) -> dict[str, Any]:
    return {"event_type": EVENT_TYPE, "event_payload": {"key": delivery.key}}


def key_of(message: dict[str, Any]) -> str:
    kept = message.get("metadata") or {}
    return str((kept.get("event_payload") or {}).get("key", "")) if kept.get("event_type") == EVENT_TYPE else ""
