"""Messages of platforms, and rows of questions."""

from typing import Any

from bot.messenger import Incoming
from bot.models import Platform


def incoming(text: str = "How?", number: int = 1, **fields: Any) -> Incoming:
    return Incoming(
        **{
            "platform": Platform.SLACK, "workspace": "T1", "channel": "C1", "message_id": f"1700000000.{number:06}",
            "author": "U1", "text": text, "delivery_key": f"d{number}", **fields,
        }
    )  # fmt: skip
