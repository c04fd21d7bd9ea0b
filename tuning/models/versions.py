"""The registry: where each model that may answer comes from, and how long there is of it."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from llm.models import Endpoint, PromptVariant
from tuning.models.datasets import Dataset
from tuning.models.examples import TrainingExample
from tuning.models.jobs import FineTuneJob


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def touched_by(self, examples: models.QuerySet[TrainingExample]) -> Self:
        """Those that learnt from any of these: what an erasure has to think of."""
        return self.filter(dataset__lines__example__in=examples).distinct().order_by("id")


class ModelVersion(models.Model):
    """A model and its lineage. One without a dataset was never tuned: the base, which answers by retrieval alone.

    `prompt` and `template_hash` are what it was trained on; it is asked in no other words. `retires_on` is the last
    thing that the provider told, or what a person stated; NULL is not known.
    """

    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT)
    model = models.CharField(max_length=300)
    base = models.CharField(max_length=200, blank=True, help_text="What it was tuned from; empty: it is no tune.")
    dataset = models.ForeignKey(Dataset, null=True, blank=True, on_delete=models.PROTECT, related_name="versions")
    job = models.OneToOneField(FineTuneJob, null=True, blank=True, on_delete=models.PROTECT, related_name="version")
    prompt = models.CharField(max_length=10, choices=PromptVariant, default=PromptVariant.FULL)
    template_hash = models.CharField(max_length=64)
    parameters = models.JSONField(default=dict)
    retrieval = models.JSONField(
        default=dict, blank=True, help_text="How passages were found when it was registered: what it was judged with."
    )
    retires_on = models.DateField(null=True, blank=True)
    retirement_checked_at = models.DateTimeField(null=True, blank=True)
    retirement_told_by = models.CharField(
        max_length=150, blank=True, help_text="Who stated the day here; empty: its provider told it."
    )
    note = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["endpoint", "model"], name="one_version_per_model")]

    def __str__(self) -> str:
        return f"{self.endpoint.provider}:{self.model}"

    @property
    def is_tuned(self) -> bool:
        return bool(self.base)
