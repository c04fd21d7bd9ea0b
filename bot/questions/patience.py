"""Questions whose model is left alone for now: back into their queue, and asked when it is tried again.

They wait for PATIENT of ANSWER_SECONDS from when they were taken; what is left is for the model then. Waiting is no
attempt. A row that waits has `lease_until` set, before which nobody takes it.
"""

import time
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Case, DateTimeField, F, When
from django.db.models.functions import Now
from django.utils import timezone

from bot.models import Delivery, DeliveryKind, DeliveryState, Question, QuestionState

PATIENT = 2 / 3  # of ANSWER_SECONDS: two tries of a breaker, of which there is one every 15 seconds
AGAIN_SECONDS = 2  # between two looks at the breaker; it costs a query
REASON = "The model that writes the answers is left alone for now; the question waits until it is tried again."


def has_waited(question: Question) -> bool:
    """Whether a question that was claimed was given back before: there is a sign for its asker already."""
    return question.error == REASON


def is_left(question: Question) -> bool:
    """Whether a claimed question may wait, or go on waiting."""
    return _taken_for(question) < settings.ANSWER_SECONDS * PATIENT


def began(question: Question) -> float:
    """The time.monotonic() that an answer's time counts from. The wait counts as far as it was meant to last: a queue
    that is long, or a machine that slept, leaves the model what it needs."""
    waited = _taken_for(question) if has_waited(question) else 0.0
    return time.monotonic() - min(waited, settings.ANSWER_SECONDS * PATIENT)


@transaction.atomic
def give_back(question: Question) -> bool:
    """Let it wait for the next look; False where the question is no longer ours. An answer that nothing was posted of
    yet begins anew."""
    mine = Question.objects.filter(pk=question.pk, state=QuestionState.ANSWERING, attempts=question.attempts)
    again_at = Now() + timedelta(seconds=AGAIN_SECONDS)
    if not mine.update(state=QuestionState.WAITING, attempts=F("attempts") - 1, lease_until=again_at, error=REASON):
        return False
    Delivery.objects.filter(
        question=question, kind=DeliveryKind.ANSWER, state=DeliveryState.STREAMING, message_id=""
    ).update(attempts=0)
    return True


def sweep_at() -> Case:
    """The value of that field when questions are cancelled: of one that waits here something may be shown, and nobody
    is at work who would take it away."""
    waits = When(state=QuestionState.WAITING, error=REASON, then=Now())
    return Case(waits, default=F("sweep_at"), output_field=DateTimeField())


def _taken_for(question: Question) -> float:
    """Seconds since somebody first took it."""
    return max(0.0, (timezone.now() - question.started_at).total_seconds()) if question.started_at else 0.0
