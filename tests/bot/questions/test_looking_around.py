"""What stands around a question is read once: every attempt asks the same, and an example of it names nobody."""

from datetime import timedelta

import pytest
from django.utils import timezone

from bot.answers import replays, trace
from bot.answers.trace import Reach
from bot.inbox import receiving
from bot.models import Channel, Conversation, Message, Platform, Question, Workspace
from bot.questions import looking_around
from bot.surroundings.utterances import Utterance
from tests.rows.questions import incoming, make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user
from tuning.examples import proposing

pytestmark = pytest.mark.django_db
SAID = (Utterance("My name is Zebra Quagga, and my refund is gone.", "U9", "Zebra Quagga"),)


class Unreachable:
    """A platform that is not to be asked."""

    def __getattr__(self, name: str) -> None:
        raise AssertionError(f"{name} is asked for")


def test_another_attempt_asks_with_what_the_first_has_read() -> None:
    receiving.receive(incoming("can you answer this?", is_mention=True, thread_id="1600000000.000001"))
    question = Question.objects.get()
    assert question.read_thread == "1600000000.000001"
    Message.objects.create(
        conversation=question.conversation, speaker="asker", text=question.text, trace_id=question.trace_id,
        trace=Reach((1,), SAID).as_json(),
    )  # fmt: skip
    assert looking_around.look(question, Unreachable()).found == SAID  # type: ignore[arg-type]


def test_a_question_by_itself_asks_the_platform_nothing() -> None:
    receiving.receive(incoming("How?", is_mention=True))
    receiving.receive(incoming("And?", 2, thread_id="1700000000.000001"))
    for question in Question.objects.all():
        assert looking_around.look(question, Unreachable()) == looking_around.Around()  # type: ignore[arg-type]


def test_an_example_holds_what_stood_there_and_names_nobody() -> None:
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", is_training_allowed=True)
    answer = make_answer(make_question(make_user("ann"), "can you answer this?"))
    Message.objects.filter(pk=answer.asked.pk).update(trace=Reach((1,), SAID).as_json())
    make_question_row(answer, Channel.objects.create(workspace=workspace, external_id="C1"))
    assert "Zebra Quagga: My name is" in replays.prompt_of(answer).question
    kept = str(proposing.propose(answer, by=None).messages)
    assert "my refund is gone" in kept
    assert "Zebra" not in kept


def test_who_was_silent_for_a_while_was_so_then_alone() -> None:
    now = timezone.now()
    talk = Conversation(last_active_at=now - timedelta(hours=3), silenced_at=now - timedelta(hours=2))
    talk.wake(now - timedelta(hours=1), timedelta(hours=24))
    told = [talk.is_silent_at(now - timedelta(minutes=minutes)) for minutes in (150, 120, 90, 60, 0)]
    assert told == [False, True, True, False, False]
    talk.wake(now - timedelta(minutes=100), timedelta(hours=24))  # a call that is known only now
    assert not talk.is_silent_at(now - timedelta(minutes=90))
    assert trace.Reach(None).surroundings == ()
