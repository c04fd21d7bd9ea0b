"""A Slack workspace with channels and people, as tests of the bot see it."""

from typing import Any

from bot.models import Question
from tests.fakes.slack.fake import FakeSlack
from tests.harness import bots

ASKED = "How are annual plans refunded?"
CHANNEL, TEAM, DIRECT = "C1", "C2", "D1"
ANN, BOB = "U1", "U2"


class Workspace:
    def __init__(self, fake: FakeSlack) -> None:
        self.fake = fake
        fake.add_user(ANN, name="ann")
        fake.add_user(BOB, name="bob")
        fake.add_channel(CHANNEL, name="help", members=(ANN, BOB))
        fake.add_channel(TEAM, name="team", members=(BOB,))
        fake.add_channel(DIRECT, kind="im", user=ANN)

    def mention(self, text: str = ASKED, *, channel: str = CHANNEL, **options: Any) -> str:
        return self.fake.post(channel, ANN, f"<@{self.fake.bot_user_id}> {text}", **options)

    def own(self, channel: str, thread: str | None = None) -> list[dict[str, Any]]:
        return [each for each in self.fake.messages(channel, thread) if each.get("bot_id") == self.fake.bot_id]

    def answers(self, thread: str, count: int = 1, *, channel: str = CHANNEL) -> list[dict[str, Any]]:
        """The messages of the bot in a thread that are final, once there are `count`."""

        def final() -> list[dict[str, Any]]:
            return [each for each in self.own(channel, thread) if not each["streaming"] and each.get("metadata")]

        bots.until(lambda: len(final()) >= count, f"{count} answers are there")
        self.settle()
        return final()

    def settle(self) -> None:
        over = ["done", "cancelled", "refused", "dead"]
        bots.until(lambda: not Question.objects.exclude(state__in=over).exists(), "all is done")
