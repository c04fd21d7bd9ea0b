"""Questions that were handed to people, and what was said about them since."""

from typing import Self

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from bot.models.channels import Channel
from bot.models.deliveries import Delivery
from bot.models.questions import Question


class EscalationState(models.TextChoices):
    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered", "Closed"


class EscalationQuerySet(models.QuerySet["Escalation"]):
    def waiting(self) -> Self:
        """Those that are not closed."""
        return self.exclude(state=EscalationState.ANSWERED)

    def told_nobody(self) -> Self:
        """Those that wait for somebody, and no post to a team says so: only the dashboard shows them."""
        told = Delivery.objects.filter(question=models.OuterRef("question"), kind="escalation").exclude(state="dead")
        return self.filter(~models.Exists(told), state=EscalationState.OPEN)


class Escalation(models.Model):
    """A question for a person, one per question. While it is not closed the bot is silent in its conversation.

    With `is_draft` the bot's answer waits for a person who sends it. The post to the team is the question's delivery of
    the kind "escalation"; where no team channel is set there is none, and the dashboard lists it. `opened_at` is when
    it last began to wait, `answered_at` when it was closed, by the person with the id `closed_by`.
    """

    question = models.OneToOneField(Question, on_delete=models.CASCADE, related_name="escalation")
    state = models.CharField(max_length=10, choices=EscalationState, default=EscalationState.OPEN)
    reason = models.CharField(max_length=200)
    is_draft = models.BooleanField(default=False)
    requested_by = models.CharField(max_length=64, blank=True)
    claimed_by = models.CharField(max_length=64, blank=True)
    claimed_by_name = models.CharField(max_length=200, blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answered_by_name = models.CharField(max_length=200, blank=True)
    closed_by = models.CharField(max_length=64, blank=True)
    answer = models.TextField(blank=True)
    changes = models.PositiveIntegerField(default=0, help_text="Counts the changes to the post of the team.")
    remind_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    opened_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    objects = EscalationQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["remind_at"], condition=models.Q(state="open"), name="escalation_reminder")]

    def __str__(self) -> str:
        return f"{self.state}: {self.question}"


class RemarkQuerySet(models.QuerySet["Remark"]):
    def carried_by(self, delivery: Delivery) -> "Remark | None":
        """The one that a post carries, or a part of."""
        last = {"delivery__question": delivery.question_id, "delivery__kind": delivery.kind}
        parts = {"delivery__part__gte": delivery.part, "delivery__part__lt": delivery.part + models.F("posts")}
        return self.filter(**last, **parts).select_related("channel__workspace", "delivery").first()


class Remark(models.Model):
    """What the asker or a person of the team wrote while the bot carried their words to and fro.

    `text` is Markdown. Written on a platform, it is that message, once; `delivery` is the post that carries it, None
    where there is nowhere to carry it to. `files` are pairs of a name and an address, which is empty where the other
    side could not open it.
    """

    escalation = models.ForeignKey(Escalation, on_delete=models.CASCADE, related_name="remarks")
    is_of_team = models.BooleanField()
    person = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    text = models.TextField(blank=True)
    files = models.JSONField(default=list)
    channel = models.ForeignKey(Channel, null=True, blank=True, on_delete=models.SET_NULL, related_name="+")
    thread_id = models.CharField(max_length=64, blank=True)
    message_id = models.CharField(max_length=64, blank=True)
    delivery = models.OneToOneField(Delivery, null=True, blank=True, on_delete=models.SET_NULL, related_name="remark")
    posts = models.PositiveSmallIntegerField(default=1, help_text="In how many it is carried; `delivery` is the last.")
    is_taken_back = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())

    objects = RemarkQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "message_id"], condition=~models.Q(message_id=""), name="remark_once"
            )
        ]

    def __str__(self) -> str:
        return self.text[:80]

    def carriers(self) -> models.QuerySet[Delivery]:
        """The posts that carry it, in their order."""
        last = self.delivery
        if last is None:
            return Delivery.objects.none()
        parts = (last.part - self.posts + 1, last.part)
        same = Delivery.objects.filter(question=last.question_id, kind=last.kind, part__range=parts)
        return same.order_by("part")
