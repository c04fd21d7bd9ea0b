"""Which collections an asker may see, by name or by default."""

from collections.abc import Sequence

from knowledge.models import Collection


class UnknownCollectionError(LookupError):
    """A collection was named that does not exist; the message lists those that do."""


def collection_ids(names: Sequence[str] = ()) -> list[int]:
    """Ids of the named collections; without names, of the public ones, which are all an unknown asker may see.

    Raises UnknownCollectionError.
    """
    names = [name.encode(errors="replace").decode() for name in names]
    if not names:
        return list(Collection.objects.public().values_list("id", flat=True))
    found = dict(Collection.objects.filter(name__in=names).values_list("name", "id"))
    missing = [name for name in names if name not in found]
    if missing:
        known = ", ".join(Collection.objects.order_by("name").values_list("name", flat=True)) or "none yet"
        raise UnknownCollectionError(f"There is no collection {missing[0]!r}. Collections: {known}.")
    return [found[name] for name in names]
