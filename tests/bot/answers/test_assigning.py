"""Who answers: the model of the channel, else the candidate of a rollout, else the live one, and who stands in."""

from io import StringIO

import pytest

from bot.answers import conversations
from bot.inbox import receiving
from bot.models import Channel, ChannelKind, Message, Outcome, Platform
from bot.platforms.console import ConsoleMessenger
from bot.questions import queue, replying
from knowledge.models import Collection
from llm.models import Deployment, Rollout, RolloutState, ServingRole
from tests.fakes.providers.fake import FakeProviders, Refusal
from tests.rows.make import make_deployment
from tests.rows.questions import incoming

pytestmark = pytest.mark.django_db(transaction=True)

ASKED = "How are annual plans refunded?"


@pytest.fixture
def rollout(shelf: Collection) -> Rollout:
    """Of which every conversation is the candidate's."""
    live = Deployment.objects.live(ServingRole.ANSWER)
    return Rollout.objects.create(
        endpoint=live.endpoint, model="candidate", beside=live, percent=100, salt="s", reason="a test"
    )


def received(number: int = 1) -> Channel:
    place = {"platform": Platform.CONSOLE, "channel": f"C{number}", "kind": ChannelKind.DIRECT}
    question = receiving.receive(incoming(ASKED, number=number, **place)).question
    assert question is not None
    return question.channel


def answered() -> Message:
    claimed = queue.claim([Platform.CONSOLE])
    assert claimed is not None
    replying.reply(claimed, ConsoleMessenger(StringIO()))
    return Message.objects.get(trace_id=claimed.trace_id, speaker="bot")


def asked_on_a_page(shelf: Collection) -> Message:
    *_, done = conversations.ask(ASKED, platform=Platform.WEB, collections=[shelf.pk])
    assert isinstance(done, conversations.Done)
    return done.message


def arm(message: Message) -> tuple[str, int | None, bool]:
    return message.model, message.rollout_id, message.is_candidate


def test_pages_terminal_and_platforms_ask_the_candidate(rollout: Rollout, shelf: Collection) -> None:
    received()
    assert arm(answered()) == arm(asked_on_a_page(shelf)) == ("candidate", rollout.pk, True)


def test_those_beside_it_are_marked_too(rollout: Rollout, shelf: Collection) -> None:
    Rollout.objects.update(percent=1, salt="nobody here")
    live = asked_on_a_page(shelf)
    while live.is_candidate:
        live = asked_on_a_page(shelf)
    assert arm(live) == ("a-model", rollout.pk, False)


def test_one_that_is_halted_serves_nobody_from_the_very_next_question(rollout: Rollout, shelf: Collection) -> None:
    received()
    rollout.end(RolloutState.HALTED, "it fails")
    assert arm(answered()) == arm(asked_on_a_page(shelf)) == ("a-model", None, False)


def test_a_conversation_stays_with_whoever_began_it(rollout: Rollout, shelf: Collection) -> None:
    first = asked_on_a_page(shelf)
    for _ in range(3):
        *_, done = conversations.ask(
            ASKED, platform=Platform.WEB, collections=[shelf.pk], conversation=first.conversation
        )
        assert isinstance(done, conversations.Done)
        assert arm(done.message) == arm(first)


def test_a_channel_with_a_model_of_its_own_takes_part_in_no_rollout(rollout: Rollout) -> None:
    older = Deployment(role=ServingRole.ANSWER, endpoint=rollout.endpoint, model="of-the-channel", reason="before")
    older.save()
    Deployment.objects.append(rollout.beside, reason="live again", by=None)
    channel = received()
    Channel.objects.filter(pk=channel.pk).update(deployment=older)
    assert arm(answered()) == ("of-the-channel", None, False)


@pytest.mark.parametrize("is_chosen", [False, True])
def test_where_the_model_of_a_channel_is_gone_no_other_answers_but_who_was_chosen(
    shelf: Collection, fake_providers: FakeProviders, *, is_chosen: bool
) -> None:
    """A channel may have a model of its own so that its questions go nowhere else; quoting sends them nowhere."""
    live = Deployment.objects.live(ServingRole.ANSWER)
    gone = Deployment.objects.create(role=ServingRole.ANSWER, endpoint=live.endpoint, model="gone", reason="before")
    Deployment.objects.append(live, reason="live again", by=None)
    if is_chosen:
        make_deployment(ServingRole.FALLBACK, provider="openai", model="chosen", dimensions=None)
    channel = received()
    Channel.objects.filter(pk=channel.pk).update(deployment=gone)
    fake_providers.script(Refusal(404, "The model gone does not exist."))
    message = answered()
    assert (message.outcome, message.is_stand_in) == (Outcome.ANSWERED, True)
    assert message.model == ("chosen" if is_chosen else "best-sentences")


def test_the_base_over_passages_stands_in_for_a_tuned_candidate(
    rollout: Rollout, shelf: Collection, fake_providers: FakeProviders
) -> None:
    """Through the real inbox and a real socket; askers have their answer, and it counts against the candidate."""
    make_deployment(ServingRole.FALLBACK, provider="extractive", model="best-sentences", dimensions=None)
    fake_providers.script(Refusal(400, "The adapter is not loaded."))
    received()
    message = answered()
    assert (message.outcome, message.model) == (Outcome.ANSWERED, "best-sentences")
    assert "refunded within 30 days" in message.text
    assert (message.rollout_id, message.is_candidate, message.is_stand_in) == (rollout.pk, True, True)


def test_markers_that_lead_nowhere_are_kept_with_the_answer(
    rollout: Rollout, shelf: Collection, fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("Within 30 days [1], or never [9].", ())]
    message = asked_on_a_page(shelf)
    assert (message.outcome, message.invalid_markers) == (Outcome.ANSWERED, 1)
