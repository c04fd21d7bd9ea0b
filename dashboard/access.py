"""What the person who is logged in may see: the object, or a 404."""

from django.contrib.auth.models import User
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404

from bot.models import Citation, Conversation, Message, Platform, Speaker
from knowledge.models import Collection

RECENT = 20  # conversations a page lists


class Request(HttpRequest):
    """A request of somebody who is logged in, as LoginRequiredMiddleware guarantees."""

    user: User


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
    return get_object_or_404(
        Citation.objects.select_related("message"), pk=pk, message__conversation__in=conversations(user)
    )


def administrator(user: User) -> User:
    """The user, if it is an administrator; a 404 for everybody else."""
    if not user.is_superuser:
        raise Http404
    return user
