"""What somebody wrote around the question of another goes when they want to be forgotten; the question stays."""

import io

import pytest
from django.core.management import call_command
from pytest_django.fixtures import Settings

from bot import erasing, retention
from bot.answers import trace
from bot.answers.trace import Reach
from bot.inbox import receiving
from bot.models import Channel, Conversation, Message, Platform, Question
from bot.surroundings import utterances
from bot.surroundings.utterances import Utterance
from tests.rows import tables
from tests.rows.questions import incoming, make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user

pytestmark = pytest.mark.django_db
PERSON = "U0ZEBRA42"
SAID = (Utterance("My okapi is ill", PERSON, "Zebra Quagga"), Utterance("Mine as well", "U2", "Bob"))


def asked_among_others() -> Message:
    """A question of somebody else, around which the person wrote."""
    answer = make_answer(make_question(make_user("ann"), "can you answer this?"))
    Message.objects.filter(pk=answer.pk).update(trace={"question": "What to do with an okapi that is ill?"})
    Conversation.objects.update(platform=Platform.SLACK)
    asked = answer.asked
    Message.objects.filter(pk=asked.pk).update(trace=Reach((1,), SAID).as_json())
    receiving.receive(incoming("x"))
    row = make_question_row(answer, Channel.objects.get(), asker="U1")
    Question.objects.filter(pk=row.pk).update(quoted=[each.as_json() for each in SAID])
    return answer


def test_their_words_and_name_go_from_the_questions_of_others() -> None:
    answer = asked_among_others()
    erasure = erasing.erase(PERSON, Platform.SLACK)
    assert erasure.messages == [answer.pk]  # what was made of it goes, too
    left = tables.dump().lower()
    assert [word for word in ("okapi", "zebra", "quagga") if word in left] == []
    assert [each["text"] for each in Question.objects.get(asker="U1").quoted] == ["Mine as well"]
    assert answer.asked.text == "can you answer this?"


def test_who_asked_takes_the_words_of_others_along() -> None:
    asked_among_others()
    call_command("erase", "U1", "--platform", "slack", stdout=io.StringIO())
    assert "okapi" not in tables.dump().lower()


def test_a_message_that_others_asked_about_is_its_authors() -> None:
    receiving.receive(incoming("My okapi is ill", author="U1", pointed_author=PERSON, is_explicit=True))
    erasing.erase(PERSON, Platform.SLACK)
    assert "okapi" not in tables.dump().lower()
    assert PERSON not in tables.dump()
    assert Question.objects.get().asker == "U1"


def test_what_is_too_old_goes_with_its_surroundings(settings: Settings) -> None:
    answer = asked_among_others()
    settings.TRANSCRIPT_DAYS = 1
    Conversation.objects.update(last_active_at="2020-01-01T00:00:00Z")
    Question.objects.update(created_at="2020-01-01T00:00:00Z")
    retention.purge()
    assert not Message.objects.filter(pk=answer.pk).exists()
    assert "okapi" not in tables.dump().lower()


def test_an_older_row_has_no_surroundings() -> None:
    assert trace.Reach.from_json({"collections": [1]}).surroundings == ()
    assert trace.Reach.from_json(Reach(None, SAID).as_json()) == Reach(None, SAID)


@pytest.mark.parametrize("name", ["text", "Author", "1234", "true", "null", 'A "B" C', "Zoë\\n"])
def test_what_somebody_is_called_breaks_no_row(name: str) -> None:
    answer = asked_among_others()
    said = Utterance(f"Ask\n{name}, not 12345", "U2", "Bob", is_quoted=True)
    Question.objects.update(quoted=[said.as_json()])
    Message.objects.filter(pk=answer.pk).update(trace={"text": [1234, True, None, {"author": f"{name}!"}]})
    erasing.erase(PERSON, Platform.SLACK, names=frozenset({name}))
    (kept,) = utterances.read(Question.objects.get(asker="U1").quoted)
    assert (kept.text, kept.name, kept.is_quoted) == ("Ask\n[erased], not 12345", "Bob", True)


def test_a_name_goes_from_wherever_it_stands_in_a_document() -> None:
    answer = asked_among_others()
    trace_id = "f" * 32
    other = Message.objects.create(
        conversation=answer.conversation, speaker="asker", text="?", trace_id=trace_id,
        trace={"text": [1234, True, None, {"author": "Ask\nOkapi!"}], "okapi": "OKAPI okapis"},
    )  # fmt: skip
    erasing.erase("U7", Platform.SLACK, names=frozenset({"okapi"}))
    other.refresh_from_db()
    assert other.trace == {"text": [1234, True, None, {"author": "Ask\n[erased]!"}], "okapi": "[erased] okapis"}
