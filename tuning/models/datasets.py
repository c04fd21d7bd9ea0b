"""What a model is trained on: examples as they were when they were frozen."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from llm.models import PromptVariant
from tuning.models.examples import TrainingExample


class Split(models.TextChoices):
    """Clusters stand in one split as a whole."""

    TRAIN = "train"
    VALIDATION = "validation"


class Dataset(models.Model):
    """A frozen set of examples. A trigger lets nobody change it, or its lines.

    `warnings` is what the validator said, `statistics` are counts by length and kind, for people. `tokens` are those of
    the lines that are trained on, counted once.
    """

    name = models.CharField(max_length=100, unique=True)
    prompt = models.CharField(max_length=10, choices=PromptVariant, default=PromptVariant.FULL)
    template_hash = models.CharField(max_length=64, help_text="Of the variant of the prompt; serving has to match it.")
    checksum = models.CharField(max_length=64, help_text="SHA-256 of all lines in their order.")
    salt = models.CharField(max_length=32, help_text="With it clusters fall into splits, the same ones every time.")
    clusters = models.PositiveIntegerField(help_text="Different questions: what counts towards a goal.")
    barred = models.PositiveIntegerField(help_text="Examples left out, as an evaluation asks them.")
    tokens = models.PositiveIntegerField()
    longest = models.PositiveIntegerField(help_text="Tokens of the longest line; a trainer's limit has to hold it.")
    warnings = models.JSONField(default=list)
    statistics = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

    def counts(self) -> dict[str, int]:
        """Lines by split; a split without lines is 0."""
        found = dict(self.lines.values_list("split").annotate(models.Count("id")).order_by())
        return {split: found.get(split, 0) for split in Split.values}


class DatasetLine(models.Model):
    """One example as it was frozen, or a refusal made of it; without messages it was erased.

    A trigger lets none in that is not approved, was changed since its review, or comes from a workspace where training
    is not allowed.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="lines")
    example = models.ForeignKey(TrainingExample, null=True, on_delete=models.SET_NULL, related_name="dataset_lines")
    ordinal = models.PositiveIntegerField(help_text="From 1, in the order of the exports.")
    split = models.CharField(max_length=10, choices=Split)
    cluster = models.PositiveIntegerField(help_text="Number of the cluster within the dataset, from 1.")
    messages = models.JSONField(help_text="In OpenAI's chat format, the last one the assistant's.")
    rejected = models.TextField(blank=True, help_text="The answer it is preferred to; empty: to none.")
    is_made = models.BooleanField(
        default=False, db_default=False, help_text="Its cited passages were taken out, so that it has to be refused."
    )
    checksum = models.CharField(max_length=64, help_text="Of the example when it was frozen.")

    class Meta:
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["dataset", "ordinal"], name="line_has_its_place"),
            models.UniqueConstraint(fields=["dataset", "example", "is_made"], name="example_once_as_it_is"),
        ]

    def __str__(self) -> str:
        return f"line {self.ordinal} of {self.dataset_id}"
