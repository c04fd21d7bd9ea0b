"""Follow-up questions: which lean on the conversation, and what is searched for instead."""

from dataclasses import replace

import pytest

from bot.answers import asking, followups
from bot.answers.asking import Asked
from bot.surroundings.utterances import Utterance
from llm.models import ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.make import make_deployment


@pytest.mark.parametrize(
    "question",
    [
        "And for monthly plans?",
        "What about it?",
        "Why?",
        "How do I cancel that?",
        "monthly ones too?",
        "Is there another?",
    ],
)
def test_questions_that_point_back(question: str) -> None:
    assert followups.depends_on_conversation(question)


@pytest.mark.parametrize(
    "question",
    [
        "What is the refund policy for annual plans?",
        "How do I reset a forgotten password as an admin?",
        "Which plan includes single sign-on and audit logs?",
    ],
)
def test_questions_that_stand_alone(question: str) -> None:
    assert not followups.depends_on_conversation(question)


def asked(question: str, *surroundings: Utterance) -> Asked:
    deployment = make_deployment(ServingRole.ANSWER, provider="extractive", model="best-sentences", dimensions=None)
    return replace(asking.begin(question, deployment=deployment), surroundings=surroundings)


QUESTION = Utterance("How are annual plans refunded?", "U2", "Bob")
REMARK = Utterance("I asked yesterday as well.", "U3", "Cid")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "pointing", ["can you answer this?", "^", "help please", "Hilfe bitte", "de l'aide svp", "助けて"]
)
def test_without_a_model_a_question_that_points_is_the_one_it_points_at(pointing: str) -> None:
    assert followups.standalone(asked(pointing, QUESTION, REMARK), ()) == QUESTION.text


@pytest.mark.django_db
def test_without_a_model_a_question_that_leans_is_joined_to_what_it_leans_on() -> None:
    question = "And does it hold for monthly plans?"
    assert followups.standalone(asked(question, QUESTION, REMARK), ()) == f"{QUESTION.text} {question}"
    alone = "Which documents describe the export of projects?"
    assert followups.standalone(asked(alone, QUESTION), ()) == alone


@pytest.mark.django_db
def test_a_model_that_repeats_the_pointing_is_not_believed(fake_providers: FakeProviders) -> None:
    fake_providers.blocks = [("Can you answer this?", ())]
    deployment = make_deployment(ServingRole.ANSWER, provider="openai", model="gpt-6-luna", dimensions=None)
    begun = asking.begin("can you answer this?", deployment=deployment)
    assert followups.standalone(replace(begun, surroundings=(QUESTION,)), ()) == QUESTION.text
    (request,) = fake_providers.requests
    assert "Bob: How are annual plans refunded?" in str(request.body["messages"])
