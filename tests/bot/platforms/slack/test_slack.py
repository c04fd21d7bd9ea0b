"""Slack from end to end: the real Bolt against a local Slack, the real inbox, a model over HTTP."""

from collections.abc import Iterator

import pytest

from bot.models import AnswerMode, Channel, Feedback, Message, Question, QuestionState
from knowledge.models import Collection, Visibility
from tests.fakes.providers.fake import FakeProviders
from tests.fakes.slack.fake import Cut, Error, FakeSlack, RateLimited, visible_text
from tests.fakes.slack.workspace import ANN, ASKED, BOB, CHANNEL, DIRECT, Workspace
from tests.harness import bots
from tests.rows.make import make_collection

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def workspace(slack: FakeSlack) -> Iterator[Workspace]:
    workspace = Workspace(slack)
    with bots.running("slack"):
        yield workspace


def refused(slack: FakeSlack) -> list[tuple[str, str]]:
    return [(call.method, call.response["error"]) for call in list(slack.calls) if not call.response.get("ok", True)]


def test_a_mention_is_answered_once_in_its_thread_and_followed_up(workspace: Workspace) -> None:
    thread = workspace.mention()
    (answer,) = workspace.answers(thread)
    assert f"{ASKED} [1]" in visible_text(answer)
    assert "Refunds" in str(answer["blocks"])
    workspace.fake.post(CHANNEL, ANN, "And monthly plans?", thread_ts=thread)
    workspace.answers(thread, 2)
    workspace.fake.post(CHANNEL, BOB, "I can take this over.", thread_ts=thread)
    bots.until(lambda: Question.objects.first().conversation.silenced_at, "the bot is silent")  # type: ignore[union-attr]
    workspace.fake.post(CHANNEL, ANN, "And quarterly plans?", thread_ts=thread)
    workspace.fake.wait_acked()
    workspace.mention("And yearly plans?", thread_ts=thread)
    workspace.answers(thread, 4)  # and that it stays out
    assert "joined in" in str(workspace.own(CHANNEL, thread))
    assert [each.text for each in Question.objects.all()] == [ASKED, "And monthly plans?", "And yearly plans?"]
    assert refused(workspace.fake) == []
    assert workspace.fake.statuses


def test_a_direct_message_is_answered_in_its_thread(workspace: Workspace) -> None:
    asked = workspace.fake.post(DIRECT, ANN, ASKED)
    workspace.answers(asked, channel=DIRECT)
    workspace.fake.post(DIRECT, ANN, "stop", thread_ts=asked)
    bots.until(lambda: "stay out" in visible_text(workspace.own(DIRECT, asked)[-1]), "it says that it is silent")


def test_a_private_question_is_seen_by_its_asker_until_shared(workspace: Workspace) -> None:
    assert workspace.fake.command(ANN, CHANNEL, ASKED) == {}  # what it said could not be taken back
    bots.until(lambda: "[1]" in str(workspace.fake.ephemerals(CHANNEL, ANN)), "the answer is there")
    assert workspace.own(CHANNEL) == []
    (private,) = workspace.fake.ephemerals(CHANNEL, ANN)
    assert f"You asked: {ASKED}" in visible_text(private)
    workspace.fake.press(CHANNEL, private["ts"], "parley:share", ANN)
    bots.until(lambda: workspace.own(CHANNEL), "it is shared")
    (shared,) = workspace.own(CHANNEL)
    assert f"> {ASKED}" in visible_text(shared)
    assert "You asked" not in visible_text(shared)


def test_ask_about_this_answers_a_message_once(workspace: Workspace) -> None:
    message = workspace.fake.post(CHANNEL, BOB, ASKED)
    workspace.fake.shortcut(ANN, CHANNEL, message)
    workspace.answers(message)
    workspace.fake.shortcut(BOB, CHANNEL, message)
    bots.until(lambda: "asked already" in str(workspace.fake.ephemerals(CHANNEL, BOB)), "the second one is told")
    assert Question.objects.count() == 1


def test_a_word_to_whoever_pressed_stands_where_they_pressed(workspace: Workspace) -> None:
    thread = workspace.mention()
    (answer,) = workspace.answers(thread)
    pk = Question.objects.get().pk
    slack = workspace.fake
    slack.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"up:{pk}")
    bots.until(lambda: slack.ephemerals(CHANNEL, BOB), "it is said")
    slack.script("chat.postEphemeral", Error("user_not_in_channel"))
    slack.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"up:{pk}")
    bots.until(lambda: len(slack.ephemerals(CHANNEL, BOB)) == 2, "it is said all the same")
    assert [each.get("thread_ts") for each in slack.ephemerals(CHANNEL, BOB)] == [thread, None]


def test_any_question_is_answered_where_the_channel_says_so(workspace: Workspace) -> None:
    workspace.answers(workspace.mention())
    Channel.objects.update(mode=AnswerMode.QUESTIONS)
    workspace.fake.post(CHANNEL, ANN, "Good morning all")
    workspace.answers(workspace.fake.post(CHANNEL, BOB, "how do refunds work"))
    assert Question.objects.count() == 2


def test_feedback_and_a_form_for_what_was_wrong(workspace: Workspace) -> None:
    (answer,) = workspace.answers(workspace.mention())
    pk = Question.objects.get().pk
    workspace.fake.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"up:{pk}")
    assert Feedback.objects.get().is_positive
    workspace.fake.press(CHANNEL, answer["ts"], "parley:feedback", BOB, f"down:{pk}")
    (view,) = workspace.fake.views
    workspace.fake.submit(
        BOB,
        view,
        {"reason": {"reason": "outdated"}, "better_answer": {"better_answer": "14 days"}, "right_document": {}},
    )
    kept = Feedback.objects.get()
    assert (kept.is_positive, kept.reason, kept.better_answer, kept.person) == (False, "outdated", "14 days", BOB)


def test_an_edited_question_is_answered_as_it_reads_and_a_deleted_one_not(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    fake_providers.script("pause", "pause")
    thread = workspace.mention()
    bots.until(lambda: fake_providers.requests, "the model writes")
    second = workspace.fake.post(CHANNEL, ANN, "And the others?", thread_ts=thread)
    bots.until(lambda: Question.objects.count() == 2, "it is kept")
    third = workspace.fake.post(CHANNEL, ANN, "Never mind this", thread_ts=thread)
    bots.until(lambda: Question.objects.count() == 3, "all are kept")
    workspace.fake.edit(CHANNEL, second, "And the monthly ones?")
    workspace.fake.delete(CHANNEL, third)
    bots.until(lambda: Question.objects.filter(state=QuestionState.CANCELLED).exists(), "one is cancelled")
    bots.until(lambda: Question.objects.filter(text="And the monthly ones?").exists(), "one is changed")
    fake_providers.released.set()
    workspace.answers(thread, 2)
    assert [each.state for each in Question.objects.all()] == ["done", "done", "cancelled"]


def test_what_was_said_while_no_socket_was_open_is_read_from_the_history(workspace: Workspace) -> None:
    workspace.answers(workspace.mention())
    slack = workspace.fake
    slack.redelivery_delays = ()
    slack.refuse_sockets = True
    slack.drop("close")
    missed = workspace.mention("Are annual plans refunded in full?")
    slack.wait_for(lambda: bool(slack.undelivered))
    slack.refuse_sockets = False
    workspace.answers(missed)


@pytest.mark.parametrize(
    ("method", "steps"),
    [
        ("chat.startStream", [Error("channel_type_not_supported")]),
        ("chat.startStream", [RateLimited(1)]),
        ("chat.startStream", [Cut()]),
        ("chat.stopStream", [Error("message_not_in_streaming_state")]),
        ("chat.stopStream", [Cut()]),
        ("chat.stopStream", [RateLimited(1), RateLimited(1)]),
        ("assistant.threads.setStatus", [Error("missing_scope")]),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(type(each).__name__ for each in value),
)
def test_one_whole_answer_whatever_becomes_of_a_call(
    workspace: Workspace, method: str, steps: list[Cut | Error | RateLimited]
) -> None:
    workspace.fake.script(method, *steps)
    thread = workspace.mention()
    workspace.answers(thread)
    (answer,) = workspace.own(CHANNEL, thread)
    assert visible_text(answer).count("Ask again for more.") == 1
    assert "parley:feedback" in str(answer["blocks"])


def test_a_lost_reply_to_a_post_is_looked_for_before_it_is_sent_again(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    fake_providers.blocks = [("NOT_IN_DOCS", ())]  # nothing is streamed
    workspace.fake.script("chat.postMessage", Cut())
    thread = workspace.mention()
    workspace.answers(thread)
    assert len(workspace.own(CHANNEL, thread)) == 1
    assert len(workspace.fake.calls_of("chat.postMessage")) == 1


def test_a_stream_that_expires_is_finished_by_an_update(workspace: Workspace, fake_providers: FakeProviders) -> None:
    workspace.fake.stream_seconds = 0.3
    fake_providers.blocks = [("It takes its time. " * 40, ()), ("That was it.", (0,))]
    fake_providers.script("pause")
    thread = workspace.mention()
    bots.until(lambda: workspace.own(CHANNEL, thread), "the stream has begun")
    bots.until(lambda: workspace.fake.messages(CHANNEL, thread)[-1]["streaming"], "it streams")
    workspace.fake.wait_for(lambda: len(workspace.fake.statuses) > 0)
    fake_providers.released.set()
    workspace.answers(thread)
    (answer,) = workspace.own(CHANNEL, thread)
    assert not answer["broken"]
    assert "That was it" in visible_text(answer)


def test_the_asker_stops_an_answer_and_it_stays_as_it_is(workspace: Workspace, fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("It takes its time. " * 40, ()), ("That was it.", (0,))]
    fake_providers.script("pause")
    thread = workspace.mention()
    bots.until(lambda: workspace.own(CHANNEL, thread), "the stream has begun")
    workspace.fake.user_stops(CHANNEL, thread, ANN)
    bots.until(lambda: Question.objects.get().state == QuestionState.CANCELLED, "it is cancelled")
    fake_providers.released.set()
    bots.until(lambda: workspace.fake.sessions[CHANNEL, thread] == "active", "the stop button is gone")
    (stopped,) = workspace.own(CHANNEL, thread)
    assert "That was it" not in visible_text(stopped)


def test_an_answer_that_cannot_be_posted_is_told_in_private_and_to_the_team(
    workspace: Workspace, fake_providers: FakeProviders
) -> None:
    workspace.answers(workspace.mention())
    team = Channel.objects.get_or_create(workspace=Channel.objects.first().workspace, external_id="C2")[0]  # type: ignore[union-attr]
    Channel.objects.filter(external_id=CHANNEL).update(escalation_channel=team)
    fake_providers.blocks = [("NOT_IN_DOCS", ())]
    workspace.fake.script("chat.postMessage", Error("is_archived"))
    workspace.mention("Where is the archive?")
    bots.until(lambda: Question.objects.filter(state="dead").exists(), "it is given up")
    bots.until(lambda: workspace.own("C2"), "the team has it")
    bots.until(lambda: workspace.fake.calls_of("conversations.open"), "the asker is told in private")


@pytest.mark.parametrize(
    ("who", "sees_internal"), [("colleagues", True), ("a guest", False), ("another company", False), ("unknown", False)]
)
def test_internal_documents_are_searched_only_where_the_company_is_alone(
    slack: FakeSlack, shelf: Collection, who: str, sees_internal: bool
) -> None:
    slack.add_user("U9", name="guest", is_restricted=True)
    workspace = Workspace(slack)
    slack.add_channel("C7", name="room", members=(ANN, "U9") if who == "a guest" else (ANN,),
                      is_ext_shared=who == "another company")  # fmt: skip
    if who == "unknown":
        slack.script("conversations.info", *[Error("fatal_error")] * 9)
    internal = make_collection("Internal", Visibility.INTERNAL)
    with bots.running("slack"):
        bots.until(lambda: Channel.objects.filter(external_id="C7"), "the channel is known")
        Channel.objects.get(external_id="C7").collections.set([shelf, internal])
        thread = workspace.mention(channel="C7")
        workspace.answers(thread, channel="C7")
    asked = Message.objects.get(speaker="asker").trace["collections"]
    assert asked == ([shelf.pk, internal.pk] if sees_internal else [shelf.pk])
