"""A Discord server with a channel and people, as tests of the bot see it."""

from typing import Any

from bot.models import Question
from tests.fakes.discord.fake import FakeDiscord
from tests.harness import bots

ASKED = "How are annual plans refunded?"


class Server:
    """A Discord server with a channel and people, and what the bot posted in it."""

    def __init__(self, fake: FakeDiscord) -> None:
        self.fake = fake
        self.channel = fake.add_channel(name="help")
        self.ann, self.bob = fake.add_user("ann"), fake.add_user("bob")
        self.team = 0

    def mention(self, text: str = ASKED, **options: Any) -> int:
        return self.fake.post(self.channel, self.ann, f"<@{self.fake.bot_id}> {text}", **options)

    def own(self, place: int) -> list[dict[str, Any]]:
        """What the bot posted in a channel or thread; nothing while there is no such thread."""
        if place not in self.fake.world.channels:
            return []
        return [each for each in self.fake.messages(place) if int(each["author"]["id"]) == self.fake.bot_id]

    def answers(self, place: int, count: int = 1) -> list[dict[str, Any]]:
        """The messages of the bot that are final, once there are `count`."""

        def final() -> list[dict[str, Any]]:
            return [each for each in self.own(place) if each["components"]]

        bots.until(lambda: len(final()) >= count, f"{count} answers are there")
        self.settle()
        return final()

    def with_button(self, place: int, action: str) -> dict[str, Any]:
        """A message of the bot that shows the button."""

        def shown() -> list[dict[str, Any]]:
            return [each for each in self.own(place) if f"parley:{action}:" in str(each["components"])]

        bots.until(shown, f"there is a button {action}")
        return shown()[0]

    def settle(self) -> None:
        bots.until(
            lambda: not Question.objects.exclude(state__in=["done", "cancelled", "refused"]).exists(), "all is done"
        )
