"""What a model may be trained on: answers that a person has approved, and what of them was exported."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


class ExampleState(models.TextChoices):
    IN_REVIEW = "in_review", "in review"
    APPROVED = "approved", "approved"
    REJECTED = "rejected", "rejected"
    ROUTED = "routed_to_kb", "made an article"
    BARRED = "barred", "kept for an evaluation"


class EditKind(models.TextChoices):
    """What an edit changed, as tuning.examples.triage sees it. Only FACT says something that no passage says."""

    NONE = "none", "nothing was changed"
    STYLE = "style", "other words"
    FORMAT = "format", "another layout"
    REFUSAL = "refusal", "should have refused"
    FACT = "fact", "says what no passage says"


class SecondOpinion(models.TextChoices):
    """How a second look at a decision stands."""

    NONE = "", "not asked for"
    WANTED = "wanted", "waits for a second reviewer"
    AGREED = "agreed", "two reviewers agree"
    SPLIT = "split", "two reviewers disagree"
    SETTLED = "settled", "decided by a third"


class TrainingExample(models.Model):
    """One answer as a model should have given it, with the very passages that were retrieved when it was asked.

    `messages` is in OpenAI's chat format, built by answers.prompts and redacted; the last is the assistant's and says
    `answer`. `redactions` counts what was taken out by kind; `placeholders` stand in its place, by a keyed hash of what
    stood there. `unsupported` are the spans of `answer` that say what no passage says, as triage found them, and
    `no_fact_reason` is why a person says they are none. While `claimed_until` is ahead, one reviewer has it.

    `priority` and `leads_cluster` order the queue; `impact` says why in words. `article` is the document that its fact
    became; until that is indexed it stays in review. `stale_reason` says which passage is not what it was.
    """

    message = models.OneToOneField(
        "bot.Message",
        null=True,
        on_delete=models.SET_NULL,
        related_name="training_example",
        help_text="Empty: the transcript was kept long enough and is gone.",
    )
    workspace = models.ForeignKey(
        "bot.Workspace", null=True, blank=True, on_delete=models.CASCADE, help_text="Empty: asked on our own pages."
    )
    state = models.CharField(max_length=12, choices=ExampleState, default=ExampleState.IN_REVIEW)
    messages = models.JSONField()
    question = models.TextField()
    original_answer = models.TextField()
    answer_model = models.CharField(
        max_length=300, blank=True, db_default="", help_text="Who wrote the original, provider:model; empty: not known."
    )
    answer = models.TextField()
    is_refusal = models.BooleanField(default=False, help_text="The right answer is that the documents do not say.")
    set_aside = models.TextField(blank=True, help_text="What stood there before it was made a refusal, for undoing it.")
    proposed_answer = models.TextField(blank=True, help_text="Before anybody edited it; empty: `answer` still is.")
    edit_kind = models.CharField(max_length=8, choices=EditKind, default=EditKind.NONE, db_default=EditKind.NONE)
    unsupported = models.JSONField(default=list, db_default=[])
    no_fact_reason = models.CharField(max_length=300, blank=True, db_default="")
    redactions = models.JSONField(default=dict)
    placeholders = models.JSONField(default=dict, db_default={})
    template_hash = models.CharField(max_length=64)
    checksum = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the messages as exported.")
    source = models.CharField(
        max_length=64,
        blank=True,
        db_default="",
        db_index=True,
        help_text="Of an import, a keyed hash of what the file said: however it was edited since, it is known again.",
    )
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was rejected.")
    stale_reason = models.CharField(max_length=300, blank=True, db_default="")
    article = models.ForeignKey(
        "knowledge.Document", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )  # fmt: skip
    awaits_article = models.BooleanField(
        default=False, db_default=False, help_text="A fact; an editor has to write it."
    )
    second_opinion = models.CharField(max_length=8, choices=SecondOpinion, blank=True, db_default=SecondOpinion.NONE)
    cluster = models.PositiveIntegerField(null=True, blank=True, help_text="Of the queue; empty: not looked at yet.")
    leads_cluster = models.BooleanField(
        default=True, db_default=True, help_text="The first of its cluster to be asked."
    )
    priority = models.FloatField(default=0, db_default=0)
    impact = models.JSONField(default=list, db_default=[])
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reviewed_at = models.DateTimeField(null=True, blank=True)
    review_seconds = models.FloatField(null=True, blank=True)
    claimed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    claimed_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    skipped_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(
                models.F("skipped_at").asc(nulls_first=True),
                models.F("leads_cluster").desc(),
                models.F("priority").desc(),
                "id",
                condition=models.Q(state="in_review"),
                name="example_queue",
            ),
            models.Index(fields=["state", "-id"], name="example_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="in_review") | models.Q(reviewed_at__isnull=False), name="decided_by_a_review"
            )
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.question[:60]}"

    @property
    def thread(self) -> str:
        """What its like of one conversation have in common; empty where the conversation is gone."""
        return f"conversation {self.message.conversation_id}" if self.message else ""

    @property
    def is_edited(self) -> bool:
        return self.answer != self.original_answer


class ExamplePassage(models.Model):
    """A passage as the model is given it in an example, under its number in the prompt.

    `version` is the DocumentVersion in which it was last seen as it stands here; empty: not known, or a person has said
    that the example holds all the same. `is_attached`: a reviewer put it there.
    """

    example = models.ForeignKey(TrainingExample, on_delete=models.CASCADE, related_name="passages")
    number = models.PositiveSmallIntegerField()
    document = models.ForeignKey("knowledge.Document", null=True, on_delete=models.SET_NULL, related_name="+")
    version = models.PositiveBigIntegerField(null=True)
    title = models.CharField(max_length=500, blank=True)
    heading = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    text = models.TextField()
    is_attached = models.BooleanField(default=False)

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["example", "number"], name="passage_number_once")]

    def __str__(self) -> str:
        return f"[{self.number}] {self.heading or self.title}"


class Export(models.Model):
    """Approved examples as they left for a trainer. `checksum` is that of the file (SHA-256)."""

    examples = models.ManyToManyField(TrainingExample, through="ExportLine")
    lines = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.lines} lines of {self.created_at:%Y-%m-%d}"


class ExportLine(models.Model):
    """An example in an export. A trigger lets none in that is not approved, was changed since, or comes from a
    workspace where training is not allowed."""

    export = models.ForeignKey(Export, on_delete=models.CASCADE)
    example = models.ForeignKey(TrainingExample, on_delete=models.PROTECT)
    checksum = models.CharField(max_length=64, help_text="Of the example when it was exported.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["export", "example"], name="example_once_per_export")]

    def __str__(self) -> str:
        return f"{self.example_id} in {self.export_id}"
