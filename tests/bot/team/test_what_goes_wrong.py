"""What people write to each other through the bot when things come twice, late, at once, or are meant badly."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.utils import timezone

from bot import erasing
from bot.inbox import receiving
from bot.models import (
    Channel,
    Conversation,
    Delivery,
    Escalation,
    Platform,
    Question,
    Remark,
    Workspace,
)
from bot.platforms.console import ConsoleMessenger
from bot.team import escalations, introducing, pressing, relaying, talking
from tests.rows import questions, tables

pytestmark = pytest.mark.django_db

BOB = {"by": "U2", "name": "Bob"}


@pytest.fixture
def question() -> Question:
    """One of U1 in a thread of the channel C1, whose team is told in T."""
    channel = questions.make_channel()
    team = Channel.objects.create(workspace=channel.workspace, external_id="CT", name="team")
    Channel.objects.filter(pk=channel.pk).update(escalation_channel=team)
    reception = receiving.receive(questions.incoming("<@B> How?", is_mention=True))
    assert reception.question is not None
    return Question.objects.get(pk=reception.question.pk)


def handed_over(question: Question) -> Escalation:
    """With the team, whose post is there."""
    escalations.request(question, by="U1")
    Delivery.objects.filter(kind="escalation").update(state="sent", message_id="1700000000.777")
    return Escalation.objects.get(question=question)


def says(text: str, number: int = 100, **more: Any) -> Remark | None:
    """The asker writes in the thread of their question, now; the remark that became of it."""
    given = {"thread_id": "1700000000.000001", "asked_at": timezone.now(), **more}
    receiving.receive(questions.incoming(text, number, **given))
    return Remark.objects.filter(message_id=f"1700000000.{number:06}").first()


def told(kind: str) -> list[str]:
    return [each.body["text"] for each in Delivery.objects.filter(kind=kind).order_by("part")]


@pytest.mark.parametrize("text", ["", "\u200b", "\x00", "\ufeff \n"])
def test_words_that_nobody_sees_are_not_passed_on(question: Question, text: str) -> None:
    handed_over(question)
    assert says(text) is None
    said = pressing.submit("write", str(question.pk), {"text": text}, person="U1", person_name="Ann")
    assert said.text == "What shall they read?"
    assert told("asker") == []
    escalations.claim(question, **BOB)
    says(text, 101, channel="CT", thread_id="1700000000.777", author="U2")
    assert told("human") == []


def test_characters_that_a_database_refuses_are_left_out(question: Question) -> None:
    handed_over(question)
    says("It \x00is\ud800 urgent.")
    assert told("asker") == ["> It is urgent."]


def test_an_edit_that_leaves_nothing_to_see_is_shown_all_the_same(question: Question) -> None:
    handed_over(question)
    says("Look.")
    changed = questions.incoming("\u200b", 100, thread_id="1700000000.000001")
    assert talking.change(changed)
    assert told("asker") == ["> …"]


def test_a_question_that_comes_again_while_people_have_it_is_not_passed_on(question: Question) -> None:
    says("And monthly plans?", 100)
    assert Question.objects.count() == 2
    handed_over(question)
    assert says("And monthly plans?", 100) is None
    assert Question.objects.count() == 2


def test_who_asked_something_else_in_the_thread_neither_speaks_for_the_asker_nor_ends_it(question: Question) -> None:
    says("<@B> And for teams?", 50, author="U9", is_mention=True)
    escalation = handed_over(question)
    assert says("That solved it, thanks!", 100, author="U9") is None
    escalation.refresh_from_db()
    assert escalation.state == "open"
    assert says("That solved it, thanks!", 101) is not None
    escalation.refresh_from_db()
    assert escalation.state == "answered"


def test_each_of_two_askers_in_a_thread_writes_in_their_own_case(question: Question) -> None:
    says("<@B> And for teams?", 50, author="U9", is_mention=True)
    other = Question.objects.exclude(pk=question.pk).get()
    first = handed_over(question)
    escalations.request(other, by="U9")
    assert says("I am Ann.", 100).escalation_id == first.pk  # type: ignore[union-attr]
    assert says("I am Eve.", 101, author="U9").escalation_id == other.escalation.pk  # type: ignore[union-attr]


LONG = "\n".join(["a line"] * 3000)


def test_an_edit_that_needs_more_posts_can_be_taken_back_whole(question: Question) -> None:
    handed_over(question)
    says("Short.")
    for text in (LONG, f"{LONG}\nsecret"):
        talking.change(questions.incoming(text, 100, thread_id="1700000000.000001"))
    assert sum(each.count("secret") for each in told("asker")) == 1
    assert sum(each.count("a line") for each in told("asker")) == 3000
    talking.take_back(Platform.SLACK, "T1", "C1", "1700000000.000100")
    assert not any("a line" in each or "secret" in each for each in told("asker"))


def test_a_first_part_that_does_not_arrive_is_said_as_well(question: Question) -> None:
    handed_over(question)
    says(LONG)
    for delivery in Delivery.objects.filter(kind="asker").order_by("part"):
        Delivery.objects.filter(pk=delivery.pk).update(state="dead")
        talking.bounce(delivery, ConsoleMessenger(StringIO()), "It is too long.")
        assert "did not reach the team" in told("handoff")[-1]
    assert sum("did not reach" in each for each in told("handoff")) == 1


def test_the_post_of_a_team_that_could_not_be_posted_is_posted_where_the_team_is_then(question: Question) -> None:
    escalations.request(question, by="U1")
    Delivery.objects.filter(kind="escalation").update(state="dead", error="not_in_channel")
    assert says("It is urgent.") is not None
    assert told("asker") == []
    assert Escalation.objects.told_nobody().count() == 1
    assert escalations.announce() == 0  # nothing is better there than before
    other = Channel.objects.create(workspace=question.channel.workspace, external_id="CU", name="new team")
    Channel.objects.filter(external_id="C1").update(escalation_channel=other)
    assert escalations.announce() == 1
    post = Delivery.objects.get(kind="escalation")
    assert (post.state, post.channel_id, post.attempts > 0) == ("waiting", other.pk, True)
    assert told("asker") == ["> It is urgent."]
    assert escalations.announce() == 0


def test_a_flood_of_the_asker_is_kept_and_not_posted_message_by_message(question: Question) -> None:
    handed_over(question)
    for number in range(100, 140):
        says(f"Line {number}.", number)
    assert Remark.objects.count() == 40
    assert len(told("asker")) == relaying.AT_ONCE
    assert sum("a lot at once" in each for each in told("handoff")) == 1
    assert sum("on the dashboard alone" in each for each in told("note")) == 1
    assert talking.change(questions.incoming("Changed.", 139, thread_id="1700000000.000001"))
    Delivery.objects.filter(kind="asker").update(created_at=timezone.now() - relaying.AT_ONCE_WITHIN)
    says("Later.", 140)
    assert told("asker")[-1] == "> Later."


class Namer(ConsoleMessenger):
    """Knows everybody, by a name that means harm, and counts whom it was asked about."""

    asked = 0

    def name_of(self, workspace: Workspace, person: str) -> str:  # noqa: ARG002
        self.asked += 1
        return f"<!channel> [{person}](https://evil.example) @everyone"


def test_names_call_nobody_and_lead_nowhere_and_are_not_asked_for_without_end(question: Question) -> None:
    namer = Namer(StringIO())
    shown = introducing.named(" ".join(f"<@U{number:04}>" for number in range(500)), question.channel.workspace, namer)
    assert namer.asked == introducing.MOST_NAMED
    assert "<!channel>" not in shown
    assert "@everyone" not in shown
    assert "](https" not in shown
    assert shown.count("somebody") == 500 - introducing.MOST_NAMED


def test_after_a_talk_of_days_the_bot_answers_again(question: Question) -> None:
    handed_over(question)
    Conversation.objects.update(last_active_at=timezone.now() - timedelta(days=3))
    escalations.solve(question, by="U1")
    says("And monthly plans?", 100)
    assert Question.objects.filter(text="And monthly plans?").exists()


def test_what_was_said_while_the_bot_was_silent_stays_unanswered_after_the_case(question: Question) -> None:
    when = timezone.now() - timedelta(minutes=8)
    says("stop", 50, asked_at=when)
    says("Does it need a restart?", 60, asked_at=when + timedelta(seconds=30))
    handed_over(question)
    escalations.solve(question, by="U1")
    asked = Question.objects.count()
    says("Does it need a restart?", 60, asked_at=when + timedelta(seconds=30), delivery_key="history")
    assert Question.objects.count() == asked
    assert not Remark.objects.exists()


def test_a_page_that_takes_a_case_over_says_so_to_the_team(question: Question) -> None:
    handed_over(question)
    escalations.claim(question, **BOB)
    assert talking.say(question, by="@eve", name="eve", text="I go on.")
    assert "Claimed by eve" in told("update")[-1]


def test_who_writes_to_a_private_question_learns_that_nothing_can_be_changed(question: Question) -> None:
    handed_over(question)
    escalations.claim(question, **BOB)
    says("It costs 10.", 100, channel="CT", thread_id="1700000000.777", author="U2")
    Delivery.objects.filter(kind="human").update(is_private=True, state="sent", message_id="private")
    talking.change(questions.incoming("It costs 12.", 100, channel="CT", author="U2"))
    assert told("human") == ["It costs 10."]
    assert "write again" in told("note")[-1]


def test_who_was_forgotten_is_not_in_what_they_passed_on(question: Question) -> None:
    handed_over(question)
    escalations.claim(question, **BOB)
    says("Okapi knows.", 100, channel="CT", thread_id="1700000000.777", author="U2")
    escalations.answer(question, **BOB, text="Okapi again.")
    erasing.erase("U2", Platform.SLACK)
    assert "Okapi" not in tables.dump()
    talking.change(questions.incoming("Okapi says more.", 100, channel="CT", author="U2"))
    assert "Okapi" not in tables.dump()
