"""Finding or making the collection that documents go to."""

from knowledge.models import Collection, Visibility
from knowledge.originals.base import readable

MAX_COLLECTION_NAME = 100  # characters


class CollectionError(ValueError):
    """The collection asked for cannot be used; the message says why."""


def collection_for(name: str, visibility: Visibility | None) -> Collection:
    """The collection of that name, made if there is none; without a name, the one for the visibility.

    Raises CollectionError rather than changing who may see what is there.
    """
    if len(name) > MAX_COLLECTION_NAME:
        raise CollectionError(f"The name of a collection has at most {MAX_COLLECTION_NAME} characters.")
    if name != readable(name):
        raise CollectionError("The name of a collection is text of one line, without control characters.")
    wanted = visibility or Visibility.PUBLIC
    collection, is_new = Collection.objects.get_or_create(name=name or wanted.label, defaults={"visibility": wanted})
    if not is_new and collection.visibility != wanted and (visibility or not name):
        raise CollectionError(
            f"The collection {collection.name!r} is {collection.visibility}; for {wanted} documents name another one."
        )
    return collection
