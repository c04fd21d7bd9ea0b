"""A conversation as it looked, with everything that is known of how each answer came about."""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import answering, channel_rules, conversations, prompts
from bot.models import Conversation, Escalation, Feedback, Message, Question
from bot.team import escalations
from dashboard import turns
from dashboard.turns import Turn
from llm.models import Purpose, UsageRecord
from llm.spending import money
from tuning.models import TrainingExample

PURPOSES = {
    Purpose.ANSWER: "Write the answer",
    Purpose.EMBED_QUESTION: "Compare the question",
    Purpose.EMBED_DOCUMENT: "Index a document",
    Purpose.REWRITE: "Understand a follow-up",
    Purpose.JUDGE: "Grade",
    Purpose.TEST: "Try a model",
}


@dataclass(frozen=True)
class Call:
    """One call to a model, as the page shows it."""

    record: UsageRecord

    @property
    def purpose(self) -> str:
        return PURPOSES[Purpose(self.record.purpose)]

    @property
    def cost(self) -> str:
        return money.label(self.record.cost)


@dataclass(frozen=True)
class Step:
    turn: Turn
    calls: list[Call]
    feedback: list[Feedback]
    question: Question | None
    escalation: Escalation | None
    example: TrainingExample | None


@dataclass(frozen=True)
class Transcript:
    conversation: Conversation
    steps: list[Step]


@dataclass(frozen=True)
class Compared:
    """An answer as it was given, and what the same question is answered now. Nothing of the new one is kept but its
    cost."""

    before: Turn
    now: answering.Answer
    cost: str

    @property
    def outcome(self) -> str:
        return turns.OUTCOMES[self.now.outcome][0]

    @property
    def is_same(self) -> bool:
        answered = self.before.answered
        return answered is not None and answered.text == self.now.text


def read(conversation: Conversation, user: User) -> Transcript:
    """Everything about a conversation, in as many queries whatever its length."""
    shown = turns.of_conversation(conversation, user)
    answers = [turn.answered for turn in shown if turn.answered is not None]
    calls: dict[str, list[Call]] = {}
    for record in UsageRecord.objects.filter(trace_id__in=[answer.trace_id for answer in answers]).order_by("id"):
        calls.setdefault(record.trace_id, []).append(Call(record))
    asked = {
        question.answer_id: question
        for question in Question.objects.filter(answer__in=answers).select_related("escalation", "channel")
    }
    proposed = {each.message_id: each for each in TrainingExample.objects.filter(message__in=answers)}
    return Transcript(conversation, [_step(turn, calls, asked, proposed) for turn in shown])


def _step(
    turn: Turn,
    calls: dict[str, list[Call]],
    asked: dict[int | None, Question],
    proposed: dict[int | None, TrainingExample],
) -> Step:
    answer = turn.answered
    if answer is None:
        return Step(turn, [], [], None, None, None)
    question = asked.get(answer.pk)
    return Step(
        turn,
        calls.get(answer.trace_id, []),
        list(answer.feedback.all()),
        question,
        getattr(question, "escalation", None),
        proposed.get(answer.pk),
    )


@transaction.atomic
def correct(message: Message, text: str, *, by: User) -> bool:
    """Keep what should have been said, and post it where the question was asked; whether there is such a place."""
    Message.objects.filter(pk=message.pk).update(sent_text=text)
    question = Question.objects.select_related("channel", "conversation").filter(answer=message).first()
    if question is None:
        return False
    escalations.relay(question, by=f"{escalations.DASHBOARD}{by.get_username()}", text=text)
    return True


def ask_again(message: Message) -> Compared:
    """Answer the same question with today's documents, model and voice. Raises Deployment.DoesNotExist."""
    turn = turns.of_answer(message, User())
    question = Question.objects.select_related("channel__workspace").filter(answer=message).first()
    collections = list(turn.asked.trace.get("collections", ()))
    history = conversations.history(message.conversation, collections, before=turn.asked)
    answer = answering.compose(
        turn.asked.text,
        collections=collections,
        history=history,
        deployment=question.channel.deployment if question else None,
        manner=channel_rules.manner(question.channel, message.voice) if question else prompts.PLAIN,
    )
    for _ in answer:
        pass
    return Compared(turn, answer, money.label(conversations.cost(answer.trace_id)))
