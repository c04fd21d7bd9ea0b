"""A thumb put under an answer is an opinion as a pressed one is, on both platforms, and goes when it is taken away."""

from itertools import permutations
from typing import Any

import pytest
from django.core.cache import caches
from django.utils import timezone

from bot import outbox
from bot.models import (
    Delivery,
    DeliveryKind,
    Feedback,
    Nomination,
    NominationWay,
    Platform,
    Question,
    Receipt,
    Workspace,
)
from bot.posts.post import Post
from bot.team import feedback
from bot.team.feedback import Opinion
from bot.team.nominating import Pointing
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import Server
from tests.fakes.slack.fake import FakeSlack
from tests.fakes.slack.workspace import BOB, CHANNEL
from tests.fakes.slack.workspace import Workspace as Place
from tests.harness import bots
from tests.rows.questions import make_channel, make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user

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


SAID = {"👎 on": ("-1", False), "👎 off": ("-1", True), "👍 on": ("+1", False), "👍 off": ("+1", True)}
ORDERS = [
    (("👎 on", "👎 off"), []),
    (("👎 on", "👎 off", "👍 on"), [(BOB, True)]),
    (("👍 on", "👎 on"), [(BOB, False)]),
    (("👍 on", "👍 off", "👍 on"), [(BOB, True)]),
]


@pytest.mark.parametrize(("said", "kept"), ORDERS)
def test_the_order_in_which_thumbs_are_delivered_says_nothing(said: tuple[str, ...], kept: list[Any]) -> None:
    asked = make_question(make_user())
    question = make_question_row(make_answer(asked), make_channel(external_id=CHANNEL))
    post = outbox.add(question, DeliveryKind.ANSWER, Post(text="30 days."))
    Delivery.objects.update(message_id="1.1")
    for order in permutations(enumerate(said)):
        Feedback.objects.all().delete()
        Receipt.objects.all().delete()
        for number, word in (*order, order[0]):  # one of them twice
            at = timezone.now().replace(second=number, microsecond=number)
            pointing = Pointing(Platform.SLACK, "T1", CHANNEL, "1.1", BOB, NominationWay.REACTION, at)
            feedback.react(pointing, SAID[word][0], is_gone=SAID[word][1])
        assert opinions() == kept, order
    assert post.question_id == question.pk


def test_a_bot_has_no_opinion(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        server = Server(discord)
        thread = server.mention()
        (answer,) = server.answers(thread)
        other = discord.add_user("reacting-to-all", is_bot=True)
        for person, emoji in ((other, "👎"), (server.bob, "👍")):
            discord.react(thread, int(answer["id"]), person, emoji)
        bots.until(lambda: opinions() == [(str(server.bob), True)], "only the thumb of a person is kept")


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
