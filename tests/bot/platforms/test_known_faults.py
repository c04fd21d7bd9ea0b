"""What is known to go wrong with these platforms and their SDKs; docs/platforms.md lists which test shows what."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from bot import tasks
from bot.models import Feedback, Platform, Question, Receipt
from bot.platforms.slack import events
from tests.fakes.discord.fake import Cut as DiscordCut
from tests.fakes.discord.fake import CutBefore, FakeDiscord, Http, RateLimited
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.fakes.slack.fake import Cut, Error, FakeSlack, visible_text
from tests.fakes.slack.workspace import CHANNEL, Workspace
from tests.harness import bots
from tests.rows.make import make_nobody_stand_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]
MESSAGES = r"/channels/\d+/messages$"


@pytest.fixture
def workspace(slack: FakeSlack) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


def test_an_event_is_kept_whatever_auth_test_says(workspace: Workspace) -> None:
    workspace.fake.script("auth.test", *[Error("fatal_error")] * 20)
    workspace.answers(workspace.mention())


def test_an_event_id_means_nothing_without_its_app_and_workspace() -> None:
    event = {"type": "app_mention", "user": "U1", "text": "x", "ts": "1.1", "channel": "C1"}
    body: dict[str, Any] = {"team_id": "T1", "api_app_id": "A1", "event_id": "Ev1", "event": event}
    others = [events.happening({**body, **more}, "UBOT") for more in ({}, {"team_id": "T2"}, {"api_app_id": "A2"})]
    assert len({getattr(each, "delivery_key", "") for each in others}) == 3


def test_a_delivery_is_known_for_longer_than_platforms_deliver_again() -> None:
    for key, age in (("new", timedelta(days=1)), ("old", timedelta(days=8))):
        Receipt.objects.create(key=key)
        Receipt.objects.filter(key=key).update(created_at=timezone.now() - age)
    tasks.forget()
    assert [each.key for each in Receipt.objects.all()] == ["new"]


def test_an_append_whose_reply_is_lost_leaves_one_whole_answer(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("It takes its time, word by word. " * 30, ()), ("That was it.", (0,))]
    fake_providers.seconds = 3.0
    workspace.fake.script("chat.appendStream", Cut(), Cut())
    thread = workspace.mention()
    (answer,) = workspace.answers(thread)
    assert visible_text(answer).count("That was it.") == 1
    assert len(workspace.own(CHANNEL, thread)) == 1


def test_a_long_answer_on_slack_comes_in_parts(workspace: Workspace, fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("A beginning. ", (0,)), ("\n\n" + "A sentence of some words. " * 450, ())]
    thread = workspace.mention()
    parts = workspace.answers(thread, 2)
    assert len(parts) >= 2
    assert "parley:feedback" in str(parts[-1]["blocks"])
    assert "parley:feedback" not in str(parts[0]["blocks"])


def test_an_expired_ticket_does_not_keep_the_socket_from_coming_back(workspace: Workspace) -> None:
    slack = workspace.fake
    slack.refuse_sockets = True
    slack.drop("close")
    slack.expire_tickets()
    bots.until(lambda: slack.connected == 0, "it is cut off")
    slack.refuse_sockets = False
    workspace.answers(workspace.mention())


def test_a_failing_model_is_told_with_an_incident_id_and_nothing_raw(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    make_nobody_stand_in()
    fake_providers.script(Refusal(401, "Incorrect API key provided: sk-secret", "authentication_error"))
    thread = workspace.mention()
    (answer,) = workspace.answers(thread)
    question = Question.objects.get()
    assert question.trace_id[:8] in visible_text(answer)
    assert question.trace_id not in visible_text(answer)
    assert "sk-secret" not in visible_text(answer)
    assert "401" not in visible_text(answer)


def test_buttons_and_forms_work_after_a_restart(discord: FakeDiscord) -> None:
    with bots.running("discord"):
        server = Server(discord)
        thread = server.mention()
        (answer,) = server.answers(thread)
    with bots.running("discord"):
        pk = Question.objects.get().pk
        pressed = discord.press(thread, int(answer["id"]), f"parley:down:{pk}", server.bob)
        pressed.wait()
    with bots.running("discord"):
        discord.submit(server.bob, pressed, {"reason": "tone"}).wait()
    assert Feedback.objects.get().reason == "tone"
    assert len([call for call in discord.calls if call.method == "PUT" and "commands" in call.path]) == 1


@pytest.mark.parametrize(
    "step",
    [
        DiscordCut(),
        DiscordCut(reset=True),
        CutBefore(),
        RateLimited(0.3),
        RateLimited(0.3, via=False),
        Http(500, {}, {}),
    ],
    ids=["cut", "reset", "cut-before", "429", "429-without-via", "500"],
)
def test_one_reply_on_discord_whatever_becomes_of_a_post(discord: FakeDiscord, step: Any, settings: Settings) -> None:
    settings.LEASE_SECONDS = 3
    with bots.running("discord"):
        server = Server(discord)
        discord.script("POST", MESSAGES, step)
        thread = server.mention()
        server.answers(thread)
    assert len(server.own(thread)) == 1


def test_an_answer_later_than_its_command_allows_comes_as_a_direct_message(
    discord: FakeDiscord, fake_providers: FakeProviders
) -> None:
    discord.interaction_seconds = 0.5
    fake_providers.seconds = 1.5
    with bots.running("discord"):
        server = Server(discord)
        direct = discord.open_dm(server.ann)
        discord.command(server.ann, server.channel, "ask", {"question": ASKED})
        bots.until(lambda: server.own(direct), "it is there")
    assert "[1]" in server.own(direct)[0]["content"]


def test_without_the_message_content_intent_mentions_are_answered(discord: FakeDiscord) -> None:
    discord.missing_intents = True
    with bots.running("discord"):
        server = Server(discord)
        server.answers(server.mention())
    assert Question.objects.get().platform == Platform.DISCORD
