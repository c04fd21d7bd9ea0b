"""The same question asked again."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from bot.answers import conversations, replays
from bot.answers.answered import Answer
from bot.models import Message
from dashboard.rendering import turns, words
from dashboard.rendering.turns import ShownTurn
from llm.spending import money


@dataclass(frozen=True)
class Compared:
    """An answer as it was given, and what the same question is answered now. Nothing of the new one is kept but its
    cost."""

    before: ShownTurn
    now: Answer
    cost: str

    @property
    def outcome(self) -> str:
        return words.OUTCOMES[self.now.outcome][0]

    @property
    def is_same(self) -> bool:
        answered = self.before.answered
        return answered is not None and answered.text == self.now.text


def ask_again(message: Message) -> Compared:
    """Answer the same question with today's documents, model and voice. Raises Deployment.DoesNotExist."""
    turn = turns.of_answer(message, User())
    answer = replays.ask_again(message)
    return Compared(turn, answer, money.label(conversations.cost(answer.trace_id)))
