"""What is to be posted, and the processes that post it."""

from collections.abc import Iterable

from django.db import models
from django.db.models.functions import Now

from bot.models.channels import Channel
from bot.models.conversations import Platform
from bot.models.questions import Question


class DeliveryKind(models.TextChoices):
    ANSWER = "answer"
    NOTICE = "notice"  # a word to the asker that is no answer
    SHARED = "shared"  # a private answer, shown to everybody by its asker
    ESCALATION = "escalation"  # to the team: a question, or a draft to send
    HANDOFF = "handoff"  # to the asker: how the hand-over to people stands
    HUMAN = "human"  # to the asker: what the person said
    ASKER = "asker"  # to the team: what the asker said
    NOTE = "note"  # to the team: what became of the question, or why something was not passed on
    SOLVED = "solved"  # no words: marks the asker's post as solved
    REMINDER = "reminder"
    UPDATE = "update"  # changes the post of an escalation
    WORD = "word"  # to one person of the team: what became of what they pressed


class DeliveryState(models.TextChoices):
    STREAMING = "streaming"  # an answer that is being written
    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEAD = "dead"


UNDER_TEAM_POST = (DeliveryKind.ASKER, DeliveryKind.NOTE, DeliveryKind.UPDATE)  # they wait until it is there


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def known(self, channel: Channel, message_ids: Iterable[str]) -> set[str]:
        """Which of these messages of a channel are posts of ours that we know of."""
        found = self.filter(channel=channel, message_id__in=list(message_ids))
        return set(found.values_list("message_id", flat=True))

    def shown(self, channel: Channel, replies_to: str) -> "Delivery | None":
        """The answer that everybody reads who reads a channel, by its message (place/id); None for any other post."""
        kinds = (DeliveryKind.ANSWER, DeliveryKind.SHARED)
        found = self.filter(channel=channel, message_id=replies_to.rpartition("/")[2], kind__in=kinds, is_private=False)
        return found.exclude(message_id="").select_related("question__conversation").first()

    def of_team(self, question: Question) -> "Delivery | None":
        """The post that shows a question to the team, once it is there."""
        return self.filter(question=question, kind=DeliveryKind.ESCALATION).exclude(message_id="").first()


class Delivery(models.Model):
    """One post to a platform: the outbox. `key` marks the post there, so that it is found before it is sent again.

    `body` is a bot.posts.post.Post. `message_id` is the platform's; a delivery that has one is an edit of that message.
    """

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="deliveries")
    kind = models.CharField(max_length=12, choices=DeliveryKind)
    part = models.PositiveSmallIntegerField(default=1)
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE)
    thread_id = models.CharField(max_length=64, blank=True)
    is_private = models.BooleanField(default=False)
    person = models.CharField(max_length=64, blank=True, help_text="Who reads a private one; empty: the asker.")
    key = models.CharField(max_length=32, unique=True)
    body = models.JSONField(default=dict)
    message_id = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=10, choices=DeliveryState, default=DeliveryState.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(db_default=Now())
    error = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["question", "kind", "part"], name="delivery_once"),
        ]
        indexes = [
            models.Index(
                fields=["not_before"], condition=models.Q(state__in=["waiting", "sending"]), name="delivery_queue"
            ),
            models.Index(fields=["channel", "message_id"], name="delivery_message"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.part} of {self.question_id}"


class BotProcess(models.Model):
    """A process that listens to a platform; one that was not seen for long is gone."""

    name = models.CharField(max_length=200, unique=True, help_text="host:pid")
    platform = models.CharField(max_length=10, choices=Platform)
    is_connected = models.BooleanField(default=False)
    seen_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name
