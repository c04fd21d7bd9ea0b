"""Posts on their way to a platform: claimed with a lease, looked for before they are sent again, marked when there.

A process may die at any point. What it had claimed is claimed again when its lease has passed, by then as a later
attempt, which first looks on the platform whether the attempt before it got through.
"""

import logging
import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from bot.messenger import DeliveryError, GoneError, Messenger, Sign
from bot.models import Channel, Delivery, DeliveryKind, DeliveryState, Question, QuestionState, Remark
from bot.models.deliveries import UNDER_TEAM_POST
from bot.posts.post import Post
from foundation import failpoints

log = logging.getLogger(__name__)

WAKE = "parley_outbox"  # the PostgreSQL channel that wakes the workers
KEY_CHARACTERS = 24  # Discord takes 25 as a nonce
MOST_ATTEMPTS = 12
AFTERWARDS = 98  # the part of a notice that is posted when its question is answered
SPARE = 0.4  # of a lease must be left when something is sent, or it could arrive after the next attempt looked for it
LONGEST = 3600.0  # seconds that a platform may ask us to wait; longer is a mistake, and an answer would never come
SWEEP_AFTER = timedelta(seconds=45)  # after a delivery that took more than one attempt


class UndeliverableError(Exception):
    """A post was given up: it can never arrive where it belongs."""


CLAIM = """
UPDATE bot_delivery SET state = 'sending', attempts = attempts + 1,
  lease_until = now() + make_interval(secs => %(lease)s)
WHERE id = (
  SELECT d.id FROM bot_delivery d JOIN bot_question q ON q.id = d.question_id
  WHERE q.platform = ANY(%(platforms)s) AND d.not_before <= now()
    AND NOT (d.kind = 'notice' AND d.part = %(afterwards)s AND q.state IN ('waiting', 'answering', 'delivering'))
    AND (d.state = 'waiting' OR (d.state = 'sending' AND d.lease_until < now()))
    AND NOT EXISTS (
      SELECT 1 FROM bot_delivery e
      WHERE e.question_id = d.question_id AND e.kind = d.kind AND e.part < d.part
        AND (e.state <> 'sent' AND (e.kind = 'answer' OR e.state <> 'dead'))
    )
    AND (d.kind <> ALL(%(under)s) OR EXISTS (
      SELECT 1 FROM bot_delivery t
      WHERE t.question_id = d.question_id AND t.kind = 'escalation' AND t.message_id <> ''
    ))
  ORDER BY d.not_before, d.id FOR UPDATE OF d SKIP LOCKED LIMIT 1
)
RETURNING id
"""


def lease() -> timedelta:
    return timedelta(seconds=settings.LEASE_SECONDS)


def add(
    question: Question,
    kind: DeliveryKind,
    post: Post,
    *,
    part: int = 1,
    place: tuple[Channel, str] | None = None,
    is_private: bool | None = None,
) -> Delivery:
    """Put a post into the outbox, once per kind and part: to the question's own thread, or to another `place`, which is
    a channel and a thread in it. `is_private` is the question's, where it is not said; elsewhere nothing is."""
    if is_private is None:
        is_private = question.is_private and place is None
    place = place or (question.channel, question.conversation.thread_id)
    return _add(question, kind, post, part, channel=place[0], thread_id=place[1], is_private=is_private)


def add_word(question: Question, person: str, post: Post, *, part: int) -> Delivery:
    """A post about a question that one person reads who did not ask it."""
    return _add(
        question, DeliveryKind.WORD, post, part, channel=question.channel, thread_id="", is_private=True, person=person
    )


def _add(question: Question, kind: DeliveryKind, post: Post, part: int, **where: Any) -> Delivery:
    delivery, _ = Delivery.objects.get_or_create(
        question=question,
        kind=kind,
        part=part,
        defaults={**where, "key": key(question, kind, part), "body": post.as_json()},
    )
    wake()
    return delivery


def change(delivery: Delivery, post: Post) -> None:
    """Have a post say something else: where it is there already it is edited, where it is on its way it is looked for
    first, once the attempt that is under way can send nothing any more."""
    mine = Delivery.objects.filter(pk=delivery.pk).exclude(state=DeliveryState.DEAD)
    mine.filter(state=DeliveryState.SENDING).update(not_before=Now() + lease())
    mine.exclude(state=DeliveryState.WAITING).update(
        state=DeliveryState.WAITING, attempts=F("attempts") + 1, lease_until=None
    )
    mine.update(body=post.as_json())
    wake()


def again(delivery: Delivery, post: Post, channel: Channel) -> None:
    """Try anew, in a channel, what was given up; an attempt whose end nobody knows is looked for first."""
    Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.DEAD).update(
        state=DeliveryState.WAITING, channel=channel, body=post.as_json(), attempts=1, not_before=Now(), error=""
    )
    wake()


def wake() -> None:
    """Tell the workers, once this transaction is committed, that there is something to do."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {WAKE}")


def key(question: Question, kind: str, part: int) -> str:
    """What marks a post on its platform, where others may read it: it must tell nothing and be the same each time."""
    return salted_hmac("parley.delivery", f"{question.trace_id}/{kind}/{part}").hexdigest()[:KEY_CHARACTERS]


def claimed(statement: str, platforms: list[str]) -> int | None:
    """The id of the row that a claim took for one lease; None when there was none to take."""
    with connection.cursor() as cursor:
        given: dict[str, Any] = {
            "lease": settings.LEASE_SECONDS,
            "platforms": platforms,
            "under": [*map(str, UNDER_TEAM_POST)],
            "afterwards": AFTERWARDS,
        }
        cursor.execute(statement, given)
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def claim(platforms: list[str]) -> Delivery | None:
    """The next post to send, ours for one lease; None when there is none."""
    pk = claimed(CLAIM, platforms)
    if pk is None:
        return None
    failpoints.reach("delivery.claimed")
    return Delivery.objects.select_related(
        "channel__workspace", "question__conversation", "question__channel__workspace", "remark__channel__workspace"
    ).get(pk=pk)


def deliver(delivery: Delivery, messenger: Messenger, *, claimed: float) -> None:
    """Send what was claimed at `claimed` (time.monotonic()), and mark it; what fails is tried again.

    Raises UndeliverableError when it was given up.
    """
    try:
        message_id = _send(delivery, messenger, claimed)
    except DeliveryError as error:
        _postpone(delivery, error)
        return
    failpoints.reach("delivery.posted")
    _acknowledge(delivery, messenger)
    settle(delivery, message_id)


def _acknowledge(delivery: Delivery, messenger: Messenger) -> None:
    """Show whoever wrote what was passed on that it arrived."""
    remark: Remark | None = getattr(delivery, "remark", None)
    if remark is None or remark.channel is None or delivery.sent_at is not None:
        return  # an edit says nothing new to whoever made it
    is_whole = not remark.carriers().filter(state=DeliveryState.DEAD).exists()
    if remark.message_id and is_whole and not remark.is_taken_back:
        messenger.react(remark.channel, remark.thread_id, remark.message_id, Sign.PASSED_ON)


def _send(delivery: Delivery, messenger: Messenger, claimed: float) -> str:
    _place(delivery)
    if not delivery.message_id and delivery.attempts > 1:
        delivery.message_id = messenger.find(delivery)
        failpoints.reach("delivery.looked")
    if time.monotonic() - claimed > (1 - SPARE) * settings.LEASE_SECONDS:
        raise DeliveryError("Sending took too long to begin; somebody else may send it by now.", retry_after=0)
    failpoints.reach("delivery.sending")
    if delivery.kind == DeliveryKind.SOLVED:
        messenger.mark_solved(delivery.question)
        return ""
    if not delivery.message_id:
        return messenger.send(delivery)
    try:
        messenger.edit(delivery)
    except GoneError:
        return "" if delivery.kind == DeliveryKind.UPDATE else _send_again(delivery, messenger)
    return delivery.message_id


def _place(delivery: Delivery) -> None:
    """What belongs to the post of the team may have been written before that was there."""
    if delivery.kind not in UNDER_TEAM_POST:
        return
    post = Delivery.objects.of_team(delivery.question)
    if post is None:
        raise DeliveryError("The post of the team is not there.", retry_after=1.0, was_refused=True)
    if delivery.kind == DeliveryKind.UPDATE:
        delivery.message_id = post.message_id
    else:
        delivery.thread_id = post.message_id


def _send_again(delivery: Delivery, messenger: Messenger) -> str:
    """Post anew, under another key, what was taken away before it was final."""
    delivery.message_id = ""
    delivery.key = salted_hmac("parley.delivery.again", delivery.key).hexdigest()[:KEY_CHARACTERS]
    Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).update(message_id="", key=delivery.key)
    return messenger.send(delivery)


def settle(delivery: Delivery, message_id: str) -> None:
    """Mark a post as being there, unless a later attempt has taken it over; and its question as done with the last."""
    Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts).exclude(state=DeliveryState.SENT).update(
        state=DeliveryState.SENT,
        message_id=message_id,
        thread_id=delivery.thread_id,
        sent_at=Now(),
        lease_until=None,
    )
    failpoints.reach("delivery.marked")
    if delivery.attempts > 1:
        Question.objects.filter(pk=delivery.question_id).update(sweep_at=timezone.now() + SWEEP_AFTER)
    finish(delivery.question_id)


def finish(question: int) -> None:
    """Close a question whose answer is delivered whole."""
    unsent = Delivery.objects.filter(question=question, kind=DeliveryKind.ANSWER).exclude(state=DeliveryState.SENT)
    Question.objects.filter(~models.Exists(unsent), pk=question, state=QuestionState.DELIVERING).update(
        state=QuestionState.DONE, finished_at=Now()
    )
    failpoints.reach("question.done")


def _postpone(delivery: Delivery, error: DeliveryError) -> None:
    """Try again when the platform says, or after a pause that grows; give up what can never arrive."""
    mine = Delivery.objects.filter(pk=delivery.pk, attempts=delivery.attempts, state=DeliveryState.SENDING)
    if error.permanent or delivery.attempts >= MOST_ATTEMPTS:
        log.error("%s could not be delivered to %s: %s", delivery, delivery.channel, error)
        if mine.update(state=DeliveryState.DEAD, error=str(error)[:1000], lease_until=None):
            raise UndeliverableError(str(error)) from error
        return
    pause = min(2.0 ** (delivery.attempts - 1), 60.0) if error.retry_after is None else min(error.retry_after, LONGEST)
    log.warning("%s waits %.1f s: %s", delivery, pause, error)
    mine.update(
        state=DeliveryState.WAITING,
        # A platform that refused has not posted, so there is nothing to look for; else the attempt counts.
        attempts=F("attempts") - 1 if error.was_refused else F("attempts"),
        not_before=timezone.now() + timedelta(seconds=pause),
        error=str(error)[:1000],
        lease_until=None,
    )
