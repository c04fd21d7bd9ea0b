"""From a claimed question to its answer in the outbox, shown while it is written."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import NoReturn

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from bot import outbox
from bot.answers import asking, channel_rules, conversations
from bot.answers.answered import Answer, ended
from bot.answers.answering import Writing
from bot.answers.asking import Asked, QuestionError
from bot.answers.conversations import Delta, Retrieved
from bot.answers.prompts import Manner
from bot.answers.trace import Reach
from bot.inbox import receiving
from bot.inbox.wishes import wants_person
from bot.messenger import AnswerStage, DeliveryError, Live, Messenger
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
from bot.questions import giving_up, looking_around, patience, stopping
from bot.surroundings.pointing import only_points
from bot.team import escalations
from bot.voices import choosing
from bot.wording import phrases, smalltalk, speech
from foundation import connections, failpoints
from llm import client
from llm.calling.fallback import Instead

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
    asked = _asked(question)  # from here on its time counts
    if not patience.has_waited(question):
        messenger.sign(question)
    failpoints.reach("worker.signed")
    told = Reply(question, messenger)
    try:
        is_waiting = _is_waiting(question, asked) and _settled(question, asked) is None
        if told.is_shown and not (is_waiting and patience.has_waited(question)):
            _open(told)
        if is_waiting:
            _wait(question)
        if _keep_question(question):
            asked = _asked(question)
        answer = _settled(question, asked) or _answer(told, asked)
        failpoints.reach("answer.written")
        deliveries = _save(told, answer)
    except SupersededError:
        withdraw(told)
        return
    failpoints.reach("save.committed")
    _send(told, deliveries)


def _open(told: Reply) -> None:
    """The first post of the answer, made before the answer is, so that a message it grows in is never forgotten."""
    question = told.question
    with transaction.atomic():  # nobody may see it waiting to be sent, as it says nothing yet
        delivery = outbox.add(question, DeliveryKind.ANSWER, Post(text=""))
        Delivery.objects.filter(pk=delivery.pk).update(attempts=F("attempts") + 1, state=DeliveryState.STREAMING)
    is_lost = delivery.state == DeliveryState.STREAMING and not (delivery.attempts or delivery.message_id)
    if is_lost:  # whoever told its asker to wait may have died before that was kept
        Question.objects.filter(pk=question.pk).update(sweep_at=timezone.now() + outbox.SWEEP_AFTER)
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


@transaction.atomic
def _keep_question(question: Question) -> bool:
    """Take its words as they stand now: whoever edits it from here on is told that it is too late. Whether they were
    others a moment ago."""
    claimed, question.text = question.text, Question.objects.select_for_update(of=("self",)).get(pk=question.pk).text
    Message.objects.update_or_create(  # it may have waited since they were kept, and been edited
        trace_id=question.trace_id,
        speaker=Speaker.ASKER,
        defaults={"text": question.text},
        create_defaults={"conversation": question.conversation, "text": question.text},
    )
    failpoints.reach("worker.asked_kept")
    return claimed != question.text


def _asked(question: Question) -> Asked:
    """The question as it is asked now: of whom, until when, and who is asked instead."""
    channel = question.channel
    begun = asking.begin(
        question.text,
        least_answerable=channel.least_answerable,
        manner=Manner(choosing.of(channel), channel.language),
        trace_id=question.trace_id,
    )
    instead = Instead.QUOTED_LATER if patience.is_left(question) else Instead.QUOTED
    asked = asking.assign(begun, question.conversation, channel)
    return replace(asked, started=patience.began(question), instead=instead, spoken_to=speech.of(question))


def _is_waiting(question: Question, asked: Asked) -> bool:
    """Whether its model is left alone for now, and it may wait for that one."""
    is_for_model = smalltalk.heard(question.text) is None
    return is_for_model and asked.instead is Instead.QUOTED_LATER and client.is_left_alone(asked.deployment)


def _wait(question: Question) -> NoReturn:
    patience.give_back(question)
    raise SupersededError  # another attempt goes on with it, now or already


def _settled(question: Question, asked: Asked) -> Answer | None:
    """What comes of a question that nothing is to be written for, which is no more than an outcome."""
    channel = question.channel
    try:
        asking.check(question.text)
    except QuestionError as error:
        return ended(asked, Outcome.CLARIFY, asked.speech.say(error.phrase, **error.values))
    if question.attempts > MOST_ATTEMPTS:
        cause = question.error or "Every attempt to answer was cut short."
        return ended(asked, Outcome.PROVIDER_ERROR, error=cause)
    if wants_person(question.text):
        return ended(asked, Outcome.ESCALATED, asked.speech.say(phrases.HANDED_OFF) if channel.team_channel else "")
    return None


def _answer(told: Reply, asked: Asked) -> Answer:
    """What is written, from what stands around the question as well; one that only points needs that."""
    question = told.question
    around = looking_around.look(question, told.messenger)
    if not around.found and only_points(question.text) and not _has_history(question):
        missing = phrases.UNREADABLE_ABOVE if around.is_unread else phrases.NOTHING_ABOVE
        return ended(asked, Outcome.CLARIFY, asked.speech.say(missing))
    return _write(told, replace(asked, surroundings=around.found))


def _has_history(question: Question) -> bool:
    return question.conversation.messages.filter(outcome=Outcome.ANSWERED).exists()


def _write(told: Reply, asked: Asked) -> Answer:
    """Compose the answer, showing it as it is written. Raises SupersededError where its model is left alone for now."""
    question = told.question
    collections = channel_rules.searchable(question.channel, has_outsiders=_has_outsiders(told))
    Message.objects.filter(trace_id=asked.trace_id, speaker=Speaker.ASKER).update(
        trace=Reach(tuple(collections), asked.surroundings).as_json()
    )
    writing = Writing(asked, conversations.history(question.conversation, collections), collections)
    for event in _events(told, writing):
        if told.live is not None and isinstance(event, Delta):
            _show(told.live, writing.text)
            if told.live.is_stopped:
                receiving.stop(question)
                raise SupersededError
    is_refused = writing.answer.failure == "open" and asked.instead is Instead.QUOTED_LATER
    if is_refused and client.stands_alone(asked.deployment):
        _wait(question)
    return writing.answer


def _events(told: Reply, writing: Writing) -> Iterator[conversations.Event]:
    """What `conversations.written` yields; the asker is told how far it is."""
    is_first = True
    for event in conversations.written(writing):
        if isinstance(event, Delta) and is_first:
            failpoints.reach("answer.first_words")
            is_first = False
            _stop_if_unwanted(told)
            told.messenger.progress(told.question, AnswerStage.WRITING)
        elif isinstance(event, Retrieved):
            failpoints.reach("answer.searched")
            _stop_if_unwanted(told)
            told.messenger.progress(told.question, AnswerStage.READING)
        yield event


def _stop_if_unwanted(told: Reply) -> None:
    """Spend no more on an answer that was stopped, or whose question is gone, before anything of it was shown."""
    if stopping.is_stopped(told.question):
        raise SupersededError
    connections.let_go()


def _show(live: Live, text: str) -> None:
    """Show what can be judged already. Which passages it will cite is not known yet, so no link is shown."""
    ready = text[: settled(text)] if live.is_due else ""
    if ready.strip():
        live.show(neutral(ready, links=()))
        failpoints.reach("answer.half_shown")


def _has_outsiders(told: Reply) -> bool:
    """Who reads the channel is asked where it matters; whoever cannot be asked about may be anybody."""
    question = told.question
    if not channel_rules.sees_internal(question.channel):
        return question.is_outsider or question.channel.has_outsiders
    try:
        if told.messenger.is_outsider(question):
            return True
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
    post = replace(post, text=messenger.readable(post.text))
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


def withdraw(told: Reply) -> None:
    """Nobody wants the answer any more: take the message away that it was growing in, unless the asker stopped it."""
    question = Question.objects.get(pk=told.question.pk)
    delivery = told.delivery
    if question.state != QuestionState.CANCELLED:
        return  # another attempt goes on with it
    told.messenger.progress(told.question, AnswerStage.OVER)
    if delivery is None:
        return
    if question.error == receiving.STOPPED:
        if not delivery.message_id:
            stopping.confirm(told.question)
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
