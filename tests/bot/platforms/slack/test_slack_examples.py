"""Answers nominated on Slack as examples: by the menu of a message and by a reaction, through the real Bolt."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.db import connection

from bot.models import Channel, Delivery, Nomination, NominationState, Question
from bot.models import Workspace as WorkspaceRow
from bot.team import nominating
from tests.fakes.slack.fake import Error, FakeSlack, Http, visible_text
from tests.fakes.slack.workspace import ANN, BOB, CHANNEL, TEAM, Workspace
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def workspace(slack: FakeSlack) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


@pytest.fixture
def answer(workspace: Workspace) -> dict[str, Any]:
    """An answer in a workspace that allows training, whose team Bob belongs to."""
    (answer,) = workspace.answers(workspace.mention())
    channel = Channel.objects.get(external_id=CHANNEL)
    team, _ = Channel.objects.get_or_create(workspace=channel.workspace, external_id=TEAM)
    configure(escalation_channel=team, is_training_allowed=True)
    return answer


def configure(**changes: Any) -> None:
    WorkspaceRow.objects.update(**changes)
    caches["process"].clear()


def choose(workspace: Workspace, user: str, ts: str, *, channel: str = CHANNEL) -> str:
    """What whoever chose "Use as example" is told."""
    before = len(workspace.fake.ephemerals(channel, user))
    workspace.fake.shortcut(user, channel, ts, "use_as_example")
    bots.until(lambda: len(workspace.fake.ephemerals(channel, user)) > before, "a word is said")
    return visible_text(workspace.fake.ephemerals(channel, user)[-1])


def test_one_of_the_team_nominates_an_answer_once(workspace: Workspace, answer: dict[str, Any]) -> None:
    workspace.fake.shortcut(BOB, CHANNEL, answer["ts"], "use_as_example")
    kept = Nomination.objects.get()  # before it was acknowledged
    assert (kept.message, kept.person, kept.person_name, kept.way) == (
        Question.objects.get().answer,
        BOB,
        "bob",
        "menu",
    )
    assert choose(workspace, BOB, answer["ts"]) == nominating.AGAIN
    assert Nomination.objects.count() == 1


def test_whoever_is_not_trusted_gets_a_polite_word_and_changes_nothing(
    workspace: Workspace, answer: dict[str, Any]
) -> None:
    assert choose(workspace, ANN, answer["ts"]) == nominating.NOT_YOU
    workspace.fake.wait_acked([workspace.fake.react(CHANNEL, answer["ts"], ANN)])
    assert not Nomination.objects.exists()
    assert not Delivery.objects.filter(kind="word").exists()
    configure(escalation_channel=None)
    assert choose(workspace, BOB, answer["ts"]) == nominating.NOBODY


def test_people_and_groups_are_trusted_by_name(workspace: Workspace, answer: dict[str, Any]) -> None:
    configure(proposers=["S0HELPERS"])
    workspace.fake.groups["S0HELPERS"] = (ANN,)
    assert choose(workspace, BOB, answer["ts"]) == nominating.NOT_YOU
    assert choose(workspace, ANN, answer["ts"]) == nominating.THANKS
    configure(proposers=[BOB, "S0GONE"])
    assert choose(workspace, BOB, answer["ts"]) == nominating.THANKS
    assert "no_such_subteam" in choose(workspace, ANN, answer["ts"])
    workspace.fake.scopes = workspace.fake.scopes.replace("usergroups:read", "")
    configure(proposers=["S0HELPERS"])
    assert "lacks the scope usergroups:read" in choose(workspace, ANN, answer["ts"])
    assert Nomination.objects.count() == 2


def test_where_training_is_not_allowed_the_page_is_named_and_nothing_kept(
    workspace: Workspace, answer: dict[str, Any]
) -> None:
    configure(is_training_allowed=False)
    assert "/training/#allowed" in choose(workspace, BOB, answer["ts"])
    for emoji in ("star", "star", "star"):
        workspace.fake.wait_acked([workspace.fake.react(CHANNEL, answer["ts"], BOB, emoji)])
        workspace.fake.wait_acked([workspace.fake.react(CHANNEL, answer["ts"], BOB, emoji, is_gone=True)])
    bots.until(lambda: workspace.own(f"D{BOB}") if f"D{BOB}" in workspace.fake.channels else None, "Bob is told")
    (told,) = workspace.own(f"D{BOB}")  # once, however often he reacts
    assert "/training/#allowed" in visible_text(told)
    assert not Nomination.objects.exists()


def test_a_reaction_nominates_and_its_end_takes_that_back(workspace: Workspace, answer: dict[str, Any]) -> None:
    def state() -> str:
        return Nomination.objects.get().state

    react = workspace.fake.react
    workspace.fake.wait_acked([react(CHANNEL, answer["ts"], BOB, "heart"), react(CHANNEL, answer["ts"], BOB)])
    assert (state(), Nomination.objects.get().way) == ("waiting", "reaction")
    workspace.fake.wait_acked([react(CHANNEL, answer["ts"], BOB, is_gone=True)])
    assert state() == NominationState.WITHDRAWN
    workspace.fake.wait_acked([react(CHANNEL, answer["ts"], BOB)])
    assert state() == NominationState.WAITING
    Nomination.objects.update(state=NominationState.PROPOSED)
    workspace.fake.wait_acked([react(CHANNEL, answer["ts"], BOB, is_gone=True)])
    assert state() == NominationState.LEAVING
    configure(example_reaction=":Trophy:".lower())
    workspace.fake.wait_acked([react(CHANNEL, answer["ts"], BOB), react(CHANNEL, answer["ts"], BOB, "trophy")])
    assert state() == NominationState.PROPOSED


def test_an_event_that_comes_again_and_late_changes_nothing(workspace: Workspace, answer: dict[str, Any]) -> None:
    known = workspace.fake.react(CHANNEL, answer["ts"], BOB)
    workspace.fake.wait_acked([known])
    event = {"type": "reaction_added", "user": BOB, "reaction": "star", "item_user": workspace.fake.bot_user_id,
             "item": {"type": "message", "channel": CHANNEL, "ts": answer["ts"]}, "event_ts": "1.0"}  # fmt: skip
    workspace.fake.wait_acked([workspace.fake.react(CHANNEL, answer["ts"], BOB, is_gone=True)])
    workspace.fake.send_event(event, event_id=known, retry_attempt=1)
    late = workspace.fake.send_event(event)
    workspace.fake.wait_acked([late])
    assert Nomination.objects.get().state == NominationState.WITHDRAWN


def test_a_reaction_that_could_not_be_kept_or_judged_is_delivered_again(
    workspace: Workspace, answer: dict[str, Any]
) -> None:
    workspace.fake.redelivery_delays = (0.1,) * 30
    workspace.fake.script("conversations.members", Http(500))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE bot_nomination RENAME TO away")
    try:
        event = workspace.fake.react(CHANNEL, answer["ts"], BOB)
        workspace.fake.wait_for(lambda: len(workspace.fake.calls_of("conversations.members")) > 1)
        assert event not in {each.id for each in workspace.fake.acks}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO bot_nomination")
    workspace.fake.wait_acked([event])
    assert Nomination.objects.get().person == BOB


def test_what_a_colleague_wrote_in_the_thread_stands_in_for_the_answer(
    workspace: Workspace, answer: dict[str, Any]
) -> None:
    thread = answer["thread_ts"]
    written = workspace.fake.post(CHANNEL, BOB, f"<@{ANN}> it is 14 days &amp; not a day more.", thread_ts=thread)
    asked = workspace.fake.post(CHANNEL, ANN, "Oh, and the others?", thread_ts=thread)
    elsewhere = workspace.fake.post(CHANNEL, BOB, "Lunch?")
    assert choose(workspace, BOB, elsewhere) == nominating.NOT_OURS
    assert choose(workspace, BOB, asked) == nominating.ASKED
    assert choose(workspace, BOB, thread) == nominating.ASKED
    assert choose(workspace, BOB, written) == nominating.THANKS
    assert Nomination.objects.get().words == f"@{ANN} it is 14 days & not a day more."


def test_slack_that_does_not_say_who_is_in_the_team_is_not_believed(
    workspace: Workspace, answer: dict[str, Any]
) -> None:
    workspace.fake.script("conversations.members", Error("fatal_error"), Error("channel_not_found"))
    assert "fatal_error" in choose(workspace, BOB, answer["ts"])
    assert "channel_not_found" in choose(workspace, BOB, answer["ts"])
    assert not Nomination.objects.exists()
    assert choose(workspace, BOB, answer["ts"]) == nominating.THANKS


def test_what_was_refused_later_is_told_in_private(workspace: Workspace, answer: dict[str, Any]) -> None:
    workspace.fake.shortcut(BOB, CHANNEL, answer["ts"], "use_as_example")
    nominating.settle(Nomination.objects.get(), NominationState.REFUSED, reason="Training is not allowed any more.")
    bots.until(lambda: f"D{BOB}" in workspace.fake.channels and workspace.own(f"D{BOB}"), "Bob is told")
    assert "Training is not allowed any more." in visible_text(workspace.own(f"D{BOB}")[0])
    assert "Open the question" in str(workspace.own(f"D{BOB}")[0]["blocks"])
    assert len(workspace.own(CHANNEL)) == 1  # the answer
    assert choose(workspace, BOB, answer["ts"]) == nominating.THANKS  # and may be asked for again


def test_what_is_said_of_a_form_stands_in_its_place(workspace: Workspace, answer: dict[str, Any]) -> None:
    pk = Question.objects.get().pk
    workspace.fake.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"down:{pk}")
    (view,) = workspace.fake.views
    workspace.fake.submit(BOB, view, {"reason": {"reason": "wrong"}, "better_answer": {}, "right_document": {}})
    assert "The team will hold it against the documents" in str(workspace.fake.views[view]["blocks"])
    Question.objects.filter(pk=pk).update(text="Gone")
    workspace.fake.press(CHANNEL, answer["ts"], "parley:feedback", ANN, f"down:{pk}")
    second = list(workspace.fake.views)[-1]
    Question.objects.all().delete()
    workspace.fake.submit(ANN, second, {"reason": {"reason": "wrong"}, "better_answer": {}, "right_document": {}})
    assert "The question this was about is gone." in str(workspace.fake.views[second]["blocks"])
