"""What is said beside an answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.models import Message, Speaker
from bot.posts import presenting
from bot.questions import receiving
from tests.rows.questions import incoming

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(("hours", "said"), [(5, ""), (9, "You asked 9")])
def test_who_asked_while_no_bot_ran_is_told_that_it_is_late(hours: int, said: str) -> None:
    asked_at = timezone.now() - timedelta(hours=hours, minutes=1)
    question = receiving.receive(replace(incoming(is_mention=True), asked_at=asked_at)).question
    assert question is not None
    answer = Message.objects.create(
        conversation=question.conversation, speaker=Speaker.BOT, trace_id="t" * 32, text="So it is.", outcome="answered"
    )
    answer.refresh_from_db()
    notes = " ".join(presenting.answer(answer, question).notes)
    assert (said in notes) if said else "You asked" not in notes
