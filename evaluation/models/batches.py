"""What a run has ordered from the batch API of a vendor, and the lines of it."""

from django.db import models
from django.db.models.functions import Now

from evaluation.models.cases import EvaluationCase
from evaluation.models.runs import EvaluationArm, EvaluationRun


class OrderState(models.TextChoices):
    """PREPARED: it is, or may be, about to be made. What the vendor says of it meanwhile is `told`."""

    PREPARED = "prepared", "being ordered"
    ORDERED = "ordered", "ordered"
    OVER = "over", "over"


class RunBatch(models.Model):
    """The order of one arm of a run. `key` names it at the vendor: what was made before a process died is found by it.

    `told` is the vendor's own word for how it is, `done` the lines that have come to an end. One that `is_unwanted` is
    cancelled at the vendor; what it cost until then is recorded all the same. `since` is when we set out to order.
    """

    run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="batches")
    arm = models.CharField(max_length=10, choices=EvaluationArm)
    key = models.CharField(max_length=32, unique=True)
    state = models.CharField(max_length=10, choices=OrderState, default=OrderState.PREPARED)
    order = models.CharField(max_length=200, blank=True, help_text="The vendor's name for it.")
    told = models.CharField(max_length=60, blank=True)
    lines = models.PositiveIntegerField(default=0)
    done = models.PositiveIntegerField(null=True)
    error = models.CharField(max_length=500, blank=True)
    reservation = models.ForeignKey("llm.Reservation", null=True, on_delete=models.SET_NULL, related_name="+")
    most = models.DecimalField(max_digits=16, decimal_places=8, null=True, help_text="USD that it may cost at most.")
    is_unwanted = models.BooleanField(default=False)
    misses = models.PositiveSmallIntegerField(default=0, help_text="Looks in a row at which nobody knew of it.")
    looks = models.PositiveIntegerField(default=0)
    look_at = models.DateTimeField(null=True)
    since = models.DateTimeField(null=True)
    is_forgotten = models.BooleanField(default=False, help_text="What was uploaded and written for it is deleted.")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run", "arm"],
                condition=~models.Q(state=OrderState.OVER) & models.Q(is_unwanted=False),
                name="one_open_batch_per_arm",
            )
        ]

    def __str__(self) -> str:
        return f"{self.arm} of run {self.run_id}"


class BatchedAnswer(models.Model):
    """A line of an order: what was found for a case, as bot.answers.trace writes it, and what the model replied.

    `trace_id` is that of the answer; `reply` has `text` and `finish_reason`, or is empty. Once the order is over a line
    without a reply has an `error`.
    """

    batch = models.ForeignKey(RunBatch, on_delete=models.CASCADE, related_name="answers")
    case = models.ForeignKey(EvaluationCase, on_delete=models.PROTECT, related_name="+")
    trace_id = models.CharField(max_length=32)
    found = models.JSONField(default=dict)
    most_input = models.PositiveIntegerField(help_text="Tokens of its prompt at most.")
    reply = models.JSONField(null=True)
    error = models.CharField(max_length=500, blank=True)
    kind = models.CharField(max_length=20, blank=True, help_text="Of the error.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["batch", "case"], name="case_once_per_batch")]

    def __str__(self) -> str:
        return f"case {self.case_id} in {self.batch_id}"
