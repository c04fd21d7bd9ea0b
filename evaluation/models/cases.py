"""What models are asked in an evaluation, and the sets of it that nobody changes any more."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now


class ExpectedBehaviour(models.TextChoices):
    """What the right answer does."""

    ANSWER = "answer", "answers"
    REFUSE = "refuse", "says that the documents do not say"
    CLARIFY = "clarify", "asks back"
    ESCALATE = "escalate", "hands over to a person"


class CaseSource(models.TextChoices):
    TRANSCRIPT = "transcript", "a conversation"
    FILE = "file", "a file"


class EvaluationCase(models.Model):
    """A question with what a right answer does and says. Once it is in a set, a trigger lets nobody change it.

    `history` are the turns before it ({"role", "text"}), `gold` paths or addresses of the documents that hold the
    answer. `must_include` and `must_not_include` are as scores.expectations reads them. Cases of one `thread` are asked
    of much the same thing. An erased case has no question.
    """

    question = models.TextField()
    history = models.JSONField(default=list)
    expected = models.CharField(max_length=10, choices=ExpectedBehaviour, default=ExpectedBehaviour.ANSWER)
    gold = models.JSONField(default=list)
    must_include = models.JSONField(default=list)
    must_not_include = models.JSONField(default=list)
    reference = models.TextField(blank=True, help_text="A right answer, for people who grade.")
    tags = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    thread = models.CharField(max_length=200, blank=True)
    source = models.CharField(max_length=10, choices=CaseSource)
    origin = models.CharField(max_length=300, blank=True, help_text="The file and the line it came from.")
    message = models.ForeignKey(
        "bot.Message",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="evaluation_cases",
        help_text="The answer it was made of; empty: it came otherwise, or the transcript is gone.",
    )
    checksum = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what is asked and expected.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message"], condition=models.Q(message__isnull=False), name="one_case_per_answer"
            )
        ]

    def __str__(self) -> str:
        return self.question[:80]


class CaseSet(models.Model):
    """A frozen set of cases, named by what is in it. A trigger lets nobody change it, or its lines."""

    name = models.CharField(max_length=100, unique=True)
    checksum = models.CharField(max_length=64, help_text="SHA-256 of the checksums of its cases in their order.")
    cases = models.ManyToManyField(EvaluationCase, through="CaseSetLine", related_name="sets")
    size = models.PositiveIntegerField()
    clusters = models.PositiveIntegerField(help_text="Different questions among its cases.")
    warnings = models.JSONField(default=list)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class CaseSetLine(models.Model):
    """The place of a case in a set. `cluster` is the number of those that ask much the same, from 1."""

    case_set = models.ForeignKey(CaseSet, on_delete=models.CASCADE, related_name="lines")
    case = models.ForeignKey(EvaluationCase, on_delete=models.PROTECT, related_name="lines")
    ordinal = models.PositiveIntegerField()
    cluster = models.PositiveIntegerField()
    checksum = models.CharField(max_length=64, help_text="Of the case when the set was frozen.")

    class Meta:
        ordering = ["ordinal"]
        constraints = [
            models.UniqueConstraint(fields=["case_set", "ordinal"], name="case_has_its_place"),
            models.UniqueConstraint(fields=["case_set", "case"], name="case_once_per_set"),
        ]

    def __str__(self) -> str:
        return f"case {self.ordinal} of {self.case_set_id}"
