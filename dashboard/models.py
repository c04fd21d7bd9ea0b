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
