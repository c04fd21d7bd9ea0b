"""Single questions to Discord's REST API, for commands that need no gateway."""

from typing import Any

import httpx2
from django.conf import settings

from bot.messenger import DeliveryError
from foundation import egress

SECONDS = 10.0


def get(path: str) -> Any:
    """What Discord says of `path`. Raises DeliveryError, permanent when the token is not taken or may not see it."""
    headers = {
        "Authorization": f"Bot {settings.DISCORD_BOT_TOKEN}",
        "User-Agent": f"DiscordBot (Parley, {settings.VERSION})",
    }
    try:
        with egress.client(is_private_allowed=True) as client:
            response = client.get(f"{settings.DISCORD_API_URL}{path}", headers=headers, timeout=SECONDS)
    except (httpx2.HTTPError, egress.EgressError) as error:
        raise DeliveryError(f"Discord did not answer: {type(error).__name__}.") from error
    if response.status_code != 200:
        is_final = response.status_code in (401, 403, 404)
        raise DeliveryError(f"Discord answered {path} with status {response.status_code}.", permanent=is_final)
    return response.json()


def application() -> dict[str, Any]:
    """The application of the bot. Raises DeliveryError."""
    if not settings.DISCORD_BOT_TOKEN:
        raise DeliveryError("DISCORD_BOT_TOKEN is not set.", permanent=True)
    found: dict[str, Any] = get("/applications/@me")
    return found
