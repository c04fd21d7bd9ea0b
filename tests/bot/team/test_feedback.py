"""Opinions have one writer, and words are not lost by pressing a thumb."""

import pytest

from bot.models import Feedback, Message
from bot.team import feedback
from bot.team.feedback import Opinion, OpinionError
from tests.rows.web_rows import make_answer, make_question, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def answer() -> Message:
    return make_answer(make_question(make_user()))


def test_a_thumb_that_is_changed_leaves_what_was_written(answer: Message) -> None:
    feedback.keep(answer, Opinion(False, "wrong", "After 14 days.", "refunds.md"), person="U1")
    feedback.keep(answer, Opinion(False), person="U1")
    kept = Feedback.objects.get()
    assert (kept.reason, kept.better_answer, kept.right_document) == ("wrong", "After 14 days.", "refunds.md")
    feedback.keep(answer, Opinion(True), person="U1")
    kept = Feedback.objects.get()
    assert (kept.is_positive, kept.reason, kept.better_answer) == (True, "", "After 14 days.")
    feedback.keep(answer, Opinion(False, better_answer="After 30 days."), person="U1")
    assert Feedback.objects.get().better_answer == "After 30 days."


def test_each_has_one_opinion(answer: Message) -> None:
    ada = make_user("grace")
    feedback.keep(answer, Opinion(True), user=ada)
    feedback.keep(answer, Opinion(False), user=ada)
    feedback.keep(answer, Opinion(True), person="U1")
    assert sorted(Feedback.objects.values_list("person", "is_positive")) == [("", False), ("U1", True)]


def test_a_reason_that_is_not_offered_is_refused(answer: Message) -> None:
    with pytest.raises(OpinionError, match="no reason 'rude'; there are wrong, outdated"):
        feedback.keep(answer, Opinion(False, "rude"), person="U1")
    assert not Feedback.objects.exists()
