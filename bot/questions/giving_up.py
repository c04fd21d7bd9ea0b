"""Answers that cannot be posted where they were asked for: the asker is told in private, and the team as well."""

from django.db import transaction
from django.db.models.functions import Now

from bot import outbox
from bot.messenger import Messenger
from bot.models import Delivery, DeliveryKind, Question, QuestionState
from bot.posts.post import Post
from bot.team import escalations, introducing, talking
from bot.wording import phrases, speech

LAST_PART = 99  # of the notices to one question


def deliver(delivery: Delivery, messenger: Messenger, *, claimed: float) -> None:
    """As outbox.deliver; what it gives up ends visibly all the same."""
    introducing.introduce(delivery, messenger)
    try:
        outbox.deliver(delivery, messenger, claimed=claimed)
    except outbox.UndeliverableError as error:
        if delivery.kind == DeliveryKind.ANSWER:
            _bury(delivery.question, str(error))
        talking.bounce(delivery, messenger, str(error))


@transaction.atomic
def _bury(question: Question, reason: str) -> None:
    is_open = Question.objects.filter(pk=question.pk, state=QuestionState.DELIVERING)
    if not is_open.update(state=QuestionState.DEAD, finished_at=Now(), error=reason[:1000]):
        return
    post = Post(text=speech.of(question).say(phrases.UNDELIVERED))
    outbox.add(question, DeliveryKind.NOTICE, post, part=LAST_PART, is_private=True)
    escalations.open_dead(question)
