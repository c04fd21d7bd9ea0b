"""A thumb put under an answer is an opinion as a pressed one is, on both platforms, and goes when it is taken away."""

import pytest
from django.core.cache import caches

from bot.models import Feedback, Nomination, Question, Workspace
from bot.team import feedback
from bot.team.feedback import Opinion
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.workspace import BOB, CHANNEL
from tests.fakes.slack.workspace import Workspace as Place
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


def opinions() -> list[tuple[str, bool]]:
    return sorted(Feedback.objects.values_list("person", "is_positive"))


def test_a_thumb_under_an_answer_on_slack_counts_until_it_is_taken_back(slack: FakeSlack) -> None:
    place = Place(slack)
    with bots.running("slack"):
        thread = place.mention()
        (answer,) = place.answers(thread)

        def react(ts: str, name: str, *, is_gone: bool = False) -> None:
            slack.wait_acked([slack.react(CHANNEL, ts, BOB, name, is_gone=is_gone)])

        react(thread, "+1")  # under the question it is not about the answer
        react(answer["ts"], "eyes")
        react(answer["ts"], "white_check_mark")
        assert opinions() == []
        react(answer["ts"], "thumbsup::skin-tone-3")
        assert opinions() == [(BOB, True)]
        react(answer["ts"], "-1")
        assert opinions() == [(BOB, False)]
        react(answer["ts"], "thumbsup::skin-tone-3", is_gone=True)  # the other one is what they think now
        assert opinions() == [(BOB, False)]
        react(answer["ts"], "-1", is_gone=True)
        assert opinions() == []
        Workspace.objects.update(example_reaction="+1")
        caches["process"].clear()
        react(answer["ts"], "+1")  # here it proposes an example
        assert opinions() == []
    assert not Nomination.objects.exists()


def test_a_thumb_under_an_answer_on_discord_counts_until_it_is_taken_back(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        server = Server(discord)
        thread = server.mention()
        (answer,) = server.answers(thread)
        where = (thread, int(answer["id"]), server.bob)
        discord.react(*where, "👍🏽")
        bots.until(lambda: opinions() == [(str(server.bob), True)], "the thumb is kept")
        discord.react(*where, "👍🏽", is_gone=True)
        bots.until(lambda: opinions() == [], "it is taken back")


def test_what_was_written_beside_a_thumb_outlasts_it(slack: FakeSlack) -> None:
    place = Place(slack)
    with bots.running("slack"):
        (answer,) = place.answers(place.mention())
        slack.wait_acked([slack.react(CHANNEL, answer["ts"], BOB, "-1")])
        message = Question.objects.get().answer
        assert message
        feedback.keep(message, Opinion(False, "wrong", "After 14 days."), person=BOB)
        slack.wait_acked([slack.react(CHANNEL, answer["ts"], BOB, "-1", is_gone=True)])
    assert Feedback.objects.get().better_answer == "After 14 days."
