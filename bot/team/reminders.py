"""Saying again that nobody has claimed a question."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from bot import outbox
from bot.models import (
    Delivery,
    DeliveryKind,
    Escalation,
    EscalationState,
)
from bot.posts.post import Post
from bot.team import handover

REMIND_AFTER = timedelta(minutes=30)  # then after twice as long, and so on
REMINDERS = 3


def remind() -> int:
    """Say again, in the thread of its post, that nobody has claimed a question; how many were due."""
    told = Delivery.objects.filter(question=OuterRef("question"), kind=DeliveryKind.ESCALATION).exclude(message_id="")
    due = Escalation.objects.filter(Exists(told), state=EscalationState.OPEN, remind_at__lt=timezone.now())
    count = 0
    for escalation in due.select_related("question").order_by("remind_at")[:100]:
        count += 1
        _remind(escalation)
    return count


@transaction.atomic
def _remind(escalation: Escalation) -> None:
    question = escalation.question
    every = Delivery.objects.filter(question=question, kind=DeliveryKind.REMINDER)
    said = every.filter(created_at__gte=escalation.opened_at).count()
    post = Delivery.objects.of_team(question)
    if post is None:
        return  # it is on its way; the next minute will do
    next_at = timezone.now() + REMIND_AFTER * 2 ** (said + 1) if said + 1 < REMINDERS else None
    if Escalation.objects.filter(pk=escalation.pk, remind_at=escalation.remind_at).update(remind_at=next_at):
        handover.note(handover.OPEN, handover.Move.REMIND, handover.OPEN)
        minutes = int((timezone.now() - escalation.opened_at).total_seconds() // 60)
        text = f"Nobody has claimed this question for {minutes} minutes."
        outbox.add(
            question, DeliveryKind.REMINDER, Post(text=text, mention=question.channel.escalation_mention),
            part=every.count() + 1, place=(post.channel, post.message_id),
        )  # fmt: skip
