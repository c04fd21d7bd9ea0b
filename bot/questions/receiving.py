"""What comes in from a platform becomes rows here, before the platform is told that it arrived."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from bot import outbox
from bot.messenger import Incoming
from bot.models import (
    Channel,
    ChannelKind,
    Conversation,
    Delivery,
    DeliveryKind,
    Platform,
    Question,
    QuestionState,
    Receipt,
    Speaker,
    Workspace,
)
from bot.posts.post import Post
from bot.questions import addressing
from bot.questions.addressing import Verdict
from bot.questions.solving import is_settled
from bot.team import talking
from bot.wording import phrases, smalltalk, speech
from bot.wording.phrases import Phrase
from foundation import failpoints
from foundation.text import clean
from llm import client

WAITING_PER_ASKER = 10
PER_MINUTE = 10
SPACING = timedelta(seconds=2)  # how far each waiting question of a person moves their next one down the queue
TOLD_AGAIN_AFTER = timedelta(minutes=1)
STOPPED = "The asker stopped it."


@dataclass(frozen=True)
class Reception:
    """What became of a message. `is_new` is False for a question that was known already."""

    verdict: Verdict
    question: Question | None = None
    is_new: bool = False


@dataclass(frozen=True)
class Notice:
    """What an asker is told whose message is not answered from the documents."""

    phrase: Phrase
    values: dict[str, int] = field(default_factory=dict)
    language: str = ""

    def to(self, question: Question) -> Post:
        """In the language of the channel, else that which was spoken."""
        spoken = speech.of(question)
        if self.language and not question.channel.language:
            spoken = replace(spoken, language=self.language)
        return Post(text=spoken.say(self.phrase, **self.values))


def receive(incoming: Incoming) -> Reception:
    """Keep a message if it is a question to the bot; when this returns it is safe to acknowledge it."""
    with transaction.atomic():
        failpoints.reach("inbox.begun")
        reception = _receive(incoming)
    failpoints.reach("inbox.committed")
    return reception


def _receive(incoming: Incoming) -> Reception:
    now = timezone.now()
    channel = _channel(incoming)
    if _is_heard(channel, incoming):
        return Reception(Verdict.IGNORE)
    conversation = _conversation(channel, incoming, now)
    is_asker = conversation is not None and not incoming.is_mention and _has_asked(conversation, incoming.author)
    verdict = addressing.judge(incoming, channel, conversation, is_asker=is_asker, now=now)
    if verdict in (Verdict.ASK, Verdict.TAKEN_OVER):
        verdict = _to_small_talk(incoming, channel, conversation, verdict)
    if verdict == Verdict.IGNORE:
        return Reception(verdict)
    if not _is_first(_key(incoming, verdict)):
        known = Question.objects.filter(channel=channel, message_id=incoming.message_id).first()
        return Reception(verdict, known)
    if verdict == Verdict.TAKEN_OVER:
        if conversation is not None:
            silence(conversation)
        return Reception(verdict)
    return _keep(incoming, channel, conversation, verdict, now)


def _note_activity(question: Question, verdict: Verdict, now: datetime) -> None:
    """A question wakes a conversation that was silent; what was said there meanwhile stays unanswered."""
    mine = Conversation.objects.filter(pk=question.conversation_id)
    if verdict == Verdict.STOP:
        mine.update(last_active_at=now, silenced_at=now)
        return
    if verdict == Verdict.SMALL_TALK:
        return
    mine.exclude(silenced_at=None).update(silenced_at=None, resumed_from=question.message_id)
    mine.update(last_active_at=now)


def _to_small_talk(
    incoming: Incoming, channel: Channel, conversation: Conversation | None, verdict: Verdict
) -> Verdict:
    """What becomes of a message to be judged so: a word back where small talk is made with the bot and wants one."""
    talk = smalltalk.heard(incoming.text)
    if talk is None or incoming.is_explicit or (talk.reply is None and _was_asked_back(conversation)):
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
    if hear is not None and _is_first(key):
        hear()
    return hear is not None


def _keep(
    incoming: Incoming, channel: Channel, conversation: Conversation | None, verdict: Verdict, now: datetime
) -> Reception:
    """Insert the question, or find that another delivery of the same message was here first."""
    waiting = _waiting(incoming)
    refusal = _refusal(incoming, channel, verdict, waiting, now)
    question, is_new = Question.objects.get_or_create(
        channel=channel,
        message_id=incoming.message_id,
        defaults={
            "platform": incoming.platform,
            "conversation": conversation or _new_conversation(channel, incoming),
            "asker": incoming.author,
            "asker_name": incoming.author_name,
            "author": incoming.written_by,
            "is_outsider": incoming.is_outsider,
            "text": clean(incoming.text).strip(),
            "unread": list(incoming.unread),
            "is_private": incoming.is_private,
            "reply_token": incoming.reply_token,
            "reply_until": incoming.reply_until,
            "state": QuestionState.REFUSED if refusal else QuestionState.WAITING,
            "trace_id": client.new_trace_id(),
            "asked_at": incoming.asked_at or now,
            "ranked_at": now + SPACING * waiting,
        },
    )
    failpoints.reach("inbox.question_inserted")
    Receipt.objects.filter(key=incoming.delivery_key).update(question=question)
    if not is_new:
        return Reception(verdict, question)
    _note_activity(question, verdict, now)
    talking.note_question(question)
    is_asked = verdict != Verdict.ASK or incoming.is_explicit
    if refusal and (is_asked or not _was_told(incoming, now)):
        outbox.add(question, DeliveryKind.NOTICE, refusal.to(question))
    outbox.wake()
    return Reception(verdict, question, is_new=True)


def known(channel: Channel, message_ids: list[str]) -> set[str]:
    """Which of these messages are questions that were received."""
    return set(
        Question.objects.filter(channel=channel, message_id__in=message_ids).values_list("message_id", flat=True)
    )


def change(platform: Platform, workspace: str, channel: str, message_id: str, text: str) -> bool:
    """The message was edited: a question nobody has begun to answer asks the new words. Whether it is a question."""
    found = _questions(platform, workspace, channel, message_id)
    found.filter(state=QuestionState.WAITING).update(text=clean(text).strip())
    return found.exists()


def cancel(platform: Platform, workspace: str, channel: str, message_id: str) -> None:
    """The message was deleted: it is not answered any more. An answer that is posted already stays."""
    _questions(platform, workspace, channel, message_id).filter(
        state__in=[QuestionState.WAITING, QuestionState.ANSWERING]
    ).update(state=QuestionState.CANCELLED, finished_at=timezone.now())


def stop(question: Question) -> None:
    """The asker has read enough: what is shown stays, and nothing is added."""
    Question.objects.filter(pk=question.pk, state__in=[QuestionState.WAITING, QuestionState.ANSWERING]).update(
        state=QuestionState.CANCELLED, finished_at=timezone.now(), error=STOPPED
    )


def stop_posts(platform: Platform, workspace: str, channel: str, message_ids: Iterable[str]) -> None:
    """As `stop`, by the messages that the answers are written in."""
    posts = Delivery.objects.filter(
        channel__in=Channel.objects.of(platform, workspace, channel), message_id__in=list(message_ids)
    )
    for post in posts.select_related("question"):
        stop(post.question)


def silence(conversation: Conversation) -> None:
    """Keep the bot out of a conversation until somebody mentions it; what was not begun yet is not answered."""
    Conversation.objects.filter(pk=conversation.pk).update(silenced_at=timezone.now())
    conversation.questions.filter(state=QuestionState.WAITING).update(
        state=QuestionState.CANCELLED, finished_at=timezone.now()
    )


def _questions(platform: Platform, workspace: str, channel: str, message_id: str) -> QuerySet[Question]:
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
    if changed:
        Channel.objects.filter(pk=found.pk).update(**changed)
        for name, value in changed.items():
            setattr(found, name, value)
    return found


def _conversation(channel: Channel, incoming: Incoming, now: datetime) -> Conversation | None:
    """The conversation that a message belongs to, if it has begun; a direct chat without threads is one until idle."""
    if incoming.is_private:
        return None
    found = Conversation.objects.filter(channel=channel)
    if incoming.thread_id:
        return found.filter(thread_id=incoming.thread_id).first()
    if incoming.is_threaded or channel.kind != ChannelKind.DIRECT:
        return None
    return found.filter(last_active_at__gt=now - addressing.IDLE_AFTER).order_by("-last_active_at").first()


def _new_conversation(channel: Channel, incoming: Incoming) -> Conversation:
    if incoming.is_private:
        return Conversation.objects.create(platform=incoming.platform, channel=channel)
    conversation, _ = Conversation.objects.get_or_create(
        channel=channel,
        thread_id=incoming.thread_id or incoming.message_id,
        defaults={"platform": incoming.platform},
    )
    return conversation


def _has_asked(conversation: Conversation, author: str) -> bool:
    """Or wrote what somebody else asked about."""
    return conversation.questions.filter(Q(asker=author) | Q(author=author)).exists()


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


def _waiting(incoming: Incoming) -> int:
    return Question.objects.filter(
        platform=incoming.platform, asker=incoming.author, state=QuestionState.WAITING
    ).count()  # fmt: skip


def _refusal(incoming: Incoming, channel: Channel, verdict: Verdict, waiting: int, now: datetime) -> Notice | None:
    """What is said in place of an answer; None where there is to be one."""
    if verdict == Verdict.STOP:
        return Notice(phrases.STOPPED)
    if verdict == Verdict.DISABLED:
        return Notice(phrases.DISABLED)
    if verdict == Verdict.SMALL_TALK and (talk := smalltalk.heard(incoming.text)):
        return Notice(talk.reply or phrases.WELCOME, language=talk.language)
    asked = Question.objects.filter(
        platform=incoming.platform, asker=incoming.author, created_at__gt=now - timedelta(days=1)
    ).exclude(state=QuestionState.REFUSED)
    counted = asked.aggregate(
        day=Count("pk"),
        minute=Count("pk", filter=Q(created_at__gt=now - timedelta(minutes=1))),
    )
    if counted["day"] >= channel.daily_limit:
        return Notice(phrases.DAILY_LIMIT, {"limit": channel.daily_limit})
    if counted["minute"] >= PER_MINUTE or waiting >= WAITING_PER_ASKER:
        return Notice(phrases.TOO_FAST)
    return None


def _was_told(incoming: Incoming, now: datetime) -> bool:
    """Whether the author was refused and told so a moment ago; saying it each time would only add to the noise."""
    return Delivery.objects.filter(
        kind=DeliveryKind.NOTICE,
        question__platform=incoming.platform,
        question__asker=incoming.author,
        created_at__gt=now - TOLD_AGAIN_AFTER,
    ).exists()
