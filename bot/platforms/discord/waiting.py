"""A message on Discord that says how many questions were before one that waits. The answer grows in it later.

It is posted once and never changed here, so no word on the queue can come after a word of the answer. By its nonce
Discord posts it once, whoever posts the first message of the answer meanwhile.
"""

from collections.abc import Callable
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from bot import outbox
from bot.models import Delivery, DeliveryKind, DeliveryState, Question, QuestionState
from bot.platforms.discord import posts
from bot.posts.post import Post
from bot.questions import patience
from bot.wording import phrases, speech
from foundation import failpoints

Send = Callable[[Delivery, dict[str, Any]], str]  # posts a body where a delivery belongs; gives the id of the message


def tell(question: Question, before: int, send: Send) -> None:
    """Post it, unless its asker was told before. Raises DeliveryError."""
    is_shown = not (question.is_private or question.channel.is_drafting or patience.has_waited(question))
    delivery = _first_post(question) if is_shown else None
    if delivery is None:
        return
    said = speech.of(question).say(phrases.QUEUED if before else phrases.QUEUED_NEXT, count=before)
    message_id = send(delivery, posts.body(Post(text=f"⏳ {said}")))
    failpoints.reach("queue.posted")
    mine = Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.STREAMING, message_id__in=("", message_id))
    is_kept = mine.update(message_id=message_id)
    if not is_kept or Question.objects.filter(pk=question.pk, state=QuestionState.CANCELLED).exists():
        Question.objects.filter(pk=question.pk).update(sweep_at=Now())


@transaction.atomic
def _first_post(question: Question) -> Delivery | None:
    """The first post of the answer, whose message this becomes; None where there is one, or the wait is over."""
    waiting = Question.objects.select_for_update(of=("self",)).filter(pk=question.pk, state=QuestionState.WAITING)
    if waiting.first() is None:
        return None
    delivery = outbox.add(question, DeliveryKind.ANSWER, Post(text=""))
    delivery.refresh_from_db(fields=["attempts", "message_id"])
    if delivery.attempts or delivery.message_id:
        return None
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.STREAMING)
    delivery.question, delivery.channel = question, question.channel
    return delivery
