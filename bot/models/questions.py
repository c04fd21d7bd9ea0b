"""Questions on their way to an answer, and what is on its way to a platform. The rows are the queues."""

from django.db import models
from django.db.models import Case, F, When
from django.db.models.functions import Now
from django.utils import timezone

from bot.models.channels import Channel
from bot.models.conversations import Conversation, Message, Platform


class QuestionState(models.TextChoices):
    WAITING = "waiting"
    ANSWERING = "answering"
    DELIVERING = "delivering"
    DONE = "done"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    DEAD = "dead"


OPEN = (QuestionState.WAITING, QuestionState.ANSWERING, QuestionState.DELIVERING)


class QuestionQuerySet(models.QuerySet["Question"]):
    def cancel(self, error: str = "") -> int:
        """Have these answered no more; how many. Of one that waits something may be shown already, which nobody is at
        work to take away: it is looked for."""
        shown = Case(When(state=QuestionState.WAITING, then=Now()), default=F("sweep_at"))
        why = {"error": error} if error else {}
        return self.update(state=QuestionState.CANCELLED, finished_at=timezone.now(), sweep_at=shown, **why)


class Question(models.Model):
    """A message that is a question to the bot: unique by its id on the platform, answered once.

    `reply_token` is for private answers: how to reach the asker alone, encrypted, and worthless after `reply_until`.
    `unread` names the files of the message, which are not looked at. `ranked_at` orders the queue: later for whoever
    has others waiting. `quoted` (bot.surroundings.utterances) came with it, forwarded or replied to.
    """

    platform = models.CharField(max_length=10, choices=Platform)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="questions")
    message_id = models.CharField(max_length=64)
    asker = models.CharField(max_length=64)
    asker_name = models.CharField(max_length=200, blank=True)
    is_outsider = models.BooleanField(default=False)
    text = models.TextField()
    unread = models.JSONField(default=list)
    is_called = models.BooleanField(default=True, db_default=True, help_text="Did it name the bot, or go on?")
    quoted = models.JSONField(default=list)
    read_thread = models.CharField(
        max_length=64, blank=True, help_text="The thread whose messages belong to what is asked; empty: none."
    )
    replies_to = models.CharField(
        max_length=64, blank=True, help_text="The message it answers, where the platform did not bring its words."
    )
    pointed_author = models.CharField(
        max_length=64, blank=True, help_text="Who wrote the message that somebody else asked about."
    )
    is_private = models.BooleanField(default=False)
    reply_token = models.TextField(blank=True)
    reply_until = models.DateTimeField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=QuestionState, default=QuestionState.WAITING)
    trace_id = models.CharField(max_length=32)
    answer = models.OneToOneField(Message, null=True, blank=True, on_delete=models.SET_NULL, related_name="question")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    ranked_at = models.DateTimeField()
    error = models.CharField(max_length=1000, blank=True)
    sweep_at = models.DateTimeField(null=True, blank=True, help_text="When to look for surplus replies.")
    asked_at = models.DateTimeField(default=timezone.now, help_text="By the platform's clock where it tells.")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = QuestionQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["channel", "message_id"], name="question_once")]
        indexes = [
            models.Index(
                fields=["platform", "ranked_at"], condition=models.Q(state__in=["waiting", "answering"]),
                name="question_queue",
            ),
            models.Index(
                fields=["conversation", "id"], condition=models.Q(state__in=list(OPEN)), name="question_order"
            ),
            models.Index(fields=["asker", "created_at"], name="question_asker"),
            models.Index(fields=["sweep_at"], condition=~models.Q(sweep_at=None), name="question_sweep"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.platform} {self.message_id}: {self.text[:60]}"

    @property
    def may_be_answered_privately(self) -> bool:
        """Whether `reply_token` still leads to the asker."""
        return bool(self.reply_token) and self.reply_until is not None and self.reply_until > timezone.now()


class Receipt(models.Model):
    """A delivery of a platform that was acted on. Platforms deliver again; `key` tells that we know it already."""

    key = models.CharField(max_length=200, unique=True)
    question = models.ForeignKey(Question, null=True, blank=True, on_delete=models.SET_NULL)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    def __str__(self) -> str:
        return self.key
