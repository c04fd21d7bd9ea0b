"""What is said beside an answer."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from bot.inbox import receiving
from bot.models import Citation, Message, Speaker
from bot.posts import presenting
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


def test_an_address_in_a_cited_passage_is_a_link_and_no_other_is() -> None:
    question = receiving.receive(incoming(is_mention=True)).question
    assert question is not None
    said = "Use [the form](https://help.example.com/form) [1], not [this](https://evil.example/form)."
    answer = Message.objects.create(
        conversation=question.conversation, speaker=Speaker.BOT, trace_id="t" * 32, text=said, outcome="answered"
    )
    answer.refresh_from_db()
    Citation.objects.create(
        message=answer, number=1, title="Refunds", quote="Use it.", passage="Use [it](https://help.example.com/form)."
    )
    shown = presenting.answer(answer, question).text
    assert shown == "Use [the form](https://help.example.com/form) [1], not this (`evil.example/form`)."
