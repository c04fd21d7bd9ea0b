"""What a model that judges was asked about the answers of a run, and what it said."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from evaluation.models.runs import EvaluationResult, EvaluationRun, RunState
from foundation import leases


class JudgementKind(models.TextChoices):
    ANSWER = "answer", "facts and grounds of an answer"
    PAIR = "pair", "which of two answers keeps to the voice"


class JudgeOrder(leases.Leased):
    """To have the answers of a run judged. Its judgements are its progress: a killed one goes on with those that miss.

    `budget` is USD for the whole order, `total` the judgements there will be.
    """

    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="judge_orders")
    judge = models.ForeignKey("llm.Deployment", on_delete=models.PROTECT, related_name="+")
    budget = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True, help_text="USD; empty: none.")
    total = models.PositiveIntegerField()
    reason = models.CharField(max_length=500, blank=True, help_text="Why it stopped or failed.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["run"],
                condition=models.Q(state__in=[RunState.WAITING, RunState.RUNNING]),
                name="one_judging_at_a_time",
            )
        ]

    def __str__(self) -> str:
        return f"judging of run {self.run_id}"


class Judgement(models.Model):
    """What one model said, in one wording, of one answer; of a pair it is kept with the candidate's, `against` another.

    `verdicts` is as scores.judge_prompts reads them: what could not be read is unknown, never right. `attempts` counts
    how often it was asked. `cost` is USD, NULL is unpriced.
    """

    result = models.ForeignKey(EvaluationResult, on_delete=models.CASCADE, related_name="judgements")
    against = models.ForeignKey(EvaluationResult, null=True, blank=True, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=JudgementKind)
    model = models.CharField(max_length=310, help_text="Endpoint and model.")
    prompt_hash = models.CharField(max_length=64, help_text="SHA-256 of the wording it was asked in.")
    verdicts = models.JSONField()
    reason = models.CharField(max_length=1000, blank=True)
    attempts = models.PositiveSmallIntegerField(default=1)
    trace_id = models.CharField(max_length=32)
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["result", "model", "prompt_hash"], name="one_judgement_per_wording")
        ]

    def __str__(self) -> str:
        return f"{self.model} of result {self.result_id}"
