"""The rows of this room."""

from bot.models.channels import AnswerMode, Channel, ChannelKind, Grammar, OwnWords, Voice, Workspace
from bot.models.conversations import (
    Citation,
    Conversation,
    Feedback,
    Message,
    MessageQuerySet,
    Outcome,
    Platform,
    Speaker,
)
from bot.models.deliveries import BotProcess, Delivery, DeliveryKind, DeliveryState
from bot.models.escalations import Escalation, EscalationState, Remark
from bot.models.nominations import OUTSTANDING, Nomination, NominationState, NominationWay
from bot.models.questions import OPEN, Question, QuestionState, Receipt

__all__ = [
    "OPEN",
    "OUTSTANDING",
    "AnswerMode",
    "BotProcess",
    "Channel",
    "ChannelKind",
    "Citation",
    "Conversation",
    "Delivery",
    "DeliveryKind",
    "DeliveryState",
    "Escalation",
    "EscalationState",
    "Feedback",
    "Grammar",
    "Message",
    "MessageQuerySet",
    "Nomination",
    "NominationState",
    "NominationWay",
    "Outcome",
    "OwnWords",
    "Platform",
    "Question",
    "QuestionState",
    "Receipt",
    "Remark",
    "Speaker",
    "Voice",
    "Workspace",
]
