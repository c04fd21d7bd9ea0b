"""What comes in from a platform becomes rows here, before the platform is told that it arrived."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bot import outbox
from bot.inbox import addressing, refusing
from bot.inbox.addressing import Relation, Verdict
from bot.inbox.solving import is_settled
from bot.messenger import Incoming
from bot.models import (
    OPEN,
    Channel,
    ChannelKind,
    Conversation,
    Delivery,
    DeliveryKind,
    Message,
    Platform,
    Question,
    QuestionState,
    Receipt,
    Speaker,
    Workspace,
)
from bot.models.questions import QuestionQuerySet
from bot.posts.neutralising import neutral
from bot.posts.post import Post
from bot.surroundings import pointing, utterances
from bot.team import talking
from bot.wording import phrases, smalltalk, speech
from foundation import failpoints
from foundation.text import clean
from llm import client

SPACING = timedelta(seconds=2)  # how far each waiting question of a person moves their next one down the queue
SAID_WITHIN = timedelta(hours=1)  # of the last question, that the bot says when it stays out
CHANGED_PART, JOINED_PART = 97, outbox.AFTERWARDS  # of the notices to one question; 99 is that of giving_up
NAME_CHARACTERS = 200
STOPPED = "The asker stopped it."
SILENCED = "It was said after the bot was to be silent, which was not known yet."


@dataclass(frozen=True)
class Reception:
    """What became of a message. `is_new` is False for a question that was known already."""

    verdict: Verdict
    question: Question | None = None
    is_new: bool = False


def receive(incoming: Incoming) -> Reception:
    """Keep a message if it is a question to the bot; when this returns it is safe to acknowledge it."""
    fit = replace(
        incoming,
        text=clean(incoming.text),
        author_name=clean(incoming.author_name)[:NAME_CHARACTERS],
        channel_name=clean(incoming.channel_name)[:NAME_CHARACTERS],
        unread=tuple(map(clean, incoming.unread)),
    )
    with transaction.atomic():
        failpoints.reach("inbox.begun")
        reception = _receive(fit)
    failpoints.reach("inbox.committed")
    return reception


def _receive(incoming: Incoming) -> Reception:
    now = timezone.now()
    channel = _channel(incoming)
    if _is_heard(channel, incoming):
        return Reception(Verdict.IGNORE)
    at = incoming.asked_at or now
    incoming, conversation = _addressed(incoming, channel, at)
    verdict = addressing.judge(incoming, channel, conversation, _relation(incoming, conversation, at))
    if verdict in (Verdict.ASK, Verdict.TAKEN_OVER):
        verdict = _to_small_talk(incoming, channel, conversation, verdict)
    if verdict == Verdict.IGNORE:
        return Reception(verdict)
    if not _is_first(_key(incoming, verdict)):
        known = Question.objects.filter(channel=channel, message_id=incoming.message_id).first()
        return Reception(verdict, known)
    if conversation is not None and verdict in (Verdict.TAKEN_OVER, Verdict.STOP) and _was_ended(conversation, at):
        return Reception(Verdict.IGNORE)
    if verdict == Verdict.TAKEN_OVER:
        if conversation is not None:
            _stay_out(conversation, incoming, at)
        return Reception(verdict)
    return _keep(incoming, channel, conversation, verdict, at)


def _relation(incoming: Incoming, conversation: Conversation | None, at: datetime) -> Relation:
    if conversation is None or incoming.is_mention:
        return Relation(at)
    asked = conversation.questions.filter(asked_at__lte=at)
    is_party = asked.filter(Q(asker=incoming.author) | Q(pointed_author=incoming.author)).exists()
    return Relation(at, is_party)


def _was_ended(conversation: Conversation, at: datetime) -> bool:
    """Whether a silence that begins at a moment is over, as somebody called the bot since. Either way nobody wants what
    went on without a call meanwhile and is not begun."""
    later = conversation.questions.filter(asked_at__gt=at).exclude(state=QuestionState.REFUSED).order_by("asked_at")
    call = later.filter(is_called=True).first()
    meanwhile = later.filter(asked_at__lt=call.asked_at) if call else later
    meanwhile.filter(is_called=False, state=QuestionState.WAITING).cancel(SILENCED)
    if call is not None:
        kept = Conversation.objects.select_for_update().get(pk=conversation.pk)
        kept.was_silent(at, call.asked_at)
        kept.save(update_fields=["past_silences"])
    return call is not None


def _stay_out(conversation: Conversation, incoming: Incoming, at: datetime) -> None:
    """A person answers: the bot is silent from then on, and says so to whoever asked, once a conversation."""
    known = Conversation.objects.filter(pk=conversation.pk)
    if not known.filter(silenced_at=None).update(silenced_at=at, silenced_by=incoming.author):
        known.filter(silenced_at__gt=at).update(silenced_at=at)
    is_fresh = at - conversation.last_active_at < SAID_WITHIN
    last = conversation.questions.order_by("-id").first()
    said = Delivery.objects.filter(
        question__conversation=conversation, kind=DeliveryKind.NOTICE, part=JOINED_PART
    )  # fmt: skip
    if last is not None and is_fresh and not said.exists():
        spoken = speech.of(last)
        name = neutral(incoming.author_name, links=()) or spoken.say(phrases.SOMEBODY)
        outbox.add(last, DeliveryKind.NOTICE, Post(text=spoken.say(phrases.JOINED, name=name)), part=JOINED_PART)


def _note_activity(question: Question, verdict: Verdict, *, is_called: bool) -> None:
    """A call wakes a conversation that was silent; what was said there meanwhile stays unanswered."""
    conversation = Conversation.objects.select_for_update().get(pk=question.conversation_id)
    at = question.asked_at
    if verdict == Verdict.STOP:
        conversation.silenced_at = min(conversation.silenced_at or at, at)
    elif is_called:
        conversation.wake(at, addressing.IDLE_AFTER)
        if conversation.silenced_by == question.asker:  # who had asked before, which was not known yet: they go on
            conversation.silenced_at, conversation.silenced_by = None, ""
    conversation.last_active_at = max(conversation.last_active_at, at)
    conversation.save(update_fields=["silenced_at", "silenced_by", "past_silences", "begun_at", "last_active_at"])


def _to_small_talk(
    incoming: Incoming, channel: Channel, conversation: Conversation | None, verdict: Verdict
) -> Verdict:
    """What becomes of a message to be judged so: a word back where small talk is made with the bot and wants one."""
    talk = smalltalk.heard(incoming.text)
    if talk is None or incoming.is_explicit or (talk.reply is None and _was_asked_back(conversation)):
        return verdict
    if talk.reply == phrases.HELP and incoming.is_mention and (incoming.thread_id or incoming.replies_to):
        return verdict  # with what stands there
    if verdict == Verdict.TAKEN_OVER and talk.decides:
        return verdict
    is_to_bot = incoming.is_mention or channel.kind == ChannelKind.DIRECT or conversation is not None
    return Verdict.SMALL_TALK if talk.reply and is_to_bot and verdict == Verdict.ASK else Verdict.IGNORE


def _was_asked_back(conversation: Conversation | None) -> bool:
    """Whether the last answer ended in a question, to which "yes" is an answer."""
    if conversation is None:
        return False
    last = conversation.messages.filter(speaker=Speaker.BOT).order_by("-id").values_list("text", flat=True).first()
    return (last or "").rstrip().endswith(("?", "\uff1f"))


def _is_heard(channel: Channel, incoming: Incoming) -> bool:
    """Whether a message belongs to the talk between an asker and the team; it is passed on once."""
    is_chat = channel.kind == ChannelKind.DIRECT and not incoming.is_threaded
    if incoming.is_mention or incoming.is_explicit or not (incoming.thread_id or is_chat):
        return False
    key = f"heard:{incoming.workspace}:{incoming.channel}:{incoming.message_id}"
    if Receipt.objects.filter(key=key).exists():
        return True
    hear = talking.ear(channel, incoming, is_solved=is_settled(incoming.text))
    if hear is None or known(channel, [incoming.message_id]):
        return False  # what was asked of the bot before people had it may be delivered again
    if _is_first(key):
        hear()
    return True


def _keep(
    incoming: Incoming, channel: Channel, conversation: Conversation | None, verdict: Verdict, at: datetime
) -> Reception:
    """Insert the question, or find that another delivery of the same message was here first."""
    refusal = refusing.refusal(incoming, channel, verdict, at)
    is_called = addressing.is_calling(incoming, channel)
    question, is_new = Question.objects.get_or_create(
        channel=channel,
        message_id=incoming.message_id,
        defaults={
            "platform": incoming.platform,
            "conversation": conversation or _new_conversation(channel, incoming, at),
            "asker": incoming.author,
            "asker_name": incoming.author_name,
            "is_outsider": incoming.is_outsider,
            "unread": list(incoming.unread),
            "is_called": is_called,
            **_asked(incoming),
            "is_private": incoming.is_private,
            "reply_token": incoming.reply_token,
            "reply_until": incoming.reply_until,
            "state": QuestionState.REFUSED if refusal else QuestionState.WAITING,
            "trace_id": client.new_trace_id(),
            "asked_at": at,
            "ranked_at": timezone.now() + SPACING * refusing.waiting(incoming).count(),
        },
    )
    failpoints.reach("inbox.question_inserted")
    Receipt.objects.filter(key=incoming.delivery_key).update(question=question)
    if not is_new:
        return Reception(verdict, question)
    if verdict != Verdict.SMALL_TALK:
        _note_activity(question, verdict, is_called=is_called)
    talking.note_question(question)
    if refusal and refusing.is_told(incoming, is_called=is_called or verdict != Verdict.ASK):
        outbox.add(question, DeliveryKind.NOTICE, refusal.to(question))
    outbox.wake()
    return Reception(verdict, question, is_new=True)


def _asked(incoming: Incoming) -> dict[str, Any]:
    """The words of a question, and what belongs to it. What was forwarded without a word is itself the question; a call
    without one, in a thread, points at what stands there."""
    text = incoming.text.strip()
    quoted = [replace(each, text=clean(each.text).strip()) for each in incoming.quoted]
    author = "" if incoming.pointed_author == incoming.author else incoming.pointed_author
    if not text and quoted:
        author = author or next((each.author for each in quoted if each.author != incoming.author), "")
        text, quoted = "\n\n".join(each.text for each in utterances.bounded(quoted)), []
    read_thread = incoming.asked_in or (incoming.thread_id if incoming.is_explicit or incoming.is_mention else "")
    if not text and read_thread and not incoming.unread:
        text = pointing.ABOVE
    return {
        "text": text,
        "quoted": [each.as_json() for each in utterances.bounded(quoted, has_first=False)],
        "read_thread": read_thread,
        "replies_to": incoming.replies_to,
        "pointed_author": author,
    }


def known(channel: Channel, message_ids: list[str]) -> set[str]:
    """Which of these messages are questions that were received."""
    return set(
        Question.objects.filter(channel=channel, message_id__in=message_ids).values_list("message_id", flat=True)
    )


def change(platform: Platform, workspace: str, channel: str, message_id: str, text: str) -> bool:
    """The message was edited: a question whose answer is not begun asks the new words, else its asker is told that they
    come too late. Whether it is a question."""
    words = clean(text).strip()
    with transaction.atomic():
        found = _questions(platform, workspace, channel, message_id).select_for_update(of=("self",)).first()
        if found is None:
            return False
        if found.state == QuestionState.WAITING or (found.state == QuestionState.ANSWERING and not is_begun(found)):
            Question.objects.filter(pk=found.pk).update(text=words)
        elif found.state in OPEN and _in_letters(words) != _in_letters(found.text):
            said = speech.of(found).say(phrases.CHANGED_TOO_LATE)
            outbox.add(found, DeliveryKind.NOTICE, Post(text=said), part=CHANGED_PART)
    return True


def is_begun(question: Question) -> bool:
    """Whether the words of a question were taken to be answered."""
    return Message.objects.filter(trace_id=question.trace_id, speaker=Speaker.ASKER).exists()


def _in_letters(text: str) -> str:
    """Without what an edit may change and mean nothing by: capitals, blanks, punctuation."""
    return "".join(sign for sign in text.casefold() if sign.isalnum())


def cancel(platform: Platform, workspace: str, channel: str, message_id: str) -> None:
    """The message was deleted: it is not answered any more. An answer that is posted already stays, and what says that
    it waits is swept up."""
    begun = [QuestionState.WAITING, QuestionState.ANSWERING]
    _questions(platform, workspace, channel, message_id).filter(state__in=begun).cancel()


def stop(question: Question) -> None:
    """The asker has read enough: what is shown stays, and nothing is added."""
    Question.objects.filter(pk=question.pk, state__in=[QuestionState.WAITING, QuestionState.ANSWERING]).cancel(STOPPED)


def stop_posts(platform: Platform, workspace: str, channel: str, message_ids: Iterable[str]) -> None:
    """As `stop`, by the messages that the answers are written in."""
    posts = Delivery.objects.filter(
        channel__in=Channel.objects.of(platform, workspace, channel), message_id__in=list(message_ids)
    )
    for post in posts.select_related("question"):
        stop(post.question)


def _questions(platform: Platform, workspace: str, channel: str, message_id: str) -> QuestionQuerySet:
    return Question.objects.filter(
        channel__in=Channel.objects.of(platform, workspace, channel), message_id=message_id
    )  # fmt: skip


def _channel(incoming: Incoming) -> Channel:
    """The row of the channel, made on first sight: enabled, on mention, public collections alone."""
    found = (
        Channel.objects.of(incoming.platform, incoming.workspace, incoming.channel).select_related("workspace").first()
    )
    if found is None:
        workspace, _ = Workspace.objects.get_or_create(
            platform=incoming.platform, external_id=incoming.workspace
        )  # fmt: skip
        found, _ = Channel.objects.get_or_create(
            workspace=workspace,
            external_id=incoming.channel,
            defaults={"name": incoming.channel_name, "kind": incoming.kind, "cursor_at": timezone.now()},
        )
    changed = {
        name: value
        for name, value in (("name", incoming.channel_name), ("has_outsiders", incoming.has_outsiders))
        if value not in ("", None) and getattr(found, name) != value
    }
    if incoming.kind == ChannelKind.GROUP and found.kind == ChannelKind.CHANNEL:
        # A mention does not tell that its channel is a private one; the message does.
        changed["kind"] = ChannelKind.GROUP
    if changed:
        Channel.objects.filter(pk=found.pk).update(**changed)
        for name, value in changed.items():
            setattr(found, name, value)
    return found


def _addressed(incoming: Incoming, channel: Channel, at: datetime) -> tuple[Incoming, Conversation | None]:
    """A message with the conversation that it belongs to. A reply to an answer outside of threads names the bot, as a
    mention does, and goes on with what it answers."""
    post = None if incoming.thread_id else Delivery.objects.shown(channel, incoming.replies_to)
    if post is None or addressing.adds_nothing(incoming):
        return incoming, _conversation(channel, incoming, at)
    going_on = None if post.question.is_private else post.question.conversation
    return replace(incoming, is_mention=True), going_on or _conversation(channel, incoming, at)


def _conversation(channel: Channel, incoming: Incoming, at: datetime) -> Conversation | None:
    """The conversation that a message belongs to, if it has begun; a direct chat without threads is one until idle."""
    if incoming.is_private:
        return None
    found = Conversation.objects.filter(channel=channel)
    if incoming.thread_id:
        return found.filter(thread_id=incoming.thread_id).first()
    if incoming.is_threaded or channel.kind != ChannelKind.DIRECT:
        return None
    return found.filter(last_active_at__gt=at - addressing.IDLE_AFTER).order_by("-last_active_at").first()


def _new_conversation(channel: Channel, incoming: Incoming, at: datetime) -> Conversation:
    """One that begins now: what others said in its thread before is not for the bot. In direct messages all is."""
    if incoming.is_private:
        return Conversation.objects.create(platform=incoming.platform, channel=channel)
    conversation, _ = Conversation.objects.get_or_create(
        channel=channel,
        thread_id=incoming.thread_id or incoming.message_id,
        defaults={
            "platform": incoming.platform,
            "begun_at": None if channel.kind == ChannelKind.DIRECT else at,
            "last_active_at": at,
        },
    )
    return conversation


def _is_first(key: str) -> bool:
    """Whether this delivery was not acted on before; marks it."""
    _, is_first = Receipt.objects.get_or_create(key=key)
    failpoints.reach("inbox.receipt_inserted")
    return is_first


def _key(incoming: Incoming, verdict: Verdict) -> str:
    """What makes a delivery known. Who takes over does so once, though the message may be read again in the history."""
    if verdict == Verdict.TAKEN_OVER:
        return f"message:{incoming.platform}:{incoming.workspace}:{incoming.channel}:{incoming.message_id}"
    return incoming.delivery_key
