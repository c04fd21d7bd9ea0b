"""A conversation as it looked, with everything that is known of how each answer came about."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from bot.models import Conversation, Escalation, Feedback, Question
from bot.team import feedback
from dashboard.rendering import turns
from dashboard.rendering.turns import ShownTurn
from dashboard.rendering.words import PURPOSES, THUMBS
from llm.models import Purpose, UsageRecord
from llm.spending import money
from tuning.models import TrainingExample


@dataclass(frozen=True)
class CallLine:
    """One call to a model, as the page shows it."""

    record: UsageRecord

    @property
    def purpose(self) -> str:
        return PURPOSES[Purpose(self.record.purpose)]

    @property
    def cost(self) -> str:
        return money.label(self.record.cost)


@dataclass(frozen=True)
class OpinionLine:
    """What one person thought of an answer, as the page shows it."""

    row: Feedback

    @property
    def thumb(self) -> tuple[str, str]:
        return THUMBS[self.row.is_positive]

    @property
    def reason(self) -> str:
        """In the words it was chosen by; one that nobody can choose is shown as it was kept."""
        return feedback.REASONS[code].text if (code := self.row.reason) in feedback.REASONS else code


@dataclass(frozen=True)
class TurnLine:
    turn: ShownTurn
    calls: list[CallLine]
    feedback: list[OpinionLine]
    question: Question | None
    escalation: Escalation | None
    example: TrainingExample | None


@dataclass(frozen=True)
class Transcript:
    conversation: Conversation
    steps: list[TurnLine]


def read(conversation: Conversation, user: User) -> Transcript:
    """Everything about a conversation, in as many queries whatever its length."""
    shown = turns.of_conversation(conversation, user)
    answers = [turn.answered for turn in shown if turn.answered is not None]
    calls: dict[str, list[CallLine]] = {}
    for record in UsageRecord.objects.filter(trace_id__in=[answer.trace_id for answer in answers]).order_by("id"):
        calls.setdefault(record.trace_id, []).append(CallLine(record))
    proposed = {each.message_id: each for each in TrainingExample.objects.filter(message__in=answers)}
    return Transcript(conversation, [_step(turn, calls, proposed) for turn in shown])


def _step(
    turn: ShownTurn,
    calls: dict[str, list[CallLine]],
    proposed: dict[int | None, TrainingExample],
) -> TurnLine:
    answer = turn.answered
    if answer is None:
        return TurnLine(turn, [], [], None, None, None)
    question: Question | None = getattr(answer, "question", None)
    return TurnLine(
        turn,
        calls.get(answer.trace_id, []),
        [OpinionLine(row) for row in answer.feedback.all()],
        question,
        getattr(question, "escalation", None),
        proposed.get(answer.pk),
    )
