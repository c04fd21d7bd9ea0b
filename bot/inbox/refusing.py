"""Which questions are not taken, and what their askers read in place of an answer."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from bot.inbox.addressing import Verdict
from bot.messenger import Incoming
from bot.models import Channel, Delivery, DeliveryKind, Question, QuestionState
from bot.posts.post import Post
from bot.wording import phrases, smalltalk, speech
from bot.wording.phrases import Phrase

WAITING_PER_ASKER = 10
PER_MINUTE = 10
WAITING_FOR = timedelta(minutes=10)  # what waits longer was missed, and does not keep its asker from asking
TOLD_AGAIN_AFTER = timedelta(minutes=1)
MOST_TOLD = 20  # refusals to one person in that time


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


def waiting(incoming: Incoming) -> QuerySet[Question]:
    """What the author of a message has asked and waits for."""
    return Question.objects.filter(
        platform=incoming.platform, asker=incoming.author, state=QuestionState.WAITING
    )  # fmt: skip


def refusal(incoming: Incoming, channel: Channel, verdict: Verdict, at: datetime) -> Notice | None:
    """What is said in place of an answer; None where there is to be one. What comes late, out of the history, counts
    when it was asked."""
    if verdict == Verdict.STOP:
        return Notice(phrases.STOPPED)
    if verdict == Verdict.DISABLED:
        return Notice(phrases.DISABLED)
    if verdict == Verdict.SMALL_TALK and (talk := smalltalk.heard(incoming.text)):
        return Notice(talk.reply or phrases.WELCOME, language=talk.language)
    asked = Question.objects.filter(
        platform=incoming.platform, asker=incoming.author, asked_at__gt=at - timedelta(days=1), asked_at__lte=at
    ).exclude(state=QuestionState.REFUSED)
    counted = asked.aggregate(
        day=Count("pk"),
        minute=Count("pk", filter=Q(asked_at__gt=at - timedelta(minutes=1))),
    )
    if counted["day"] >= channel.daily_limit:
        return Notice(phrases.DAILY_LIMIT, {"limit": channel.daily_limit})
    queued = waiting(incoming).filter(asked_at__gt=at - WAITING_FOR).count()
    if counted["minute"] >= PER_MINUTE or queued >= WAITING_PER_ASKER:
        return Notice(phrases.TOO_FAST)
    return None


def is_told(incoming: Incoming, *, is_called: bool) -> bool:
    """Whether the author reads that they are refused: each time where they called the bot, but for a flood of it; else
    once in a while, as it would only add to the noise."""
    told = Delivery.objects.filter(
        kind=DeliveryKind.NOTICE,
        question__platform=incoming.platform,
        question__asker=incoming.author,
        created_at__gt=timezone.now() - TOLD_AGAIN_AFTER,
    ).count()
    return told < (MOST_TOLD if is_called else 1)
