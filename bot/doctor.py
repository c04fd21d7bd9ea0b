"""Looks at everything a bot needs on its platforms, and says what to do where something is missing."""

from bot.platforms.discord import health as discord_health
from bot.platforms.findings import Finding
from bot.platforms.slack import health as slack_health


def examine() -> list[Finding]:
    """Everything that can be found out now; a platform without tokens is one finding that says how to begin."""
    return [*slack_health.examine(), *discord_health.examine()]
