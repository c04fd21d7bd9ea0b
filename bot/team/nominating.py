"""An answer that somebody on a platform wants a model to learn from: whether they may, and that they asked for it.

What becomes of it is for the room that trains to say, which looks at the rows. When `nominate` returns it is safe to
acknowledge the press.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bot import outbox
from bot.messenger import DeliveryError
from bot.models import (
    OUTSTANDING,
    Delivery,
    DeliveryKind,
    Nomination,
    NominationState,
    NominationWay,
    Outcome,
    Platform,
    Question,
    Receipt,
)
from bot.posts.post import Post
from bot.posts.press import Said
from bot.team import circles
from bot.team.circles import Circle
from foundation.text import clean

PROPOSABLE = (Outcome.ANSWERED, Outcome.NOT_IN_DOCS)
TOLD_AGAIN_AFTER = timedelta(days=1)  # to whom a reaction could not be counted for
MOST_WORDS = 20_000  # characters of what somebody wrote in place of an answer

THANKS = "Thank you. It is proposed as a training example; a person reviews it before anything learns from it."
AGAIN = "You have proposed it already."
NOT_OURS = "Only an answer of mine, or what somebody answered in a thread of mine, can become an example."
UNANSWERED = "There is no answer to this yet."
ASKED = "This is what was asked. Use the menu on the answer."
NO_ANSWER = "Only an answer, or a word that the documents hold none, can become an example."
NOT_YOU = "Thank you for thinking of it. Only those whom the team trusts with it can propose examples here."
NOBODY = (
    "Nobody may propose examples from here yet: an editor says on the page Channels where questions for people go, or "
    "who may propose."
)
UNKNOWN = "I could not find out whether you may propose examples. Please try again in a moment. ({why})"
FORBIDDEN = (
    "Nothing was kept: training is not allowed for {workspace}. An owner can allow it on the page Training data: {page}"
)


@dataclass(frozen=True)
class Pointing:
    """Somebody points at a message of a platform as one to learn from.

    `channel` is empty where ids of messages are unique by themselves, `person` where it was nobody by name. `text`,
    `author`, `thread_id` and `written_at` are of the message, as far as the platform tells. `key` is unique among what
    the platform delivers, empty where it delivers nothing twice.
    """

    platform: Platform
    workspace: str
    channel: str
    message_id: str
    person: str
    way: NominationWay
    at: datetime
    person_name: str = ""
    author: str = ""
    thread_id: str = ""
    text: str = ""
    written_at: datetime | None = None
    key: str = ""

    @property
    def is_by_menu(self) -> bool:
        return self.way == NominationWay.MENU


@dataclass(frozen=True)
class Target:
    """What is pointed at: a question, and what a person wrote in place of its answer."""

    question: Question
    words: str = ""


May = Callable[[Circle], bool]  # whether whoever points is in it; raises DeliveryError where nobody can tell


def nominate(pointing: Pointing, may: May) -> Said | None:
    """Keep that somebody wants to have an answer learnt from, once; a word to them, None where none is due.

    A reaction of somebody who is not trusted is no more than a reaction: nothing is said. Raises DeliveryError where it
    cannot be found out whether a reaction counts, so that it is delivered again.
    """
    target = _target(pointing)
    if target is None:
        return Said(NOT_OURS) if pointing.is_by_menu else None
    why_not = _why_not(pointing, target, may)
    if why_not is None:
        return _keep(pointing, target)
    if not pointing.is_by_menu and why_not == _forbidden(target.question):
        _tell_once(pointing, target.question, why_not)
    return Said(why_not)


def _why_not(pointing: Pointing, target: Target, may: May) -> str | None:
    """What stands against it, in words; None: nothing."""
    question = target.question
    circle = circles.of(question)
    if circle.is_empty:
        return NOBODY
    try:
        if not may(circle):
            return NOT_YOU
    except DeliveryError as error:
        if not pointing.is_by_menu and not error.permanent:
            raise
        return UNKNOWN.format(why=error)
    if not question.channel.workspace.is_training_allowed:
        return _forbidden(question)
    if pointing.author == question.asker or pointing.message_id == question.message_id:
        return ASKED
    if question.answer is None:
        return UNANSWERED
    return None if target.words or question.answer.outcome in PROPOSABLE else NO_ANSWER


def _forbidden(question: Question) -> str:
    page = f"{settings.PUBLIC_URL}/training/#allowed"
    return FORBIDDEN.format(workspace=question.channel.workspace, page=page)


def _target(pointing: Pointing) -> Target | None:
    """A post of ours, the question itself, or what somebody wrote in the thread of one; None for anything else."""
    posted = Delivery.objects.filter(message_id=pointing.message_id, **place(pointing, "channel"))
    delivery = posted.exclude(kind=DeliveryKind.NOTICE).order_by("id").first()
    if delivery is not None:
        return Target(_questions().get(pk=delivery.question_id))
    if not pointing.is_by_menu:
        return None
    question = _questions().filter(message_id=pointing.message_id, **place(pointing, "channel")).first()
    return Target(question) if question else _written(pointing)


def _written(pointing: Pointing) -> Target | None:
    """What a person wrote after a question in its thread stands in for the answer."""
    words = clean(pointing.text).strip()[:MOST_WORDS]
    if not pointing.thread_id or not words:
        return None
    asked = _questions().filter(conversation__thread_id=pointing.thread_id, **place(pointing, "channel"))
    before = asked.filter(asked_at__lte=pointing.written_at or pointing.at).exclude(answer=None)
    question = before.order_by("-asked_at", "-id").first()
    return Target(question, words) if question else None


def place(pointing: Pointing, field: str) -> dict[str, str]:
    """Where the message is that is pointed at, as conditions on a `field` that leads to a channel."""
    of_workspace = {
        f"{field}__workspace__platform": str(pointing.platform),
        f"{field}__workspace__external_id": pointing.workspace,
    }
    return {**of_workspace, f"{field}__external_id": pointing.channel} if pointing.channel else of_workspace


def _questions() -> QuerySet[Question]:
    return Question.objects.select_related(
        "channel__workspace__escalation_channel", "channel__escalation_channel", "conversation", "answer"
    )


@transaction.atomic
def _keep(pointing: Pointing, target: Target) -> Said | None:
    if not _is_first(pointing):
        return None
    told = {"person_name": pointing.person_name[:200], "way": pointing.way, "words": target.words}
    nomination, is_new = Nomination.objects.get_or_create(
        message=target.question.answer, person=pointing.person, defaults={**told, "acted_at": pointing.at}
    )
    if is_new:
        return Said(THANKS)
    nomination = Nomination.objects.select_for_update().get(pk=nomination.pk)
    before = nomination.state
    if before == NominationState.LEAVING and pointing.at > nomination.acted_at:
        nomination.state = NominationState.PROPOSED
    elif before in (NominationState.WITHDRAWN, NominationState.REFUSED) and pointing.at > nomination.acted_at:
        nomination.state, nomination.reason, nomination.settled_at = NominationState.WAITING, "", None
    elif before != NominationState.WAITING or nomination.words == target.words:
        return Said(AGAIN)
    for name, value in told.items():
        setattr(nomination, name, value or getattr(nomination, name))
    nomination.acted_at = pointing.at
    nomination.save()
    return Said(THANKS)


def _is_first(pointing: Pointing) -> bool:
    return not pointing.key or Receipt.objects.get_or_create(key=pointing.key)[1]


@transaction.atomic
def take_back(pointing: Pointing) -> int:
    """The reaction is gone: so is what it asked for, unless a reviewer has decided by then. How many that were.

    Without a `person` it is everybody's that is gone.
    """
    meant = Nomination.objects.filter(way=NominationWay.REACTION, acted_at__lt=pointing.at)
    if pointing.person:
        meant = meant.filter(person=pointing.person)
    meant = meant.filter(message__question__deliveries__message_id=pointing.message_id)
    meant = meant.filter(**place(pointing, "message__question__channel"))
    there = meant.exclude(state__in=(NominationState.WITHDRAWN, NominationState.LEAVING))
    found = list(there.select_for_update(of=("self",)))
    for nomination in found:
        is_out = nomination.state == NominationState.PROPOSED
        nomination.state = NominationState.LEAVING if is_out else NominationState.WITHDRAWN
        nomination.acted_at = pointing.at
        nomination.settled_at = None if is_out else timezone.now()
        nomination.save(update_fields=["state", "acted_at", "settled_at"])
    return len(found)


def outstanding() -> QuerySet[Nomination]:
    """Those that nobody has looked at yet, in their order."""
    return Nomination.objects.filter(state__in=OUTSTANDING).order_by("id")


def settle(nomination: Nomination, state: NominationState, *, reason: str = "") -> None:
    """Say what became of a nomination; whoever made one that was refused is told why."""
    nomination.state, nomination.reason, nomination.settled_at = state, reason[:300], timezone.now()
    nomination.save(update_fields=["state", "reason", "settled_at"])
    question: Question | None = getattr(nomination.message, "question", None)
    if state == NominationState.REFUSED and question is not None:
        tell(question, nomination.person, f"The answer you proposed was not taken as an example. {reason}")


@transaction.atomic
def tell(question: Question, person: str, text: str) -> None:
    """Send somebody of the team a word about an answer, in private."""
    Question.objects.select_for_update(of=("self",)).get(pk=question.pk)  # so that no two words take one number
    told = Delivery.objects.filter(question=question, kind=DeliveryKind.WORD).count()
    post = Post(text=text, has_permalink=True)
    outbox.add_word(question, person, post, part=told + 1)


@transaction.atomic
def _tell_once(pointing: Pointing, question: Question, text: str) -> None:
    """Not for every reaction: people react all day, and the answer stays the same."""
    since = timezone.now() - TOLD_AGAIN_AFTER
    told = Delivery.objects.filter(kind=DeliveryKind.WORD, person=pointing.person, created_at__gt=since)
    if not told.filter(question__channel__workspace=question.channel.workspace_id).exists() and _is_first(pointing):
        tell(question, pointing.person, text)
