"""Sums of past days."""

from django.db import models


class DailyUsage(models.Model):
    """The ledger of one past day, added up; see figures.rollups. `cost` is USD, without the unpriced calls."""

    day = models.DateField()
    platform = models.CharField(max_length=10, blank=True, help_text="Empty: no answer belongs to the calls.")
    channel_id = models.BigIntegerField(null=True)
    purpose = models.CharField(max_length=20)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    calls = models.PositiveIntegerField()
    unpriced = models.PositiveIntegerField()
    input_tokens = models.PositiveBigIntegerField()
    cached_input_tokens = models.PositiveBigIntegerField()
    output_tokens = models.PositiveBigIntegerField()
    cost = models.DecimalField(max_digits=18, decimal_places=8)

    class Meta:
        db_table = "dashboard_dailyusage"  # where it was when the first installs were made
        indexes = [models.Index(fields=["day"], name="usage_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.model} {self.purpose}"


class DailyAnswers(models.Model):
    """The answers of one past day, counted by how they ended; see figures.rollups."""

    day = models.DateField()
    platform = models.CharField(max_length=10)
    channel_id = models.BigIntegerField(null=True)
    model = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=20)
    resolution = models.CharField(max_length=10, help_text="confirmed, assumed, escalated or abandoned")
    answers = models.PositiveIntegerField()

    class Meta:
        db_table = "dashboard_dailyanswers"
        indexes = [models.Index(fields=["day"], name="answers_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.outcome} {self.resolution}"
