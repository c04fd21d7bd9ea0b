"""The same question asked again."""

from dataclasses import dataclass

from django.contrib.auth.models import User

from bot.answers import answering, conversations, trace
from bot.answers.prompts import Manner
from bot.models import Message, Question
from bot.voices import choosing
from dashboard.rendering import turns, words
from dashboard.rendering.turns import ShownTurn
from llm.spending import money


@dataclass(frozen=True)
class Compared:
    """An answer as it was given, and what the same question is answered now. Nothing of the new one is kept but its
    cost."""

    before: ShownTurn
    now: answering.Answer
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
    question: Question | None = getattr(message, "question", None)
    collections = trace.reach(turn.asked).collections or ()
    history = conversations.history(message.conversation, collections, before=turn.asked)
    writing = answering.compose(
        turn.asked.text,
        collections=collections,
        history=history,
        deployment=question.channel.deployment if question else None,
        manner=_manner(question),
    )
    answer = writing.finish()
    return Compared(turn, answer, money.label(conversations.cost(answer.trace_id)))


def _manner(question: Question | None) -> Manner:
    return Manner(choosing.of(question.channel), question.channel.language) if question else Manner(choosing.default())
