"""How long conversations are kept."""

from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from bot.models import Conversation, Question


def purge() -> int:
    """Once a day: delete the conversations that nobody has gone on with for settings.TRANSCRIPT_DAYS; how many.

    What they cost stays in the ledger, which names nobody.
    """
    if not settings.TRANSCRIPT_DAYS:
        return 0
    since = timezone.now() - timedelta(days=settings.TRANSCRIPT_DAYS)
    old = Conversation.objects.filter(
        Q(last_active_at__lt=since), Q(questions=None) | Q(questions__created_at__lt=since)
    )
    pks = list(old.values_list("pk", flat=True).distinct()[:10_000])
    Question.objects.filter(conversation__in=pks).delete()
    count = len(pks)
    Conversation.objects.filter(pk__in=pks).delete()
    return count
