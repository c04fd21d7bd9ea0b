"""Which models may be called, which one is live for each role, what a call costs, and what was called."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from llm import vendors


class ServingRole(models.TextChoices):
    ANSWER = "answer"
    EMBED = "embed"
    JUDGE = "judge"
    FALLBACK = "fallback"
    RESTYLE = "restyle"


class PromptVariant(models.TextChoices):
    """In which words a model is asked. A tuned one has learnt the voice's rules, so that they need not be said.

    One that restyles is asked no question at all: it is given an answer to say again.
    """

    FULL = "full", "with the voice's rules"
    SHORT = "short", "without the voice's rules"
    RESTYLE = "restyle", "to say an answer again"


class Purpose(models.TextChoices):
    """What a call was made for; the cost of an answer is the sum over its trace, whatever the purposes."""

    ANSWER = "answer"
    EMBED_QUESTION = "embed_question"
    EMBED_DOCUMENT = "embed_document"
    REWRITE = "rewrite"
    JUDGE = "judge"
    TEST = "test"
    TUNE = "tune"
    RESTYLE = "restyle"
    EVALUATE = "evaluate"


class Endpoint(models.Model):
    """A server that serves models. `provider` is a name of llm.vendors."""

    name = models.CharField(max_length=100, unique=True)
    provider = models.CharField(max_length=40)
    base_url = models.URLField(blank=True, help_text="Empty: the address in the settings for this provider.")
    is_private_allowed = models.BooleanField(
        default=False, help_text="May it be on this machine or in its network? So it is where the settings gave it."
    )
    encrypted_key = models.TextField(blank=True, help_text="Empty: the key in the settings for this provider.")
    key_hint = models.CharField(max_length=4, blank=True, help_text="The last four signs of the key.")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name

    @property
    def is_remote(self) -> bool:
        """Whether it is asked over the network, with a key."""
        return not vendors.runs_here(self.provider)


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    def live(self, role: ServingRole) -> "Deployment":
        """The deployment that serves `role` now: the newest row. Raises Deployment.DoesNotExist before set-up."""
        newest = self.newest_of(role)
        if newest is None:
            raise self.model.DoesNotExist(f"No model is live for the role {role}; run: manage.py setup")
        return newest

    def newest_of(self, role: ServingRole) -> "Deployment | None":
        """What was last decided for a role, also that nobody serves it; None before anything was."""
        return self.filter(role=role).select_related("endpoint").order_by("-id").first()

    def restyler(self) -> "Deployment | None":
        """Who puts quoted answers into the voice; None where nobody does."""
        newest = self.newest_of(ServingRole.RESTYLE)
        return newest if newest and newest.model else None

    def newest(self) -> Self:
        """What was last decided for each role."""
        return self.select_related("endpoint").order_by("role", "-id").distinct("role")

    def append(self, deployment: "Deployment", *, reason: str, by: Any) -> "Deployment":
        """Let this model serve its role from now on, again if it did before: a new row, as none is ever changed."""
        return self.create(
            role=deployment.role,
            endpoint=deployment.endpoint,
            model=deployment.model,
            dimensions=deployment.dimensions,
            prompt=deployment.prompt,
            reason=reason[:300],
            created_by=by,
        )

    def decided(self, *roles: ServingRole) -> Self:
        """What was last decided for these roles, also that nobody serves one, as a part of another query."""
        newest = self.filter(role__in=roles).order_by("role", "-id").distinct("role")
        return self.filter(pk__in=newest.values("pk"))


class Deployment(models.Model):
    """One decision to let a model serve a role. Rows are only ever added; the newest of a role is live."""

    role = models.CharField(max_length=10, choices=ServingRole)
    endpoint = models.ForeignKey(Endpoint, on_delete=models.PROTECT)
    model = models.CharField(max_length=200, blank=True, help_text="Empty: nobody from here on (fallback, restyle).")
    dimensions = models.PositiveIntegerField(null=True, blank=True, help_text="Length of the vectors (embed only).")
    prompt = models.CharField(max_length=10, choices=PromptVariant, default=PromptVariant.FULL)
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT)
    created_at = models.DateTimeField(db_default=Now())

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["role", "-id"], name="deployment_live")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role=ServingRole.RESTYLE, prompt=PromptVariant.RESTYLE)
                | ~models.Q(role=ServingRole.RESTYLE) & ~models.Q(prompt=PromptVariant.RESTYLE),
                name="restylers_restyle",
            )
        ]

    def __str__(self) -> str:
        return f"{self.endpoint.provider}:{self.model}"

    @property
    def served(self) -> tuple[int, str, str]:
        """What serves, in which words: two decisions of which it is the same let the same model answer."""
        return self.endpoint_id, self.model, self.prompt

    @property
    def is_candidate(self) -> bool:
        """Whether it was never let serve, so that it has no row: as the candidate of a rollout."""
        return self.pk is None

    @property
    def is_quoting(self) -> bool:
        """Whether answers are the documents' own sentences, with no model that could read, refuse or rewrite."""
        return vendors.quotes(self.endpoint.provider)

    @property
    def vector_space(self) -> str:
        """What makes two vectors comparable: provider, model and length."""
        return f"{self.endpoint.provider}/{self.model}/{self.dimensions}"


class Breaker(models.Model):
    """Whether a model is let be because it failed too often. It is open while `opened_at` is set."""

    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    opened_at = models.DateTimeField(null=True, blank=True)
    probe_at = models.DateTimeField(null=True, blank=True, help_text="From then on one call may try, while it is open.")
    closed_at = models.DateTimeField(null=True, blank=True, help_text="Failures before it count no more.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "model"], name="one_breaker_per_model"),
            models.CheckConstraint(
                condition=models.Q(opened_at=None) | models.Q(probe_at__isnull=False), name="open_breaker_is_probed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.model} {'open' if self.opened_at else 'closed'}"


class ModelPrice(models.Model):
    """A price an admin states; it comes before the bundled price list. `model` may end in * (a prefix)."""

    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    input_per_million = models.DecimalField(max_digits=14, decimal_places=8, help_text="USD per million tokens")
    cached_input_per_million = models.DecimalField(max_digits=14, decimal_places=8, null=True, blank=True)
    output_per_million = models.DecimalField(max_digits=14, decimal_places=8, default=0)
    training_per_million = models.DecimalField(
        max_digits=14, decimal_places=8, null=True, blank=True, help_text="USD per million tokens trained on"
    )
    valid_from = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "model", "valid_from"], name="one_price_at_a_time"),
            models.CheckConstraint(
                condition=models.Q(input_per_million__gte=0, output_per_million__gte=0), name="price_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(cached_input_per_million=None) | models.Q(cached_input_per_million__gte=0),
                name="cached_price_not_negative",
                violation_error_message="A price for cached input is not below 0.",
            ),
            models.CheckConstraint(
                condition=models.Q(training_per_million=None) | models.Q(training_per_million__gte=0),
                name="training_price_not_negative",
                violation_error_message="A price for training is not below 0.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.model} from {self.valid_from:%Y-%m-%d}"


class Period(models.TextChoices):
    DAY = "day"
    MONTH = "month"


class Budget(models.Model):
    """What may be spent in a day or a month (UTC). A hard one stops calls; the other only warns."""

    period = models.CharField(max_length=5, choices=Period, unique=True)
    limit = models.DecimalField(max_digits=12, decimal_places=2, help_text="USD")
    is_hard = models.BooleanField(default=True, help_text="Does it stop calls, or only warn?")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(limit__gte=0), name="budget_not_negative")]

    def __str__(self) -> str:
        return f"budget of a {self.period}"


class BudgetPeriod(models.Model):
    """One day or month: what was spent and what running calls may still cost (USD). See llm.budgets."""

    period = models.CharField(max_length=5, choices=Period)
    starts_on = models.DateField()
    spent = models.DecimalField(max_digits=16, decimal_places=8, default=0)
    reserved = models.DecimalField(max_digits=16, decimal_places=8, default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["period", "starts_on"], name="budget_period_once")]

    def __str__(self) -> str:
        return f"{self.period} of {self.starts_on}"


class Reservation(models.Model):
    """What a call that is under way may cost at most."""

    trace_id = models.CharField(max_length=32)
    purpose = models.CharField(max_length=20, choices=Purpose)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    amount = models.DecimalField(max_digits=16, decimal_places=8)
    input_tokens = models.PositiveIntegerField()
    output_tokens = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"reserved for {self.trace_id}"


@dataclass(frozen=True)
class Spent:
    """What calls took together. `cost` is USD, None when one of them is unpriced; tokens are of both directions.

    `priced` is the sum of those that have a price, and `unpriced` counts the others.
    """

    calls: int
    tokens: int
    cost: Decimal | None
    priced: Decimal = Decimal(0)
    unpriced: int = 0


class UsageRecordQuerySet(models.QuerySet["UsageRecord"]):
    def of_trace(self, trace_id: str) -> Self:
        return self.filter(trace_id=trace_id)

    def spent(self) -> Spent:
        found = self.aggregate(
            calls=models.Count("id"),
            tokens=models.Sum(models.F("input_tokens") + models.F("output_tokens"), default=0),
            priced=models.Sum("cost", default=Decimal(0)),
            unpriced=models.Count("id", filter=models.Q(cost=None)),
        )
        return Spent(cost=None if found["unpriced"] else found["priced"], **found)


class UsageRecord(models.Model):
    """One call to a model, written by llm.client. `cost` is USD, frozen at call time; NULL means unpriced."""

    trace_id = models.CharField(max_length=32, db_index=True)
    purpose = models.CharField(max_length=20, choices=Purpose)
    provider = models.CharField(max_length=40)
    model = models.CharField(max_length=200)
    deployment = models.ForeignKey(Deployment, null=True, blank=True, on_delete=models.PROTECT)
    input_tokens = models.PositiveIntegerField(default=0)
    cached_input_tokens = models.PositiveIntegerField(default=0, help_text="The part of input_tokens read from cache.")
    output_tokens = models.PositiveIntegerField(default=0)
    is_estimated = models.BooleanField(default=False, help_text="The provider did not tell; counted here.")
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True, blank=True)
    latency_ms = models.FloatField()
    first_token_ms = models.FloatField(null=True, blank=True)
    finish_reason = models.CharField(max_length=40, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    error = models.CharField(max_length=500, blank=True)
    is_batch = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A line of an order that took up to a day: its latency says nothing.",
    )
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    objects = UsageRecordQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["provider", "model", "-created_at"], name="usage_of_model"),
            models.Index(fields=["trace_id"], condition=models.Q(finish_reason="budget"), name="usage_stopped"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(cached_input_tokens__lte=models.F("input_tokens")), name="cached_is_part_of_input"
            )
        ]

    def __str__(self) -> str:
        return f"{self.provider}:{self.model} {self.purpose} {self.trace_id}"
