"""Which messages are questions to the bot. Pure.

A message is judged by when it was said, not by when it is read: what is read again in the history, or comes late, is
held against what the conversation was then.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.inbox.passing import is_passing
from bot.inbox.question_words import looks_like_question
from bot.messenger import Incoming
from bot.models import AnswerMode, Channel, ChannelKind, Conversation

IDLE_AFTER = timedelta(hours=24)  # a conversation nobody went on with; then it takes a mention again
STOP = re.compile(r"^\W*(please\s+)?(stop|be quiet|shut up|silence|stopp|arrête|para)\W*$", re.IGNORECASE)


class Verdict(StrEnum):
    ASK = "ask"
    IGNORE = "ignore"
    STOP = "stop"  # somebody wants the bot to be silent here
    TAKEN_OVER = "taken_over"  # a person answers here, so the bot is silent from now on
    SMALL_TALK = "small_talk"  # thanks or a greeting, which is answered in a word or not at all
    DISABLED = "disabled"  # the bot was called where it is switched off


@dataclass(frozen=True)
class Relation:
    """How a message stands to its conversation: when it was said, and whether its author belongs to it by then."""

    at: datetime
    is_party: bool = False


def judge(incoming: Incoming, channel: Channel, conversation: Conversation | None, relation: Relation) -> Verdict:
    """What to do with a message."""
    is_called = is_calling(incoming, channel)
    if not channel.is_enabled:
        return Verdict.DISABLED if is_called else Verdict.IGNORE
    if conversation is not None:
        return _in_conversation(incoming, conversation, relation, is_called=is_called)
    if is_called:
        return Verdict.ASK
    is_new_post = channel.kind == ChannelKind.FORUM and incoming.thread_id == incoming.message_id
    if incoming.thread_id and not is_new_post:
        return Verdict.IGNORE  # people talk there
    if channel.mode_since is not None and relation.at < channel.mode_since:
        return Verdict.IGNORE
    if channel.mode == AnswerMode.ALL or (channel.mode == AnswerMode.QUESTIONS and looks_like_question(incoming.text)):
        return Verdict.ASK
    return Verdict.IGNORE


def is_calling(incoming: Incoming, channel: Channel) -> bool:
    """Whether there is no doubt that it is for the bot."""
    return incoming.is_explicit or incoming.is_mention or channel.kind == ChannelKind.DIRECT


def _in_conversation(incoming: Incoming, conversation: Conversation, relation: Relation, *, is_called: bool) -> Verdict:
    is_heard = not conversation.is_silent_at(relation.at) and not _is_before(conversation, relation.at)
    if STOP.match(incoming.text) and not incoming.is_explicit:
        return Verdict.STOP if is_heard else Verdict.IGNORE
    if incoming.is_explicit or incoming.is_mention:
        return Verdict.ASK
    if not is_heard:
        return Verdict.IGNORE
    if is_called:
        return Verdict.ASK
    if relation.at - conversation.last_active_at > IDLE_AFTER:
        return Verdict.IGNORE
    if relation.is_party:
        return Verdict.ASK
    return Verdict.IGNORE if adds_nothing(incoming) else Verdict.TAKEN_OVER


def _is_before(conversation: Conversation, moment: datetime) -> bool:
    """Whether something was said before the conversation began, where others talked before."""
    return conversation.begun_at is not None and moment < conversation.begun_at


def adds_nothing(incoming: Incoming) -> bool:
    """Whether it is said in passing: it neither asks nor answers."""
    return not incoming.unread and not incoming.quoted and is_passing(incoming.text)
