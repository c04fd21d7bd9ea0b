"""What stands around a question where it was asked: read from the platform once, bounded, and kept with it."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import Q

from bot.answers import trace
from bot.messenger import DeliveryError, Messenger
from bot.models import Delivery, DeliveryKind, Message, Outcome, Question, Speaker
from bot.surroundings import utterances
from bot.surroundings.utterances import Utterance

log = logging.getLogger(__name__)

ASKS = "{name} (who asks)"
TEAM, SHARED, OURS = "The team", "An answer that was shared", "An answer of the bot"
NAMES = {DeliveryKind.HUMAN: TEAM, DeliveryKind.SHARED: SHARED, DeliveryKind.ANSWER: OURS}
PEOPLES = (DeliveryKind.HUMAN, DeliveryKind.SHARED)


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
    said = [each for each in written if each.message_id not in told and each.text.strip()]
    return utterances.bounded(sorted([*said, *_posted(question)], key=lambda each: _order(each.message_id)))


def _posted(question: Question) -> Iterator[Utterance]:
    """What the bot posted there for people, which is no answer of this conversation: words of the team, and answers
    that their askers have shared."""
    posts = Delivery.objects.filter(channel=question.channel, kind__in=PEOPLES, created_at__lt=question.created_at)
    here = posts.filter(Q(thread_id=question.read_thread) | Q(message_id=question.read_thread)).exclude(message_id="")
    yield from map(_said, here.select_related("question").order_by("id"))


def _said(post: Delivery) -> Utterance:
    """What a post of ours says. An answer goes with its asker when they are erased."""
    author = "" if post.kind == DeliveryKind.HUMAN else post.question.asker
    return Utterance(str(post.body.get("text", "")), author, NAMES[DeliveryKind(post.kind)], post.message_id)


def _order(message_id: str) -> tuple[int, str]:
    """Platforms count messages up; a longer number is a later one, and what has none came first."""
    return len(message_id), message_id


def _replied(question: Question, messenger: Messenger) -> tuple[Utterance, ...]:
    if not question.replies_to:
        return ()
    post = Delivery.objects.shown(question.channel, question.replies_to)
    if post is not None and post.question.conversation_id == question.conversation_id:
        return ()
    found = _said(post) if post else messenger.replied(question.channel, question.replies_to)
    return utterances.bounded([replace(found, is_quoted=True)], has_first=False) if found and found.text.strip() else ()


def _named(each: Utterance, question: Question) -> Utterance:
    """Whoever asks is told from the others."""
    if each.author != question.asker or each.name in (SHARED, OURS):
        return each
    return replace(each, name=ASKS.format(name=each.name or utterances.SOMEBODY))
