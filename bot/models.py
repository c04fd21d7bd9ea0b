"""Conversations: what was asked, what was answered, from which passages, and what people thought of it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class Platform(models.TextChoices):
    CONSOLE = "console"
    WEB = "web"


class Outcome(models.TextChoices):
    """How a question ended. Every question ends in exactly one, and the asker sees which."""

    ANSWERED = "answered"
    NOT_IN_DOCS = "not_in_docs"
    CLARIFY = "clarify"
    ESCALATED = "escalated"
    BLOCKED = "blocked"
    OVER_BUDGET = "over_budget"
    PROVIDER_ERROR = "provider_error"


class Speaker(models.TextChoices):
    ASKER = "asker"
    BOT = "bot"


class Conversation(models.Model):
    platform = models.CharField(max_length=10, choices=Platform)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.platform} {self.pk}"


class Message(models.Model):
    """One turn. The fields from `outcome` on describe an answer and are empty on a question.

    `trace` of a question is {"collections": [ids it was asked of]}. That of an answer is what happened on the way, as
    it was then: {"question": as it was understood, "passages": [{"chunk_id", "document_id", "title", "heading", "text",
    "score", "scores": {...}, ...}], "stages_ms": {...}, "answerable": float, "corrections": {word: its
    understanding}, "uncovered": [terms that a second round searched for], "searched_again": the words that a model
    asked for, "prompt_hash": str, "uncited_text": what a model wrote without a source, "error": str}.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    speaker = models.CharField(max_length=5, choices=Speaker)
    text = models.TextField()
    trace_id = models.CharField(max_length=32, db_index=True)
    outcome = models.CharField(max_length=20, choices=Outcome, blank=True)
    is_truncated = models.BooleanField(default=False)
    provider = models.CharField(max_length=40, blank=True)
    model = models.CharField(max_length=200, blank=True)
    first_token_ms = models.FloatField(null=True, blank=True)
    total_ms = models.FloatField(null=True, blank=True)
    trace = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(speaker="asker", outcome="") | (models.Q(speaker="bot") & ~models.Q(outcome="")),
                name="answers_have_an_outcome",
            ),
            models.UniqueConstraint(fields=["trace_id", "speaker"], name="one_answer_per_question"),
        ]

    def __str__(self) -> str:
        return self.text[:80]


class Citation(models.Model):
    """A passage an answer rests on. What it said is frozen here; the document may change or go."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="citations")
    number = models.PositiveSmallIntegerField()
    document = models.ForeignKey("knowledge.Document", null=True, on_delete=models.SET_NULL)
    chunk = models.ForeignKey("knowledge.Chunk", null=True, on_delete=models.SET_NULL)
    title = models.CharField(max_length=500)
    heading = models.TextField(blank=True)
    path = models.CharField(max_length=2000)
    url = models.URLField(max_length=2000, blank=True)
    quote = models.TextField()
    passage = models.TextField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["message", "number"], name="citation_number_once")]

    def __str__(self) -> str:
        return f"[{self.number}] {self.title}"


class Feedback(models.Model):
    """What one person thought of one answer; pressing again changes it."""

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="feedback")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    is_positive = models.BooleanField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="one_opinion_each")]

    def __str__(self) -> str:
        return "up" if self.is_positive else "down"
