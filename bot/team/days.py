"""What a day came to in one workspace, for those who answer for it."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, Q, Sum

from bot.models import Escalation, Feedback, Message, Outcome, Question, QuestionState, Speaker, Workspace


@dataclass(frozen=True)
class DayOfTeam:
    """`cost` is in USD, of the answers whose price is known; `unpriced` are the others."""

    asked: int
    answered: int
    handed_over: int
    liked: int
    disliked: int
    cost: Decimal
    unpriced: int


def since(workspace: Workspace, moment: datetime) -> DayOfTeam:
    """What was asked since then, and what came of it by now."""
    questions = Question.objects.filter(channel__workspace=workspace, created_at__gte=moment)
    questions = questions.exclude(state=QuestionState.REFUSED)
    answers = Message.objects.filter(question__in=questions, speaker=Speaker.BOT)
    told = answers.aggregate(
        answered=Count("pk", filter=Q(outcome=Outcome.ANSWERED)),
        spent=Sum("cost"),
        unpriced=Count("pk", filter=Q(cost=None)),
    )
    thumbs = Feedback.objects.filter(message__in=answers).aggregate(
        liked=Count("pk", filter=Q(is_positive=True)), disliked=Count("pk", filter=Q(is_positive=False))
    )
    handed_over = Escalation.objects.filter(question__in=questions, is_draft=False).count()
    return DayOfTeam(
        asked=questions.count(), answered=told["answered"], handed_over=handed_over, liked=thumbs["liked"],
        disliked=thumbs["disliked"], cost=told["spent"] or Decimal(0), unpriced=told["unpriced"],
    )  # fmt: skip
