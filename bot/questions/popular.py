"""Questions that were asked before and answered well: what a person who does not know what to ask may be shown.

Others read them, so each was asked in the same words by two people at least, or openly in a channel and liked there;
none holds what names somebody, and all that its answer rests on is public. What is asked in one workspace is no other
one's to read, and what is asked where only some of a workspace read is theirs.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import cast

from django.core.cache import caches
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from bot.claims.identifiers import KINDS, find
from bot.models import ChannelKind, Citation, Escalation, Feedback, Outcome, Platform, Question, QuestionState
from knowledge.models import Collection

SINCE = timedelta(days=30)
LOOKED_AT = 2000  # newest questions that are compared
BELIEVED_SECONDS = 60.0  # Discord asks at every keystroke
LEAST, MOST = 8, 90  # characters; platforms cut what is longer, and half a question helps nobody
PEOPLE = 2  # who ask the same, so that no question is one person's own
ADDRESSED = re.compile(r"[@<>]|https?:|\d{4}")  # a mention, an address, a number of an order
OPEN_TO_ALL = (ChannelKind.CHANNEL, ChannelKind.FORUM)


@dataclass
class _Wording:
    """One question as several people put it. `text` is how it was put last."""

    text: str
    last_at: datetime
    askers: set[str] = field(default_factory=set)
    likes: int = 0

    @property
    def may_be_shown(self) -> bool:
        return len(self.askers) >= PEOPLE or self.likes > 0


def popular(
    platform: Platform, workspace: str, collections: Iterable[int], like: str = "", limit: int = 4
) -> list[str]:
    """Questions of a workspace whose answers rest on public documents of these collections alone, most asked first.

    `like`: words, or their beginnings, that each of them must hold. An empty list where nothing is good enough.
    """
    if len(like) > 2 * MOST:
        return []  # more than any of them holds, and somebody may have written it to keep us busy
    searched = sorted(set(collections))
    key = f"popular:{platform}:{workspace}:{'-'.join(map(str, searched))}"

    def ranked() -> list[str]:
        return _ranked(_answered_well(_asked_openly(platform, workspace), searched))

    known = cast(list[str], caches["process"].get_or_set(key, ranked, BELIEVED_SECONDS))
    beginnings = set(like.casefold().split())
    return [text for text in known if _holds(text, beginnings)][:limit]


def _holds(text: str, beginnings: set[str]) -> bool:
    words = re.findall(r"\w+", text.casefold()) or [text.casefold()]
    return all(
        any(word.startswith(each) for word in words) or (not each.isascii() and each in text.casefold())
        for each in beginnings
    )


def _ranked(asked: QuerySet[Question]) -> list[str]:
    wordings: dict[str, _Wording] = {}
    found = list(asked.order_by("-id")[:LOOKED_AT])
    likes = _likes(found)
    for question in found:
        text = " ".join(question.text.split())
        if not _is_presentable(text):
            continue
        wording = wordings.setdefault(_plain(text), _Wording(text, question.asked_at))
        wording.askers.add(question.asker)
        if question.channel.kind in OPEN_TO_ALL and not question.is_private:
            wording.likes += likes[question.answer_id]
    shown = [each for each in wordings.values() if each.may_be_shown]
    shown.sort(key=lambda each: (len(each.askers), each.likes, each.last_at), reverse=True)
    return [each.text for each in shown]


def _asked_openly(platform: Platform, workspace: str) -> QuerySet[Question]:
    """What was asked in a workspace; nothing of its closed channels, where people know of each other what they ask."""
    asked = Question.objects.filter(channel__workspace__platform=platform, channel__workspace__external_id=workspace)
    asked = asked.exclude(channel__kind=ChannelKind.GROUP)
    return asked.filter(channel__has_outsiders=True) if platform == Platform.DISCORD else asked


def _answered_well(asked: QuerySet[Question], collections: list[int]) -> QuerySet[Question]:
    since = timezone.now() - SINCE
    cited = Citation.objects.filter(message=OuterRef("answer"))
    public = Collection.objects.public().filter(pk__in=collections)
    disliked = Feedback.objects.filter(message=OuterRef("answer"), is_positive=False)
    earlier = Question.objects.filter(conversation=OuterRef("conversation"), pk__lt=OuterRef("pk"))
    return asked.filter(
        Exists(cited),
        ~Exists(cited.filter(Q(document=None) | ~Q(document__collection__in=public))),
        ~Exists(disliked),
        ~Exists(earlier),  # a follow-up means nothing alone
        ~Exists(Escalation.objects.filter(question=OuterRef("pk"))),
        state=QuestionState.DONE,
        answer__outcome=Outcome.ANSWERED,
        answer__is_truncated=False,
        answer__created_at__gt=since,
        created_at__gt=since,
    ).select_related("channel")


def _likes(questions: list[Question]) -> dict[int | None, int]:
    """How many people other than the asker liked an answer."""
    askers = {each.answer_id: each.asker for each in questions}
    likes: dict[int | None, int] = defaultdict(int)
    for answer, person in Feedback.objects.filter(message__in=list(askers), is_positive=True).values_list(
        "message", "person"
    ):
        likes[answer] += person != askers[answer]
    return likes


def _is_presentable(text: str) -> bool:
    if not LEAST <= len(text) <= MOST or ADDRESSED.search(text):
        return False
    return not any(True for kind in KINDS for _ in find(text, kind))


def _plain(text: str) -> str:
    """The same for spellings that differ in capitals and in how they end."""
    return text.casefold().rstrip(" .?!…？。")  # noqa: RUF001  as Japanese writes them
