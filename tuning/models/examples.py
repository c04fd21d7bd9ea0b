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


class TrainingExample(models.Model):
    """One answer as a model should have given it, with the very passages that were retrieved when it was asked.

    `messages` is in OpenAI's chat format, built by answers.prompts and redacted; the last is the assistant's and says
    `answer`. `redactions` counts what was taken out by kind. While `claimed_until` is ahead, one reviewer has it.
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
    redactions = models.JSONField(default=dict)
    template_hash = models.CharField(max_length=64)
    checksum = models.CharField(max_length=64, db_index=True, help_text="SHA-256 of the messages as exported.")
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was rejected.")
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
            models.Index(fields=["skipped_at", "id"], condition=models.Q(state="in_review"), name="example_queue"),
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
    def is_edited(self) -> bool:
        return self.answer != self.original_answer


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
