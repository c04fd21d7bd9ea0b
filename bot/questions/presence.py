"""Which bot processes run, and whether what people write reaches them."""

from datetime import timedelta

from django.db.models.functions import Now
from django.utils import timezone

from bot.models import BotProcess

FRESH = timedelta(seconds=30)


def beat(platform: str, name: str, *, is_connected: bool) -> None:
    BotProcess.objects.update_or_create(
        name=name, defaults={"platform": platform, "is_connected": is_connected, "seen_at": Now()}
    )


def leave(name: str) -> None:
    BotProcess.objects.filter(name=name).delete()


def alive(*platforms: str) -> list[BotProcess]:
    """The processes of these platforms that were seen a moment ago."""
    return list(BotProcess.objects.filter(platform__in=platforms, seen_at__gt=timezone.now() - FRESH))
