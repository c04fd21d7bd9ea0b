"""Where people ask, and how Parley answers there: workspaces, channels and voices. All are known by id, not by name."""

import re
from typing import Any, Self

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from bot.models.conversations import Platform
from knowledge.models import Collection
from llm.models import Deployment

DIRECT = "@me"  # the workspace of Discord's direct messages


class Workspace(models.Model):
    """A Slack workspace or a Discord server. `token` is encrypted (foundation.secrets), or empty."""

    platform = models.CharField(max_length=10, choices=Platform)
    external_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    bot_user_id = models.CharField(max_length=64, blank=True)
    bot_id = models.CharField(max_length=64, blank=True, help_text="Slack's id of the bot, beside that of its user.")
    scopes = models.TextField(blank=True)
    token = models.TextField(blank=True)
    refresh_token = models.TextField(blank=True)
    token_expires_at = models.DateTimeField(null=True, blank=True)
    installed_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    listened_at = models.DateTimeField(null=True, blank=True, help_text="Up to when everything is known to be read.")
    escalation_channel = models.ForeignKey(
        "bot.Channel",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="Where questions for people go, unless a channel says otherwise.",
    )
    is_training_allowed = models.BooleanField(
        default=False, help_text="May what is said there be used to train a model? The platform's terms decide."
    )
    proposers = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Ids of those who may propose examples: people, S… (user groups of Slack), &… (roles of Discord). "
        "Empty: whoever is in the channel where questions for people go.",
    )
    example_reaction = models.CharField(
        max_length=64,
        default="star",
        blank=True,
        help_text="What proposes an answer under it; empty: no reaction does.",
    )
    is_proposing = models.BooleanField(
        default=True, help_text="Are answers that people wrote or changed proposed by themselves?"
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["platform", "external_id"], name="workspace_once")]

    def __str__(self) -> str:
        return self.name or self.external_id

    @property
    def team_channel(self) -> "Channel | None":
        """Where questions for people go, unless a channel says otherwise. Direct messages of Discord are in no server:
        they go where those of its one server do, and with several nobody knows to which."""
        if self.escalation_channel or self.external_id != DIRECT:
            return self.escalation_channel
        there = Workspace.objects.filter(platform=self.platform, removed_at=None)
        servers = list(there.exclude(external_id=DIRECT)[:2])
        return servers[0].escalation_channel if len(servers) == 1 else None

    def send_questions_to(self, channel: "Channel | None") -> None:
        """Say where questions for people go, unless a channel says otherwise; None: to the dashboard alone.

        Raises ValidationError for a channel of another workspace, and where drafts would be left without one.
        """
        if channel is not None and channel.workspace_id != self.pk:
            raise ValidationError(f"{channel} is no channel of {self}.")
        drafting = self.channels.filter(is_drafting=True, escalation_channel=None).first()
        if channel is None and drafting is not None:
            raise ValidationError(f"{drafting} drafts answers for the team: say there first where they go.")
        Workspace.objects.filter(pk=self.pk).update(escalation_channel=channel)


class Grammar(models.TextChoices):
    """In whose name the bot speaks."""

    WE = "we"
    I = "i"  # noqa: E741  the word itself
    NEUTRAL = "neutral"


class VoiceQuerySet(models.QuerySet["Voice"]):
    def current(self, name: str) -> "Voice | None":
        """The newest version of the voice called `name`; None when there is none."""
        return self.filter(name=name).order_by("-version").first()

    def newest(self) -> Self:
        """The newest version of each voice, by name."""
        return self.order_by("name", "-version").distinct("name")


class Voice(models.Model):
    """How the company speaks. Rows are never changed: a change is the next version, and answers keep theirs."""

    name = models.CharField(max_length=100)
    version = models.PositiveIntegerField()
    style_guide = models.TextField(blank=True, help_text="Said to the model in these words.")
    opening = models.CharField(max_length=300, blank=True)
    closing = models.CharField(max_length=300, blank=True)
    banned_phrases = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    person = models.CharField(max_length=10, choices=Grammar, default=Grammar.NEUTRAL)
    has_emoji = models.BooleanField(default=False)
    most_words = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = VoiceQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "version"], name="voice_version_once")]

    def __str__(self) -> str:
        return f"{self.name} v{self.version}"

    def clean(self) -> None:
        for field in ("opening", "closing"):
            if re.search(r"\[\s*\d", getattr(self, field)):
                raise ValidationError({field: "A number in square brackets is a citation, which no voice has."})


class OwnWords(models.Model):
    """A sentence of bot.wording in a voice's own words. `language` is an ISO 639-1 code; empty: in every language."""

    voice_name = models.CharField(max_length=100)
    key = models.CharField(max_length=60)
    language = models.CharField(max_length=10, blank=True)
    text = models.CharField(max_length=600)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["voice_name", "key", "language"], name="own_words_once")]

    def __str__(self) -> str:
        return f"{self.voice_name}: {self.key}"


class ChannelKind(models.TextChoices):
    CHANNEL = "channel"
    FORUM = "forum"
    GROUP = "group"
    DIRECT = "direct"


class AnswerMode(models.TextChoices):
    """Which messages of a channel are questions to the bot, beside those that name it."""

    MENTION = "mention", "only when mentioned"
    QUESTIONS = "questions", "whatever looks like a question"
    ALL = "all", "every message"


class ChannelQuerySet(models.QuerySet["Channel"]):
    def of(self, platform: Platform, workspace: str, external_id: str) -> Self:
        return self.filter(workspace__platform=platform, workspace__external_id=workspace, external_id=external_id)


class Channel(models.Model):
    """A place of a workspace, with its settings. `cursor_at` is up to when it was read.

    `mode_since`: what was said before, without a call, was judged by another mode; None where there was none.
    """

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="channels")
    external_id = models.CharField(max_length=64)
    name = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=10, choices=ChannelKind, default=ChannelKind.CHANNEL)
    has_outsiders = models.BooleanField(
        default=True, help_text="Are there guests, another company, or everybody? Unknown counts as yes."
    )
    is_enabled = models.BooleanField(default=True)
    mode = models.CharField(max_length=10, choices=AnswerMode, default=AnswerMode.MENTION)
    mode_since = models.DateTimeField(null=True, blank=True, editable=False)
    collections = models.ManyToManyField(Collection, blank=True, help_text="Empty: every public collection.")
    voice_name = models.CharField(max_length=100, blank=True, help_text="Empty: the voice called default, if any.")
    deployment = models.ForeignKey(Deployment, null=True, blank=True, on_delete=models.PROTECT)
    language = models.CharField(max_length=40, blank=True, help_text="Empty: that of the question.")
    escalation_channel = models.ForeignKey("self", null=True, blank=True, on_delete=models.SET_NULL)
    escalation_mention = models.CharField(max_length=64, blank=True, help_text="Id of whom an escalation calls.")
    refusal_text = models.TextField(blank=True, help_text="Said in place of the usual words when there is no answer.")
    least_answerable = models.FloatField(
        null=True, blank=True, validators=[MinValueValidator(0), MaxValueValidator(1)]
    )  # fmt: skip
    daily_limit = models.PositiveIntegerField(default=100, help_text="Questions of one person in 24 hours.")
    has_feedback = models.BooleanField(default=True)
    is_drafting = models.BooleanField(default=False, help_text="Are answers drafts for the team, which sends them?")
    cursor_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = ChannelQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "external_id"], name="channel_once")]

    def __str__(self) -> str:
        return self.name or self.external_id

    def save(self, **how: Any) -> None:
        """A mode, or being switched on, holds for what is said from now on, though the history is read again."""
        former = Channel.objects.filter(pk=self.pk).values_list("mode", "is_enabled").first()
        if former is not None and former != (self.mode, self.is_enabled):
            self.mode_since = timezone.now()
            if self.is_enabled and not former[1]:
                self.cursor_at = self.mode_since
        super().save(**how)

    def clean(self) -> None:
        if self.is_drafting and self.team_channel is None:
            raise ValidationError(
                "Drafts need a channel of the team that they go to: say where questions for people go."
            )

    @property
    def platform(self) -> str:
        return self.workspace.platform

    @property
    def team_channel(self) -> "Channel | None":
        """Where questions for people go; None where nobody has said."""
        return self.escalation_channel or self.workspace.team_channel
