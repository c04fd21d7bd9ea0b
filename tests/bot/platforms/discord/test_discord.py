"""Discord from end to end: the real library against a local gateway, the real inbox, a model over HTTP."""

from collections.abc import Iterator

import pytest

from bot.models import AnswerMode, Channel, Feedback, Question, QuestionState
from bot.platforms.discord.bot import Gateway
from tests.fakes.discord.fake import FakeDiscord
from tests.fakes.discord.guild import ASKED, Server
from tests.fakes.providers.fake import FakeProviders
from tests.harness import bots

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("shelf")]


@pytest.fixture
def server(discord: FakeDiscord) -> Iterator[Server]:
    with bots.running("discord"):
        yield Server(discord)
    assert [call for call in discord.refusals if call.status != 404] == []
    assert discord.live_mentions == []


def test_a_mention_is_answered_in_a_thread_and_followed_up_there(server: Server) -> None:
    thread = server.mention()
    (answer,) = server.answers(thread)
    assert f"{ASKED} [1]" in answer["content"]
    assert "-# 1. Refunds" in answer["content"]
    server.fake.post(thread, server.ann, "And monthly plans?")
    server.answers(thread, 2)
    server.fake.post(thread, server.bob, "I can take this over.")
    bots.until(lambda: Question.objects.first().conversation.silenced_at, "the bot is silent")  # type: ignore[union-attr]
    server.fake.post(thread, server.ann, "And quarterly plans?")
    server.fake.post(thread, server.ann, f"<@{server.fake.bot_id}> And yearly plans?")
    server.answers(thread, 3)
    assert [each.text for each in Question.objects.all()] == [ASKED, "And monthly plans?", "And yearly plans?"]


def test_direct_messages_need_no_mention_and_stop_is_obeyed(server: Server) -> None:
    direct = server.fake.open_dm(server.ann)
    first = server.fake.post(direct, server.ann, ASKED)
    (answer,) = server.answers(direct)
    assert answer["message_reference"]["message_id"] == str(first)
    server.fake.post(direct, server.ann, "stop")
    bots.until(lambda: "stay out" in server.own(direct)[-1]["content"], "it says that it is silent")
    assert Question.objects.count() == 2


def test_a_private_question_is_seen_by_its_asker_until_shared(server: Server) -> None:
    asked = server.fake.command(server.ann, server.channel, "ask", {"question": ASKED})
    bots.until(lambda: asked.original and asked.original.get("components"), "the answer is there")
    assert asked.callbacks[0]["type"] == 5
    assert server.own(server.channel) == []
    share = next(
        button["custom_id"] for row in asked.original["components"] for button in row["components"]  # type: ignore[index]
        if "share" in button["custom_id"]
    )  # fmt: skip
    server.fake.press(server.channel, int(asked.original["id"]), share, server.ann)  # type: ignore[index]
    bots.until(lambda: server.own(server.channel), "it is shared")
    assert f"> {ASKED}" in server.own(server.channel)[0]["content"]


def test_ask_about_this_answers_a_message_once(server: Server) -> None:
    message = server.fake.post(server.channel, server.bob, ASKED)
    first = server.fake.context_menu(server.ann, server.channel, message, "Ask about this")
    server.answers(message)
    second = server.fake.context_menu(server.bob, server.channel, message, "Ask about this")
    assert "answer it there" in first.wait()["data"]["content"]
    assert "asked already" in second.wait()["data"]["content"]
    assert Question.objects.count() == 1


def test_a_forum_post_is_a_question_where_the_channel_says_so(server: Server) -> None:
    forum = server.fake.add_channel(name="questions", kind="forum")
    server.fake.start_thread(forum, server.ann, "Hello", f"<@{server.fake.bot_id}> hello")
    bots.until(lambda: Channel.objects.filter(external_id=str(forum)).update(mode=AnswerMode.ALL), "the forum is known")
    post = server.fake.start_thread(forum, server.ann, "Refunds", "Are annual plans refunded")
    server.answers(post)
    assert Question.objects.last().text == "Refunds\n\nAre annual plans refunded"  # type: ignore[union-attr]


def test_files_are_said_to_be_unread(server: Server) -> None:
    (answer,) = server.answers(server.mention(attachments=2))
    assert "I cannot look at files" in answer["content"]


def test_a_long_answer_comes_in_parts_with_whole_fences(server: Server, fake_providers: FakeProviders) -> None:
    code = "\n".join(f"line {number} of the code" for number in range(150))
    fake_providers.blocks = [("Here it is [1].\n\n```python\n" + code + "\n```\n\nThat was it ", ()), ("all.", (0,))]
    thread = server.mention()
    server.answers(thread)
    parts = [each["content"] for each in server.own(thread)]
    assert len(parts) > 1
    assert all(len(part) <= 2000 and part.count("```") % 2 == 0 for part in parts)
    assert "line 149" in parts[-1]


def test_feedback_survives_and_a_bad_answer_opens_a_form(server: Server) -> None:
    thread = server.mention()
    (answer,) = server.answers(thread)
    question = Question.objects.get()
    pressed = server.fake.press(thread, int(answer["id"]), f"parley:up:{question.pk}", server.bob)
    assert "Thank you" in pressed.wait()["data"]["content"]
    pressed = server.fake.press(thread, int(answer["id"]), f"parley:down:{question.pk}", server.bob)
    assert pressed.wait()["type"] == 9
    server.fake.submit(
        server.bob, pressed, {"reason": "wrong", "better_answer": "30 days", "right_document": "x"}
    ).wait()
    kept = Feedback.objects.get()
    assert (kept.is_positive, kept.reason, kept.better_answer, kept.person) == (
        False,
        "wrong",
        "30 days",
        str(server.bob),
    )


def test_an_edited_question_is_answered_as_it_reads_and_a_deleted_one_not(
    server: Server, fake_providers: FakeProviders
) -> None:
    fake_providers.script("pause", "pause")
    thread = server.mention()
    bots.until(lambda: fake_providers.requests, "the model writes")
    second = server.fake.post(thread, server.ann, "And the others?")
    third = server.fake.post(thread, server.ann, "Never mind this")
    bots.until(lambda: Question.objects.count() == 3, "all are kept")
    server.fake.edit(thread, second, "And the monthly ones?")
    server.fake.delete(thread, third)
    bots.until(lambda: Question.objects.filter(state=QuestionState.CANCELLED).exists(), "one is cancelled")
    bots.until(lambda: Question.objects.filter(text="And the monthly ones?").exists(), "one is changed")
    fake_providers.released.set()
    server.answers(thread, 2)
    assert [each.state for each in Question.objects.all()] == ["done", "done", "cancelled"]


def test_the_history_is_read_after_a_session_that_cannot_be_resumed(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(*_args: object, **_options: object) -> None:
        """The library waits five seconds before it identifies anew."""

    monkeypatch.setattr(Gateway, "before_identify_hook", at_once)
    server.answers(server.mention())
    server.fake.refuse_gateway = True
    server.fake.invalidate()
    server.fake.drop()
    missed = server.mention("Are annual plans refunded in full?")
    server.fake.refuse_gateway = False
    server.answers(missed)
    assert Question.objects.count() == 2
