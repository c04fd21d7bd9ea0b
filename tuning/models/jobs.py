"""Fine-tune jobs: what was ordered of a trainer, and what it told of it."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from llm.models import Endpoint
from tuning.models.datasets import Dataset


class JobState(models.TextChoices):
    WAITING = "waiting"  # agreed to, not yet with the trainer
    UPLOADING = "uploading"
    RUNNING = "running"
    PAUSED = "paused"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


OVER = (JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED)


class FineTuneJob(models.Model):
    """One order. `key` goes to the provider with it, so that a job whose answer was lost is found and not paid twice.

    `provider_state` is the trainer's own word, whatever it is. Costs are USD; NULL is unpriced. While `lease_until` is
    ahead, one process is at it.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, related_name="jobs")
    trainer = models.CharField(max_length=40)
    endpoint = models.ForeignKey(Endpoint, null=True, blank=True, on_delete=models.PROTECT)
    base = models.CharField(max_length=200)
    parameters = models.JSONField(default=dict)
    key = models.UUIDField(unique=True)
    state = models.CharField(max_length=10, choices=JobState, default=JobState.WAITING)
    provider_state = models.CharField(max_length=40, blank=True)
    provider_job = models.CharField(max_length=200, blank=True)
    provider_files = models.JSONField(default=dict, help_text="Ids of what was uploaded, by split.")
    estimate = models.DecimalField(max_digits=12, decimal_places=4, null=True, help_text="USD; empty: unpriced.")
    cost = models.DecimalField(max_digits=12, decimal_places=4, null=True, help_text="USD; empty: not known.")
    trained_tokens = models.PositiveBigIntegerField(null=True)
    model = models.CharField(max_length=300, blank=True, help_text="What came of it.")
    metrics = models.JSONField(default=list, help_text="Rows of step and losses.")
    error = models.CharField(max_length=1000, blank=True)
    creating_at = models.DateTimeField(null=True, blank=True, help_text="From when on there may be a job that costs.")
    replaces = models.ForeignKey(
        "tuning.ModelVersion", null=True, blank=True, on_delete=models.SET_NULL, related_name="+",
        help_text="The version that ends, and that what comes of this is to take the place of.",
    )  # fmt: skip
    must_cancel = models.BooleanField(default=False, help_text="Cancelled here; its trainer has still to be told.")
    misses = models.PositiveSmallIntegerField(default=0, help_text="How often in a row the provider knew no such job.")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    poll_at = models.DateTimeField(db_default=Now(), help_text="When it is looked at next.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["poll_at"], condition=~models.Q(state__in=OVER) | models.Q(must_cancel=True), name="job_due"
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(state="succeeded") | ~models.Q(model=""), name="success_has_a_model"
            )
        ]

    def __str__(self) -> str:
        return f"job {self.pk}: {self.base} on {self.dataset_id} by {self.trainer}"


class JobEvent(models.Model):
    """What a trainer told while it worked; the same event twice is one row."""

    job = models.ForeignKey(FineTuneJob, on_delete=models.CASCADE, related_name="events")
    provider_event = models.CharField(max_length=200)
    level = models.CharField(max_length=10)
    message = models.TextField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [models.UniqueConstraint(fields=["job", "provider_event"], name="event_once_per_job")]

    def __str__(self) -> str:
        return f"{self.level}: {self.message[:60]}"


class Checkpoint(models.Model):
    """A model from the middle of a job."""

    job = models.ForeignKey(FineTuneJob, on_delete=models.CASCADE, related_name="checkpoints")
    step = models.PositiveIntegerField()
    model = models.CharField(max_length=300)
    metrics = models.JSONField(default=dict)

    class Meta:
        ordering = ["step"]
        constraints = [models.UniqueConstraint(fields=["job", "step"], name="checkpoint_once_per_step")]

    def __str__(self) -> str:
        return f"step {self.step} of {self.job_id}"
