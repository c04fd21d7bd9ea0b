"""Which messages are questions to the bot. Pure."""

import re
from datetime import datetime, timedelta
from enum import StrEnum

from bot.messenger import Incoming
from bot.models import AnswerMode, Channel, ChannelKind, Conversation

IDLE_AFTER = timedelta(hours=24)  # a conversation nobody went on with; then it takes a mention again
MAY_CARRY_A_QUESTION = re.compile(
    r"\?|^\W*(who|what|when|where|why|which|how|can|could|do|does|did|is|are|may|should|will|would|has|have|any(one|body)"
    r"|wer|was|wann|wo|warum|wie|welche[rs]?|kann|können|gibt|ist|sind|qui|que|quoi|quand|où|pourquoi|comment|est-ce"
    r"|quién|qué|cuándo|dónde|cómo|puedo)\b",
    re.IGNORECASE,
)
STOP = re.compile(r"^\W*(please\s+)?(stop|be quiet|shut up|silence|stopp|arrête|para)\W*$", re.IGNORECASE)


class Verdict(StrEnum):
    ASK = "ask"
    IGNORE = "ignore"
    STOP = "stop"  # somebody wants the bot to be silent here
    TAKEN_OVER = "taken_over"  # a person answers here, so the bot is silent from now on
    SMALL_TALK = "small_talk"  # thanks or a greeting, which is answered in a word or not at all
    DISABLED = "disabled"  # the bot was called where it is switched off


def judge(
    incoming: Incoming, channel: Channel, conversation: Conversation | None, *, is_asker: bool, now: datetime
) -> Verdict:
    """What to do with a message. `is_asker`: its author has asked in this conversation before."""
    is_called = incoming.is_explicit or incoming.is_mention or channel.kind == ChannelKind.DIRECT
    if not channel.is_enabled:
        return Verdict.DISABLED if is_called else Verdict.IGNORE
    if conversation is not None:
        return _in_conversation(incoming, conversation, is_called=is_called, is_asker=is_asker, now=now)
    if is_called:
        return Verdict.ASK
    is_new_post = channel.kind == ChannelKind.FORUM and incoming.thread_id == incoming.message_id
    if incoming.thread_id and not is_new_post:
        return Verdict.IGNORE  # people talk there
    if channel.mode == AnswerMode.ALL or (channel.mode == AnswerMode.QUESTIONS and looks_like_question(incoming.text)):
        return Verdict.ASK
    return Verdict.IGNORE


def _in_conversation(
    incoming: Incoming, conversation: Conversation, *, is_called: bool, is_asker: bool, now: datetime
) -> Verdict:
    if STOP.match(incoming.text) and not incoming.is_explicit:
        return Verdict.IGNORE if conversation.silenced_at else Verdict.STOP
    if incoming.is_explicit or incoming.is_mention:
        return Verdict.ASK
    if conversation.silenced_at is not None or _order(incoming.message_id) < _order(conversation.resumed_from):
        return Verdict.IGNORE  # the history may be read again after the silence
    if is_called:
        return Verdict.ASK
    if now - conversation.last_active_at > IDLE_AFTER:
        return Verdict.IGNORE
    return Verdict.ASK if is_asker else Verdict.TAKEN_OVER


def _order(message_id: str) -> tuple[int, str]:
    """Platforms count messages up; a longer number is a later one."""
    return len(message_id), message_id


def looks_like_question(text: str) -> bool:
    return bool(MAY_CARRY_A_QUESTION.search(text.strip()))
