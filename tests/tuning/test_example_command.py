"""Answers proposed by a command: by their ids, or all that match; the exit status says whether all were."""

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bot.models import Channel, Feedback, Message, Platform, Workspace
from tests.rows.questions import make_question_row
from tests.rows.web_rows import make_answer, make_question, make_user
from tuning.models import TrainingExample

pytestmark = pytest.mark.django_db


@pytest.fixture
def made() -> list[Message]:
    ada = make_user("ada")
    return [
        make_answer(make_question(ada, f"Question {number}?", trace_id=f"{number:032x}"), outcome=outcome)
        for number, outcome in enumerate(("answered", "answered", "clarify", "not_in_docs"))
    ]


def propose(*words: object) -> tuple[dict[str, Any], str]:
    """The document that is printed, and the error that ends the command."""
    out = StringIO()
    try:
        call_command("example", "propose", *map(str, words), "--json", stdout=out, stderr=StringIO())
    except CommandError as error:
        return (json.loads(out.getvalue()) if out.getvalue() else {}), str(error)
    return json.loads(out.getvalue()), ""


def test_several_answers_and_what_became_of_each(made: list[Message]) -> None:
    told, error = propose(made[0].pk, made[1].pk)
    assert ([each["message"] for each in told["proposed"]], error) == ([made[0].pk, made[1].pk], "")
    told, error = propose(made[1].pk, made[2].pk, 999_999, made[3].pk)
    assert [each["message"] for each in told["known"]] == [made[1].pk]
    assert [each["state"] for each in told["proposed"]] == ["in_review"]
    assert [each["message"] for each in told["refused"]] == [made[2].pk, 999_999]
    assert (told["refused"][1]["reason"], error) == ("There is no answer 999999.", "2 of 4 were refused.")
    assert TrainingExample.objects.count() == 3


def test_all_that_match(made: list[Message]) -> None:
    Feedback.objects.create(message=made[1], person="U1", is_positive=True)
    workspace = Workspace.objects.create(platform=Platform.SLACK, external_id="T1", is_training_allowed=True)
    channel = Channel.objects.create(workspace=workspace, external_id="C1", name="help")
    make_question_row(made[0], channel)
    made[0].conversation.channel = channel
    made[0].conversation.save()
    day = made[0].created_at.date()
    cases: list[tuple[list[str], list[Message]]] = [
        (["rating=up"], [made[1]]),
        (["channel=#help", "outcome=answered"], [made[0]]),
        (["outcome=not_in_docs", f"day={day}", "text=Question"], [made[3]]),
        (["since=2040-01-01"], []),
        (["platform=web", "rating=none", "outcome=answered"], [made[0]]),
    ]
    for wanted, expected in cases:
        told, error = propose(*(word for each in wanted for word in ("--matching", each)))
        assert sorted(each["message"] for each in (*told["proposed"], *told["known"])) == [m.pk for m in expected]
        assert (told["refused"], error) == ([], "")


@pytest.mark.parametrize(("words", "sentence"), [
    (("--matching", "colour=red"), "WHAT is day, since"), (("--matching", "rating=high"), "there are up, down, none"),
    (("--matching", "day=soon"), "Invalid isoformat"), (("--matching", "channel=x"), "0 channels are called 'x'"),
    ((), "not both"), ((1, "--matching", "rating=up"), "not both"), (("--matching", "least_cost=much"), "least_cost"),
])  # fmt: skip
def test_what_is_not_understood_proposes_nothing(made: list[Message], words: tuple[object, ...], sentence: str) -> None:
    told, error = propose(*words)
    assert sentence in error
    assert told == {}
    assert not TrainingExample.objects.exists()
