"""What models answered in an evaluation, and how well."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from bot.models import Outcome
from evaluation.models.cases import CaseSet, EvaluationCase
from foundation import leases


class EvaluationArm(models.TextChoices):
    """Who is asked, and with what: a model by itself, or over the passages that are found."""

    BASE = "base", "the live model, without passages"
    RAG = "rag", "the live model, over passages"
    TUNED = "tuned", "the candidate, without passages"
    TUNED_RAG = "tuned_rag", "the candidate, over passages"


class RunState(models.TextChoices):
    WAITING = leases.WAITING, "waits"
    RUNNING = leases.RUNNING, "runs"
    DONE = "done", "done"
    STOPPED = "stopped", "stopped"
    FAILED = "failed", "failed"


class PrimaryMeasure(models.TextChoices):
    """What a candidate has to be better in. It is named before anything is asked."""

    STYLE = "style", "keeping to the voice"
    FACTUAL = "factual", "factual accuracy"
    GROUNDED = "grounded", "groundedness"
    PASSED = "passed", "cases passed"


class FailureLayer(models.TextChoices):
    """The one layer that is to blame for a failed case, so that nobody tunes what retrieval has spoiled."""

    GAP = "kb_gap", "The documents do not hold it"
    MISS = "retrieval_miss", "The search did not find it"
    NOISE = "retrieval_noise", "Other passages got in the way"
    STALE = "stale_doc", "The document says something else by now"
    UNFAITHFUL = "unfaithful", "The answer says what its passages do not"
    OVER_REFUSAL = "over_refusal", "Refused what it could answer"
    UNDER_REFUSAL = "under_refusal", "Answered what it should not"
    FORMAT = "format", "Citations are missing or wrong"
    STYLE = "style", "Does not keep to the voice"
    LATENCY = "latency", "Too slow"


class EvaluationRun(leases.Leased):
    """One case set asked of several arms. Its results are its progress: a killed run goes on with those that miss.

    `live` and `candidate` are the models as they were when it began, `collections` the ids that are searched. In a
    frozen run every arm that has passages is given those the first one found. `budget` is USD for the whole run.
    """

    state = models.CharField(max_length=10, choices=RunState, default=RunState.WAITING)
    case_set = models.ForeignKey(CaseSet, on_delete=models.PROTECT, related_name="runs")
    arms = models.JSONField()
    primary = models.CharField(max_length=10, choices=PrimaryMeasure)
    is_frozen = models.BooleanField(default=False)
    is_batch = models.BooleanField(default=False, help_text="Models are asked in one order each, for half the price.")
    live = models.ForeignKey("llm.Deployment", on_delete=models.PROTECT, related_name="+")
    candidate = models.ForeignKey("tuning.ModelVersion", null=True, blank=True, on_delete=models.PROTECT)
    voice = models.ForeignKey("bot.Voice", null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    collections = models.JSONField()
    template_hashes = models.JSONField(default=dict, help_text="Of the wording that each arm is asked in.")
    budget = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True, help_text="USD; empty: none.")
    total = models.PositiveIntegerField(help_text="Answers there will be: cases times arms.")
    reason = models.CharField(max_length=500, blank=True, help_text="Why it stopped or failed.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"run {self.pk}"


class EvaluationResult(models.Model):
    """What one arm answered to one case. It is written once, when the answer is whole.

    `trace` is how it came about, as bot.answers.trace reads it: the passages are there. `scores` is what
    scores.scoring says of it; `layer` is empty where it passed, and where a provider failed, which says nothing of the
    model. Costs are USD; NULL is unpriced.
    """

    run = models.ForeignKey(EvaluationRun, on_delete=models.CASCADE, related_name="results")
    case = models.ForeignKey(EvaluationCase, on_delete=models.PROTECT, related_name="results")
    arm = models.CharField(max_length=10, choices=EvaluationArm)
    trace_id = models.CharField(max_length=32)
    outcome = models.CharField(max_length=20, choices=Outcome)
    answer = models.TextField()
    citations = models.JSONField(default=list, help_text="Number, path, heading and quote of each.")
    trace = models.JSONField(default=dict)
    error = models.TextField(blank=True)
    usage = models.JSONField(default=dict)
    cost = models.DecimalField(max_digits=16, decimal_places=8, null=True)
    first_token_ms = models.FloatField(null=True)
    total_ms = models.FloatField(null=True, help_text="Empty: the model was asked in an order, which tells no time.")
    scores = models.JSONField(default=dict)
    has_passed = models.BooleanField(null=True, help_text="Empty: a provider failed, so nothing is known.")
    layer = models.CharField(max_length=20, choices=FailureLayer, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["run", "case", "arm"], name="one_result_per_arm"),
            models.CheckConstraint(
                condition=models.Q(has_passed=False) & ~models.Q(layer="")
                | (models.Q(has_passed=True) | models.Q(has_passed=None)) & models.Q(layer=""),
                name="a_failure_has_one_layer",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arm} on {self.case_id}: {self.outcome}"


class HumanGrade(models.Model):
    """What one person thought of one result, without knowing whose it was. Empty: not asked, or not to be told."""

    result = models.ForeignKey(EvaluationResult, on_delete=models.CASCADE, related_name="grades")
    grader = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    is_factual = models.BooleanField(null=True)
    is_on_brand = models.BooleanField(null=True)
    is_rightly_refused = models.BooleanField(null=True)
    note = models.CharField(max_length=500, blank=True)
    seconds = models.FloatField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["result", "grader"], name="one_grade_per_person")]

    def __str__(self) -> str:
        return f"grade of {self.result_id}"
