"""Questions that were handed to people."""

from django.db import models
from django.db.models.functions import Now

from bot.models.questions import Question


class EscalationState(models.TextChoices):
    OPEN = "open"
    CLAIMED = "claimed"
    ANSWERED = "answered"


class Escalation(models.Model):
    """A question for a person, one per question. While it is not answered the bot is silent in its conversation.

    With `is_draft` the bot's answer waits for a person who sends it. The post to the team is the question's delivery of
    the kind "escalation"; where no team channel is set there is none, and the dashboard lists it.
    """

    question = models.OneToOneField(Question, on_delete=models.CASCADE, related_name="escalation")
    state = models.CharField(max_length=10, choices=EscalationState, default=EscalationState.OPEN)
    reason = models.CharField(max_length=200)
    is_draft = models.BooleanField(default=False)
    requested_by = models.CharField(max_length=64, blank=True)
    claimed_by = models.CharField(max_length=64, blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answer = models.TextField(blank=True)
    changes = models.PositiveIntegerField(default=0, help_text="Counts the changes to the post of the team.")
    remind_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    claimed_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["remind_at"], condition=models.Q(state="open"), name="escalation_reminder")]

    def __str__(self) -> str:
        return f"{self.state}: {self.question}"
