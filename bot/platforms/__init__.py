"""The platforms people ask on: a name, and the class that runs there, imported on first use."""

from typing import cast

from django.utils.module_loading import import_string

from bot.messenger import Bot

REGISTRY = {
    "slack": "bot.platforms.slack.bot.SlackBot",
    "discord": "bot.platforms.discord.bot.DiscordBot",
    "console": "bot.platforms.console.ConsoleBot",
}


def bot_for(platform: str) -> Bot:
    return cast(Bot, import_string(REGISTRY[platform])())
