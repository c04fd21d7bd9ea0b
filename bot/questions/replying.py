"""From a claimed question to its answer in the outbox, shown while it is written."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from bot import outbox
from bot.answers import asking, assigning, channel_rules, conversations
from bot.answers.answering import Answer, Writing, ended
from bot.answers.asking import Asked, QuestionError
from bot.answers.conversations import Delta
from bot.answers.prompts import Manner
from bot.answers.trace import Reach
from bot.messenger import DeliveryError, Live, Messenger
from bot.models import (
    Delivery,
    DeliveryKind,
    DeliveryState,
    Message,
    Outcome,
    Question,
    QuestionState,
    Speaker,
)
from bot.posts import presenting
from bot.posts.neutralising import neutral, settled
from bot.posts.post import Post, parts
from bot.questions import giving_up, receiving
from bot.questions.wishes import wants_person
from bot.team import escalations
from bot.voices import choosing
from bot.wording import phrases, speech
from foundation import connections, failpoints

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 4


class SupersededError(Exception):
    """The question was cancelled, or somebody else answers it by now: what was written here is dropped."""


@dataclass
class Reply:
    """The answer to one question as it takes shape. `delivery` is its first post, `live` the message it is shown in."""

    question: Question
    messenger: Messenger
    delivery: Delivery | None = None
    live: Live | None = None

    @property
    def is_shown(self) -> bool:
        """Whether the asker may watch it being written: not what only they may see, and no draft."""
        return not self.question.is_private and not self.question.channel.is_drafting


def reply(question: Question, messenger: Messenger) -> None:
    """Answer a claimed question and send the answer. Whoever calls keeps the lease from running out."""
    messenger.sign(question)
    failpoints.reach("worker.signed")
    told = Reply(question, messenger)
    try:
        if told.is_shown:
            _open(told)
        _keep_question(question)
        answer = _answer(told)
        failpoints.reach("answer.written")
        deliveries = _save(told, answer)
    except SupersededError:
        _withdraw(told)
        return
    failpoints.reach("save.committed")
    _send(told, deliveries)


def _open(told: Reply) -> None:
    """The first post of the answer, made before the answer is, so that a message it grows in is never forgotten."""
    question = told.question
    with transaction.atomic():  # nobody may see it waiting to be sent, as it says nothing yet
        delivery = outbox.add(question, DeliveryKind.ANSWER, Post(text=""))
        Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1, state=DeliveryState.STREAMING)
    delivery.refresh_from_db(fields=["attempts", "state", "message_id"])
    delivery.question = question
    told.delivery = delivery

    def keep(message_id: str) -> None:
        failpoints.reach("stream.begun")
        delivery.message_id = message_id
        mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=DeliveryState.STREAMING)
        if not mine.update(message_id=message_id):
            raise SupersededError  # another attempt may have taken this message for its own; if not, it is swept up
        failpoints.reach("stream.kept")
        connections.let_go()  # the words that come next take seconds

    if delivery.attempts == 1:
        told.live = told.messenger.begin(delivery, keep)


def _keep_question(question: Question) -> None:
    Message.objects.get_or_create(
        trace_id=question.trace_id,
        speaker=Speaker.ASKER,
        defaults={"conversation": question.conversation, "text": question.text},
    )
    failpoints.reach("worker.asked_kept")


def _answer(told: Reply) -> Answer:
    """What comes of the question: written, or no more than an outcome where nothing is to be written."""
    question, channel = told.question, told.question.channel
    begun = asking.begin(
        question.text,
        least_answerable=channel.least_answerable,
        manner=Manner(choosing.of(channel), channel.language),
        trace_id=question.trace_id,
    )
    asked = assigning.assign(replace(begun, spoken_to=speech.of(question)), question.conversation, channel)
    try:
        asking.check(question.text)
    except QuestionError as error:
        return ended(asked, Outcome.CLARIFY, asked.speech.say(error.phrase, **error.values))
    if question.attempts > MOST_ATTEMPTS:
        cause = question.error or "Every attempt to answer was cut short."
        return ended(asked, Outcome.PROVIDER_ERROR, error=cause)
    if wants_person(question.text):
        return ended(asked, Outcome.ESCALATED, asked.speech.say(phrases.HANDED_OFF) if channel.team_channel else "")
    return _write(told, asked)


def _write(told: Reply, asked: Asked) -> Answer:
    """Compose the answer, showing it as it is written."""
    question = told.question
    collections = channel_rules.searchable(question.channel, has_outsiders=_has_outsiders(told))
    Message.objects.filter(trace_id=asked.trace_id, speaker=Speaker.ASKER).update(
        trace=Reach(tuple(collections)).as_json()
    )
    writing = Writing(asked, conversations.history(question.conversation, collections), collections)
    for event in _events(writing):
        if told.live is not None and isinstance(event, Delta):
            _show(told.live, writing.text)
            if told.live.is_stopped:
                receiving.stop(question)
                raise SupersededError
    return writing.answer


def _events(writing: Writing) -> Iterator[conversations.Event]:
    """What `conversations.written` yields."""
    is_first = True
    for event in conversations.written(writing):
        if isinstance(event, Delta) and is_first:
            failpoints.reach("answer.first_words")
            is_first = False
        elif not isinstance(event, Delta):
            failpoints.reach("answer.searched")
        yield event


def _show(live: Live, text: str) -> None:
    """Show what can be judged already. Which passages it will cite is not known yet, so no link is shown."""
    ready = text[: settled(text)] if live.is_due else ""
    if ready.strip():
        live.show(neutral(ready, links=()))
        failpoints.reach("answer.half_shown")


def _has_outsiders(told: Reply) -> bool:
    """Who reads the channel is asked where it matters; whoever cannot be asked about may be anybody."""
    question = told.question
    if question.is_outsider:
        return True
    if not channel_rules.sees_internal(question.channel):
        return question.channel.has_outsiders
    try:
        return told.messenger.audience(question.channel).has_outsiders
    except DeliveryError as error:
        log.warning("Who reads %s is not known, so it sees public documents alone: %s", question.channel, error)
        return True


@transaction.atomic
def _save(told: Reply, answer: Answer) -> list[Delivery]:
    """The answer, its posts and the question's state, all or nothing. Raises SupersededError."""
    question = told.question
    mine = Question.objects.filter(pk=question.pk, state=QuestionState.ANSWERING, attempts=question.attempts)
    if not mine.update(state=QuestionState.DELIVERING, lease_until=None, error=answer.error[:1000]):
        raise SupersededError
    message = conversations.save(question.conversation, answer)
    failpoints.reach("save.message")
    Question.objects.filter(pk=question.pk).update(answer=message)
    question.answer = message
    deliveries = _enqueue(told, _post(question, message))
    failpoints.reach("save.deliveries")
    return deliveries


def _post(question: Question, message: Message) -> Post:
    """What the asker reads of an answer; what is for people is handed to them."""
    if message.outcome == Outcome.ESCALATED:
        escalations.open_asked(question)
    elif question.channel.is_drafting:
        escalations.draft(question, message)
        return Post(text=speech.of(question).say(phrases.DRAFTED))
    elif question.attempts > MOST_ATTEMPTS:
        escalations.open_dead(question)
    return presenting.answer(message, question)


def _enqueue(told: Reply, post: Post) -> list[Delivery]:
    """A delivery per part, the first of which may be on the screen already; ours for one lease."""
    question, messenger = told.question, told.messenger
    deliveries = []
    for number, part in enumerate(
        parts(post, characters=messenger.part_characters, measure=messenger.measure), start=1
    ):
        delivery = outbox.add(question, DeliveryKind.ANSWER, part, part=number)
        delivery.question = question
        delivery.channel = question.channel
        delivery.body = part.as_json()
        delivery.attempts = max(delivery.attempts, 1)
        delivery.state = DeliveryState.SENDING
        delivery.lease_until = timezone.now() + outbox.lease()
        delivery.save(update_fields=["body", "attempts", "state", "lease_until"])
        deliveries.append(delivery)
    return deliveries


def _send(told: Reply, deliveries: list[Delivery]) -> None:
    """Send the parts one after the other; what does not go through is the outbox's from here on."""
    claimed = time.monotonic()
    for delivery in deliveries:
        if delivery.part == 1 and told.live is not None and told.live.finish(Post.from_json(delivery.body)):
            failpoints.reach("delivery.posted")
            outbox.settle(delivery, delivery.message_id)
            continue
        if delivery.part == 1 and told.live is not None and told.live.is_uncertain:
            delivery.attempts += 1  # so that it is looked for first
            delivery.save(update_fields=["attempts"])
        if delivery.part > 1:
            failpoints.reach("delivery.part_two")
        giving_up.deliver(delivery, told.messenger, claimed=claimed)
        if not Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENT).exists():
            Delivery.objects.filter(question=told.question, part__gt=delivery.part, kind=DeliveryKind.ANSWER).update(
                state=DeliveryState.WAITING, lease_until=None
            )
            return


def _withdraw(told: Reply) -> None:
    """Nobody wants the answer any more: take the message away that it was growing in, unless the asker stopped it."""
    question = Question.objects.get(pk=told.question.pk)
    delivery = told.delivery
    if question.state != QuestionState.CANCELLED or delivery is None:
        return  # another attempt goes on with it
    if question.error == receiving.STOPPED:
        Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.SENT, sent_at=Now())
        return
    if told.live is not None:
        told.live.finish(Post(text=speech.of(question).say(phrases.DELETED)))
    if delivery.message_id:
        _take_back(told.messenger, delivery)
    Delivery.objects.filter(pk=delivery.pk).update(state=DeliveryState.SENT, sent_at=Now())


def _take_back(messenger: Messenger, delivery: Delivery) -> None:
    try:
        messenger.delete(delivery.channel, delivery.message_id, thread_id=delivery.thread_id)
    except DeliveryError as error:
        log.warning("%s could not be taken back: %s", delivery, error)
