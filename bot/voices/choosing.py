"""Which voice speaks where, and how one becomes its next version."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from bot.models import Channel, Voice

DEFAULT = "default"


def name_of(channel: Channel) -> str:
    """What the voice of a channel is called."""
    return channel.voice_name or DEFAULT


def of(channel: Channel) -> Voice | None:
    """The voice that answers in a channel: its own, else the one called default; None where there is neither."""
    return Voice.objects.current(name_of(channel))


def default() -> Voice | None:
    """The voice that answers wherever none is named: on the web page, in the terminal; None where there is none."""
    return Voice.objects.current(DEFAULT)


@transaction.atomic
def next_version(name: str, changes: Mapping[str, Any]) -> Voice:
    """Keep a voice as its next version, or the first of a new one. Raises ValidationError."""
    voice = Voice.objects.current(name) or Voice(name=name, version=0)
    voice.pk = None
    voice._state.adding = True
    voice.version += 1
    for field, value in changes.items():
        setattr(voice, field, value)
    voice.full_clean(exclude=["created_at"])
    voice.save()
    return voice
