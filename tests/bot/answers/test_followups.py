"""Follow-up questions: which lean on the conversation, and what is searched for instead."""

import pytest

from bot.answers import followups


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
