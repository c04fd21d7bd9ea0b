"""What trials found out about models."""

from django.db import models
from django.db.models.functions import Now

from llm.models.calls import Endpoint


class TriedModel(models.Model):
    """What the last trial that a model answered found out about it. What is None is not known.

    `refused` names the options that its server does not take.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="tried")
    model = models.CharField(max_length=200)
    streams = models.BooleanField(null=True, help_text="Does its reply come bit by bit?")
    thinks = models.BooleanField(null=True, help_text="Did it think before it spoke?")
    takes_system = models.BooleanField(null=True, help_text="Does it take a system text?")
    context_tokens = models.PositiveIntegerField(null=True, help_text="That it takes, as its server tells.")
    refused = models.JSONField(default=list)
    found_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "model"], name="tried_once")]

    def __str__(self) -> str:
        return f"{self.endpoint}: {self.model}"
