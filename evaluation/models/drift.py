"""How the model that answers does, week by week, beside what it did when it began."""

from django.db import models
from django.db.models.functions import Now


class DriftMeasure(models.TextChoices):
    REFUSED = "refused", "refused"
    GROUNDED = "grounded", "groundedness"
    STYLE = "style", "in the voice"
    LENGTH = "length", "words of an answer"
    DISLIKED = "disliked", "thumbs down"
    COST = "cost", "cost of an answer"
    P95 = "p95", "95 in 100 within"
    TOPICS = "topics", "what is asked about"
    SOURCES = "sources", "documents of its training that changed"
    ENDS = "ends", "days until it ends"
    FROZEN = "frozen", "the frozen cases, asked again"


class DriftState(models.TextChoices):
    STEADY = "steady", "steady"
    DRIFTED = "drifted", "drifted"
    UNKNOWN = "unknown", "not known"


class DriftReading(models.Model):
    """One measure of one week, from its Monday on, of the model that was live at its end.

    `value` and `baseline` are shares of 1, words, USD, milliseconds, days, or for TOPICS the population stability index
    (its baseline is 0). They are empty where nothing is known, which `note` explains. `details` keeps of the baseline
    what is needed to compare with it when its answers are gone: its spread, or how often each document was asked about.
    """

    deployment = models.ForeignKey("llm.Deployment", on_delete=models.PROTECT, related_name="+")
    measure = models.CharField(max_length=10, choices=DriftMeasure)
    week = models.DateField()
    value = models.FloatField(null=True)
    sample = models.PositiveIntegerField(default=0)
    baseline = models.FloatField(null=True)
    baseline_sample = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=10, choices=DriftState)
    note = models.CharField(max_length=500, blank=True)
    details = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-week", "id"]
        constraints = [
            models.UniqueConstraint(fields=["deployment", "measure", "week"], name="one_reading_a_week"),
            models.CheckConstraint(
                condition=models.Q(state=DriftState.UNKNOWN) | models.Q(value__isnull=False), name="known_has_a_value"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_measure_display()} in the week of {self.week}: {self.get_state_display()}"
