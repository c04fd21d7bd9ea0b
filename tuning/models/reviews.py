"""What reviewers decided, each for themselves, and how often a second one looks."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from tuning.models.examples import TrainingExample


class ReviewVerdict(models.TextChoices):
    OPEN = "", "not decided"
    APPROVED = "approved", "approved"
    REFUSED = "refused", "should have refused"
    REJECTED = "rejected", "rejected"
    ROUTED = "routed_to_kb", "a fact"
    BARRED = "barred", "kept for an evaluation"


class ExampleReview(models.Model):
    """What one person decided about an example. `is_blind`: without having seen what was decided before.

    `edit_distance` counts the characters that came or went between the proposed answer and theirs. A blind one is OPEN
    while somebody has it in hand, until `claimed_until`; `answer` is then what they have typed so far.
    """

    example = models.ForeignKey(TrainingExample, on_delete=models.CASCADE, related_name="reviews")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    verdict = models.CharField(max_length=12, choices=ReviewVerdict, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    answer = models.TextField(blank=True)
    edit_distance = models.PositiveIntegerField(default=0)
    seconds = models.FloatField(null=True, blank=True)
    is_blind = models.BooleanField(default=False)
    claimed_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["example"], condition=models.Q(is_blind=True, verdict=""), name="one_second_look_at_a_time"
            ),
            models.CheckConstraint(
                condition=models.Q(is_blind=True) | ~models.Q(verdict=""), name="only_a_second_look_is_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_verdict_display()} by {self.reviewer_id}"


class ReviewPolicy(models.Model):
    """How decisions are looked at again, in this install; the newest row holds."""

    second_share = models.FloatField(help_text="Of decided examples that a second reviewer is asked about, 0 to 1.")
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(second_share__gte=0, second_share__lte=1), name="second_share_is_a_share"
            )
        ]

    def __str__(self) -> str:
        return f"{self.second_share:.0%}"
