"""What stands around a question where it was asked: read from the platform once, bounded, and kept with it."""

import logging
from dataclasses import dataclass, replace

from bot.answers import trace
from bot.messenger import DeliveryError, Messenger
from bot.models import Message, Outcome, Question, Speaker
from bot.surroundings import utterances
from bot.surroundings.utterances import Utterance

log = logging.getLogger(__name__)

ASKS = "{name} (who asks)"


@dataclass(frozen=True)
class Around:
    """What was found. `is_unread`: there was something, and the platform did not give it."""

    found: tuple[Utterance, ...] = ()
    is_unread: bool = False


def look(question: Question, messenger: Messenger) -> Around:
    """What people wrote before a question in its thread, and what it came with. Without what the conversation tells
    anyway: the questions that were answered, and the answers."""
    kept = _kept(question)
    if kept:
        return Around(kept)
    quoted = utterances.read(question.quoted)
    try:
        thread = _thread(question, messenger)
        replied = _replied(question, messenger)
    except DeliveryError as error:
        log.warning("Question %s is answered without what stands around it: %s", question.pk, error)
        return Around(quoted, is_unread=not quoted)
    known = {each.message_id for each in (*replied, *quoted) if each.message_id}
    found = (*(each for each in thread if each.message_id not in known), *replied, *quoted)
    return Around(tuple(_named(each, question) for each in found))


def _kept(question: Question) -> tuple[Utterance, ...]:
    """As an earlier attempt read it, so that all of them ask the same."""
    asked = Message.objects.filter(trace_id=question.trace_id, speaker=Speaker.ASKER).first()
    return trace.reach(asked).surroundings if asked else ()


def _thread(question: Question, messenger: Messenger) -> tuple[Utterance, ...]:
    if question.read_thread in ("", question.message_id):
        return ()
    written = messenger.thread(question.channel, question.read_thread, question.message_id)
    answered = question.conversation.questions.filter(answer__outcome=Outcome.ANSWERED)
    told = set(answered.values_list("message_id", flat=True))
    return utterances.bounded([each for each in written if each.message_id not in told and each.text.strip()])


def _replied(question: Question, messenger: Messenger) -> tuple[Utterance, ...]:
    if not question.replies_to:
        return ()
    found = messenger.replied(question.channel, question.replies_to)
    return utterances.bounded([replace(found, is_quoted=True)], has_first=False) if found else ()


def _named(each: Utterance, question: Question) -> Utterance:
    """Whoever asks is told from the others."""
    if each.author != question.asker:
        return each
    return replace(each, name=ASKS.format(name=each.name or utterances.SOMEBODY))
