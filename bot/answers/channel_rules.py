"""What a channel may see."""

from bot.models import Channel
from knowledge.models import Collection, Visibility


def searchable(channel: Channel, *, has_outsiders: bool) -> list[int]:
    """The ids of the collections that answer in a channel: those chosen for it, else every public one.

    Where outsiders read, or may, only the public ones of them; it is decided anew for every question.
    """
    chosen = list(channel.collections.all()) or list(Collection.objects.public())
    return sorted(
        collection.pk for collection in chosen
        if not has_outsiders or collection.visibility == Visibility.PUBLIC
    )  # fmt: skip


def sees_internal(channel: Channel) -> bool:
    """Whether it matters who reads the channel."""
    return channel.collections.exclude(visibility=Visibility.PUBLIC).exists()
