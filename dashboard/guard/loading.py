"""What the person who is logged in may see: the object, or a 404."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.shortcuts import get_object_or_404

from bot.models import Citation, Conversation, Message, Platform, Speaker, Workspace
from dashboard.guard import roles
from dashboard.guard.roles import Role
from knowledge.models import Collection

RECENT = 20  # conversations a page lists


class Request(HttpRequest):
    """A request of somebody who is logged in, as LoginRequiredMiddleware guarantees."""

    user: User
    is_audited: bool
    """Whether the view has written its line itself, by dashboard.guard.rules.keep."""
    audited: dict[str, Any]
    """What the audit log is to hold beside the address. A view that changes something without leading elsewhere sets
    it, or there is no line."""


def collections(user: User) -> QuerySet[Collection]:
    """What a person may search, public collections first; internal ones are for staff."""
    found = Collection.objects.all() if user.is_staff else Collection.objects.public()
    return found.order_by("-visibility", "name")


def conversations(user: User) -> QuerySet[Conversation]:
    """A person's own conversations on the web, newest first, each with its first question as `opening`."""
    first = Message.objects.filter(conversation=OuterRef("pk"), speaker=Speaker.ASKER).order_by("id")
    return (
        Conversation.objects.filter(user=user, platform=Platform.WEB)
        .annotate(opening=Subquery(first.values("text")[:1]))
        .order_by("-id")
    )


def conversation(user: User, pk: int) -> Conversation:
    return get_object_or_404(conversations(user), pk=pk)


def answer(user: User, pk: int) -> Message:
    return get_object_or_404(Message, pk=pk, speaker=Speaker.BOT, conversation__in=conversations(user))


def citation(user: User, pk: int) -> Citation:
    """One of an own conversation; of any for those who may read them all."""
    citations = Citation.objects.select_related("message")
    if not roles.has(user, Role.VIEWER):
        citations = citations.filter(message__conversation__in=conversations(user))
    return get_object_or_404(citations, pk=pk)


def transcript(pk: int) -> Conversation:
    """Any conversation; the rule of the view says who may."""
    return get_object_or_404(Conversation.objects.select_related("channel__workspace", "user"), pk=pk)


def workspace(pk: int) -> Workspace:
    return get_object_or_404(Workspace, pk=pk, removed_at=None)


def any_answer(pk: int) -> Message:
    """Any answer, with the question of a platform that it was given to, where there is one."""
    known = Message.objects.select_related("conversation", "voice", "question__channel__workspace")
    return get_object_or_404(known, pk=pk, speaker=Speaker.BOT)
