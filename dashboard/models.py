"""What people did in the dashboard."""

from django.db import models


class AuditEntry(models.Model):
    """Who did what to which row. Entries are only added, as a trigger sees to; each hash covers the one before.

    The actor is kept by number and name, not as a reference, since entries outlive accounts.
    """

    at = models.DateTimeField()
    actor_id = models.BigIntegerField(null=True)
    actor = models.CharField(max_length=150)
    action = models.CharField(max_length=100, help_text="The name of the address.")
    target = models.CharField(max_length=200, blank=True, help_text="The ids in the address.")
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.actor}: {self.action} {self.target}"


class DailyUsage(models.Model):
    """The ledger of one past day, added up; see dashboard.rollups. `cost` is USD, without the unpriced calls."""

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
        indexes = [models.Index(fields=["day"], name="usage_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.model} {self.purpose}"


class DailyAnswers(models.Model):
    """The answers of one past day, counted by how they ended; see dashboard.rollups."""

    day = models.DateField()
    platform = models.CharField(max_length=10)
    channel_id = models.BigIntegerField(null=True)
    model = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=20)
    resolution = models.CharField(max_length=10, help_text="confirmed, assumed, escalated or abandoned")
    answers = models.PositiveIntegerField()

    class Meta:
        indexes = [models.Index(fields=["day"], name="answers_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.outcome} {self.resolution}"
