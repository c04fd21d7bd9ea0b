"""Answers that somebody on a platform wants a model to learn from, until the room that trains has looked at them."""

from django.db import models
from django.db.models.functions import Now

from bot.models.conversations import Message


class NominationWay(models.TextChoices):
    MENU = "menu", "from the menu of a message"
    REACTION = "reaction", "by a reaction"


class NominationState(models.TextChoices):
    WAITING = "waiting", "waiting"
    PROPOSED = "proposed", "proposed"
    KNOWN = "known", "proposed before"
    REFUSED = "refused", "refused"
    LEAVING = "leaving", "being taken back"
    WITHDRAWN = "withdrawn", "taken back"


OUTSTANDING = (NominationState.WAITING, NominationState.LEAVING)


class Nomination(models.Model):
    """One person's wish that an answer becomes a training example: one for each answer, however often they press.

    `words` are what somebody wrote in a thread in place of the answer. PROPOSED is the nomination that the example came
    of, KNOWN one of an answer that was proposed before. LEAVING has to be taken back from where it was proposed to.
    """

    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="nominations")
    person = models.CharField(max_length=64, help_text="Id on the platform.")
    person_name = models.CharField(max_length=200, blank=True)
    way = models.CharField(max_length=10, choices=NominationWay)
    words = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=NominationState, default=NominationState.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it was refused.")
    acted_at = models.DateTimeField(help_text="When they pressed last, by the platform's clock where it tells.")
    created_at = models.DateTimeField(db_default=Now())
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["message", "person"], name="one_nomination_each")]
        indexes = [
            models.Index(fields=["id"], condition=models.Q(state__in=list(OUTSTANDING)), name="nomination_outstanding")
        ]

    def __str__(self) -> str:
        return f"{self.state}: {self.message_id} by {self.person}"
