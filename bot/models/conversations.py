"""Conversations: what was asked, what was answered, from which passages, and what people thought of it."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db import models
from django.db.models.functions import Now

from llm import vendors

SILENCES = 20  # that are kept of a conversation
INCIDENT = re.compile("[0-9a-f]{8,32}")  # what an asker was told to tell the support team: how a trace id begins
MATCHES = 20_000  # that a search for words looks among, newest first


class Platform(models.TextChoices):
    CONSOLE = "console"
    WEB = "web"
    SLACK = "slack"
    DISCORD = "discord"


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
    """Questions and answers that belong together: on a page, or in a thread of a channel.

    `thread_id` is the platform's id of the thread, which on Slack and Discord is that of the message that began it.
    """

    platform = models.CharField(max_length=10, choices=Platform)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL)
    channel = models.ForeignKey("bot.Channel", null=True, blank=True, on_delete=models.CASCADE)
    thread_id = models.CharField(max_length=64, blank=True)
    silenced_at = models.DateTimeField(null=True, blank=True, help_text="A person took over, or somebody said stop.")
    silenced_by = models.CharField(max_length=64, blank=True, help_text="The person who took over; empty: nobody did.")
    past_silences = models.JSONField(
        default=list, help_text="From when until when it was silent before, as pairs of times; the newest last."
    )
    begun_at = models.DateTimeField(
        null=True, blank=True, help_text="What was said in its thread before is not for the bot; empty: nothing was."
    )
    last_active_at = models.DateTimeField(db_default=Now())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "thread_id"], condition=~models.Q(thread_id=""), name="one_conversation_per_thread"
            )
        ]

    def __str__(self) -> str:
        return f"{self.platform} {self.pk}"

    @property
    def place(self) -> str:
        """Where it is held, in words: its channel, else the platform."""
        return str(self.channel) if self.channel else str(self.get_platform_display())

    def wake(self, moment: datetime, idle_after: timedelta) -> None:
        """Somebody called the bot: it listens from now on, and has not since it fell silent or asleep. To be saved."""
        if self.begun_at is not None:
            self.begun_at = min(self.begun_at, moment)
        asleep_at = self.silenced_at or self.last_active_at + idle_after
        self.past_silences = [
            [since, min(until, moment.isoformat(), key=datetime.fromisoformat)]
            if datetime.fromisoformat(since) <= moment
            else [since, until]
            for since, until in self.past_silences
        ]
        if moment >= asleep_at:
            self.was_silent(asleep_at, moment)
            self.silenced_at, self.silenced_by = None, ""

    def was_silent(self, since: datetime, until: datetime) -> None:
        """Between two moments nothing was for the bot. To be saved."""
        self.past_silences = [*self.past_silences, [since.isoformat(), until.isoformat()]][-SILENCES:]

    def is_silent_at(self, moment: datetime) -> bool:
        """Whether the bot was, or is, silent here when something was said."""
        if self.silenced_at is not None and moment >= self.silenced_at:
            return True
        return any(datetime.fromisoformat(since) <= moment < datetime.fromisoformat(until)
                   for since, until in self.past_silences)  # fmt: skip


class MessageQuerySet(models.QuerySet["Message"]):
    def with_asked_text(self) -> Self:
        """Answers, each with the words of its asker as `asked_text`; None where the question is gone."""
        asked = Message.objects.filter(trace_id=models.OuterRef("trace_id"), speaker=Speaker.ASKER)
        return self.annotate(asked_text=models.Subquery(asked.values("text")[:1]))

    def matching(self, wanted: Mapping[str, Any]) -> Self:
        """The answers that fit, newest first. What may be wanted:

        `platform`, `channel` (row or id), `outcome`, `model`, `least_cost` (USD), `least_seconds`, `since` and `until`
        (days in UTC, both included), `rating` (up, down, none, or a reason
        against it), `document` (row or id, cited), `text` (words said or
        asked, or an incident id), `claims` (true: those of which something was caught before they were shown).
        """
        simple = {
            "conversation__platform": wanted.get("platform"),
            "conversation__channel": wanted.get("channel"),
            "outcome": wanted.get("outcome"),
            "model": wanted.get("model"),
            "cost__gte": wanted.get("least_cost"),
            "total_ms__gte": 1000 * wanted.get("least_seconds", 0),
            "caught__gt": None if not wanted.get("claims") else "0",
        }
        answers = self.filter(speaker=Speaker.BOT).filter(**{name: value for name, value in simple.items() if value})
        if wanted.get("since"):
            answers = answers.filter(created_at__gte=_start_of(wanted["since"]))
        if wanted.get("until"):
            answers = answers.filter(created_at__lt=_start_of(wanted["until"]) + timedelta(days=1))
        return answers._related(wanted).order_by("-id")

    def _related(self, wanted: Mapping[str, Any]) -> Self:
        """By what other tables say: thumbs, cited documents, and the words of question or answer."""
        answers = self
        thumbs = Feedback.objects.filter(message=models.OuterRef("pk"))
        if wanted.get("rating") == "none":
            answers = answers.filter(~models.Exists(thumbs))
        elif wanted.get("rating") not in (None, "", "up", "down"):
            answers = answers.filter(models.Exists(thumbs.filter(is_positive=False, reason=wanted["rating"])))
        elif wanted.get("rating"):
            answers = answers.filter(models.Exists(thumbs.filter(is_positive=wanted["rating"] == "up")))
        if wanted.get("document"):
            answers = answers.filter(pk__in=Citation.objects.filter(document=wanted["document"]).values("message_id"))
        if INCIDENT.fullmatch(wanted.get("text", "").strip().lower()):
            answers = answers.filter(trace_id__startswith=wanted["text"].strip().lower())
        elif wanted.get("text"):
            words = SearchQuery(wanted["text"], config="simple", search_type="websearch")
            said = Message.objects.annotate(words=SearchVector("text", config="simple")).filter(words=words)
            answers = answers.filter(trace_id__in=said.order_by("-id").values("trace_id")[:MATCHES])
        return answers


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


class Message(models.Model):
    """One turn. The fields from `outcome` on describe an answer and are empty on a question.

    `trace` is how an answer came about, or where a question was asked, as bot.answers.trace reads it. An answer on a
    platform has its `question`, the row that it was asked by. `rollout` is the one that its conversation was drawn in
    when it was answered, for the candidate or beside it.
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
    voice = models.ForeignKey("bot.Voice", null=True, blank=True, on_delete=models.PROTECT)
    style_faults = models.JSONField(default=list, help_text="The rules of the voice that the text breaks.")
    caught = models.PositiveSmallIntegerField(
        db_default=0, help_text="Sentences mended, taken out or withdrawn before anybody was shown the answer."
    )
    sent_text = models.TextField(blank=True, help_text="What a person sent in place of the draft `text`.")
    cost = models.DecimalField(
        max_digits=16,
        decimal_places=8,
        null=True,
        blank=True,
        help_text="USD of the calls behind an answer when it was written, as in the ledger; empty: unpriced.",
    )
    trace = models.JSONField(default=dict)
    rollout = models.ForeignKey(
        "llm.Rollout", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", db_index=False
    )  # it has an index of its own
    is_candidate = models.BooleanField(
        default=False, db_default=False, help_text="Was the rollout's candidate asked, or the live model?"
    )
    is_stand_in = models.BooleanField(
        default=False, db_default=False, help_text="Did another model answer than was asked, which failed?"
    )
    invalid_markers = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="Markers that led to no passage."
    )
    created_at = models.DateTimeField(db_default=Now())

    asked_text: str | None  # of those found by `with_asked_text`

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(speaker="bot"), name="answer_time"),
            models.Index(fields=["outcome", "-id"], condition=models.Q(speaker="bot"), name="answer_outcome"),
            models.Index(fields=["model", "-id"], condition=models.Q(speaker="bot"), name="answer_model"),
            models.Index(fields=["-id"], condition=~models.Q(sent_text=""), name="answer_sent"),
            models.Index(
                fields=["rollout", "is_candidate", "id"],
                condition=models.Q(rollout__isnull=False, speaker="bot"),
                name="answer_of_rollout",
            ),
            models.Index(fields=["created_at"], condition=models.Q(caught__gt=0), name="answer_caught"),
            GinIndex(SearchVector("text", config="simple"), name="message_text"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(speaker="asker", outcome="") | (models.Q(speaker="bot") & ~models.Q(outcome="")),
                name="answers_have_an_outcome",
            ),
            models.UniqueConstraint(fields=["trace_id", "speaker"], name="one_answer_per_question"),
        ]

    def __str__(self) -> str:
        return self.text[:80]

    @property
    def is_quoted_instead(self) -> bool:
        """Whether it is the documents' own words because the model that was asked gave nothing."""
        return self.is_stand_in and self.outcome == Outcome.ANSWERED and vendors.quotes(self.provider)

    @property
    def asked(self) -> "Message":
        """The asker's turn that an answer answers."""
        return Message.objects.get(trace_id=self.trace_id, speaker=Speaker.ASKER)


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
    """What one person thought of one answer; pressing again changes it.

    `user` is somebody on the web, `person` an id of the platform the answer was given on.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="feedback")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.CASCADE)
    person = models.CharField(max_length=64, blank=True)
    is_positive = models.BooleanField()
    reason = models.CharField(max_length=20, blank=True)
    better_answer = models.TextField(blank=True)
    right_document = models.CharField(max_length=2000, blank=True)
    created_at = models.DateTimeField(db_default=Now())
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "user"], name="one_opinion_each"),
            models.UniqueConstraint(
                fields=["message", "person"], condition=~models.Q(person=""), name="one_opinion_per_person"
            ),
            models.CheckConstraint(
                condition=models.Q(user__isnull=False, person="") | (models.Q(user=None) & ~models.Q(person="")),
                name="opinion_of_somebody",
            ),
        ]

    def __str__(self) -> str:
        return "up" if self.is_positive else "down"
