"""The answers that somebody chose in the list: those that were ticked, or all that its filter found."""

from bot.models import Message
from dashboard.conversations.filters import ConversationFilter
from dashboard.guard import loading

NOTHING = "Choose the answers first: tick them in the list, or take all that match."
UNCLEAR = "The filter is not what it was when the page was shown. Look at the list again."


class NothingChosenError(ValueError):
    """Nothing was chosen, or it is not clear what; the message says so."""


def answers(request: loading.Request, *, most: int) -> list[int]:
    """Their ids, one more than `most` where they are more. Raises NothingChosenError."""
    ticked = [int(pk) for pk in request.POST.getlist("answer") if _is_id(pk)]
    found = _all(request, most) if is_all(request) else ticked
    if not found:
        raise NothingChosenError(NOTHING)
    return found


def is_all(request: loading.Request) -> bool:
    return request.POST.get("which") == "all"


def told(request: loading.Request) -> dict[str, object]:
    """How they were chosen, for the audit log."""
    return {"filter": request.GET.dict()} if is_all(request) else {}


def _all(request: loading.Request, most: int) -> list[int]:
    """What fitted when the page was shown. A filter that is not valid would let everything fit, and is refused."""
    form = ConversationFilter(request.GET)
    newest = request.POST.get("newest", "")
    if not form.is_valid() or not _is_id(newest):
        raise NothingChosenError(UNCLEAR)
    found = Message.objects.matching(form.wanted()).filter(pk__lte=int(newest))
    return list(found.values_list("pk", flat=True)[: most + 1])


def _is_id(written: str) -> bool:
    """Whether it may be the id of a row; a longer number is more than the database has."""
    return written.isdecimal() and len(written) <= 18
