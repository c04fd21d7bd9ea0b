"""After an attempt that may have been cut short: is there one reply to each question, and no more?"""

import logging
from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from bot.messenger import DeliveryError, GoneError, Messenger
from bot.models import DeliveryKind, DeliveryState, Question, QuestionState
from bot.questions import replying
from foundation import failpoints

log = logging.getLogger(__name__)

AGAIN_AFTER = timedelta(seconds=60)
BATCH = 20


def sweep(platforms: list[str], messenger: Messenger) -> int:
    """Take away surplus replies to the questions that are due for a look; returns how many there were.

    A process that was frozen for longer than its lease may have posted when nobody expected it any more; what it left
    is gone a minute later.
    """
    count = 0
    for pk in _due(platforms):
        question = Question.objects.select_related("channel__workspace", "conversation").get(pk=pk)
        try:
            if question.state == QuestionState.CANCELLED:
                _withdraw(question, messenger)
            surplus = messenger.surplus(question)
            failpoints.reach("sweep.looked")
            for message_id in surplus:
                log.warning("A surplus reply to question %s is taken away", pk)
                messenger.delete(question.channel, message_id, thread_id=question.conversation.thread_id)
                count += 1
            _make_final(question, messenger)
        except DeliveryError as error:
            _put_off(pk, error)
    return count


def _withdraw(question: Question, messenger: Messenger) -> None:
    """Take away what its asker sees of an answer that was cancelled while nobody was at work on it."""
    shown = question.deliveries.filter(kind=DeliveryKind.ANSWER, state=DeliveryState.STREAMING)
    delivery = shown.select_related("channel__workspace", "question__channel__workspace").first()
    replying.withdraw(replying.Reply(question, messenger, delivery))


def _put_off(pk: int, error: DeliveryError) -> None:
    """Look again in a while, unless the platform will say the same each time."""
    if error.permanent:
        log.warning("Surplus replies to question %s cannot be looked for: %s", pk, error)
        return
    log.warning("Surplus replies to question %s are looked for later: %s", pk, error)
    Question.objects.filter(pk=pk).update(sweep_at=timezone.now() + AGAIN_AFTER)


def _make_final(question: Question, messenger: Messenger) -> None:
    """Write the answer once more over its message: an edit of an attempt that was frozen may have come after it."""
    sent = question.deliveries.filter(kind=DeliveryKind.ANSWER, state=DeliveryState.SENT).exclude(message_id="")
    for delivery in sent.select_related("channel__workspace", "question__channel__workspace", "question__conversation"):
        if not delivery.body.get("text"):
            continue
        try:
            messenger.edit(delivery)
        except GoneError:
            log.info("%s was taken away by somebody, and stays so", delivery)


def _due(platforms: list[str]) -> list[int]:
    """Questions to look at now; taken off the list first, so that two processes do not look at the same."""
    due = Question.objects.filter(platform__in=platforms, sweep_at__lt=Now()).values_list("pk", flat=True)[:BATCH]
    return [
        pk for pk in list(due) if Question.objects.filter(pk=pk, sweep_at__lt=Now()).update(sweep_at=None)
    ]  # fmt: skip
