"""manage.py case: from answers and files to cases, for people and for scripts."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from bot.models import Message, Outcome
from evaluation.models import EvaluationCase
from tests.rows.make import make_deployment
from tests.rows.web_rows import make_answer, make_question, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def answers() -> list[Message]:
    make_deployment()
    user = make_user()
    outcomes = (Outcome.ANSWERED, Outcome.NOT_IN_DOCS, Outcome.PROVIDER_ERROR)
    return [
        make_answer(make_question(user, f"Question {place}?", trace_id=f"{place:032x}"), outcome=outcome)
        for place, outcome in enumerate(outcomes)
    ]


def case(*arguments: object) -> str:
    out = StringIO()
    call_command("case", *map(str, arguments), stdout=out, stderr=StringIO())
    return out.getvalue()


def test_one_answer_is_told_as_its_case(answers: list[Message]) -> None:
    told = json.loads(case("add", answers[1].pk, "--json"))
    assert (told["question"], told["expected"], told["message"]) == ("Question 1?", "refuse", answers[1].pk)
    with pytest.raises(CommandError, match="no answer 999"):
        case("add", 999)


def test_several_are_added_and_those_that_cannot_be_are_told(
    answers: list[Message], capsys: pytest.CaptureFixture[str]
) -> None:
    out = StringIO()
    with pytest.raises(SystemExit, match="1"):
        call_command("case", "add", *(str(each.pk) for each in answers), "--json", stdout=out, stderr=StringIO())
    told = json.loads(out.getvalue())
    assert (len(told["added"]), told["known"], list(told["left_out"].values())) == (2, 0, [1])


def test_conversations_are_chosen_by_what_fits(answers: list[Message]) -> None:
    told = json.loads(case("add", "--conversations", "--outcome", "answered", "--json"))
    assert [EvaluationCase.objects.get(pk=pk).message_id for pk in told["added"]] == [answers[0].pk]
    assert json.loads(case("add", "--conversations", "--since", "2999-01-01", "--json"))["added"] == []
    assert "1 evaluation case made, kept out of training; 1 known already." in case("add", "--conversations")


@pytest.mark.parametrize("arguments", [[], ["1", "--conversations"], ["1", "2", "--since", "2026-01-01"]])
def test_what_is_not_clear_is_refused(answers: list[Message], arguments: list[str]) -> None:
    with pytest.raises(CommandError, match="Name the answers by their ids"):
        case("add", *arguments)
