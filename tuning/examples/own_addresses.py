"""What the company tells everybody itself: the addresses, numbers and accounts that its public documents state.

They name no asker, and a model that has learnt to say "[EMAIL_1]" in their place is of no use. They are read of the
passages of public collections, each version of a document once while this process lives.
"""

from threading import Lock

from django.db.models import Q

from bot.claims import identifiers
from bot.claims.identifiers import KINDS
from knowledge.models import Chunk, Document, Visibility

Stated = frozenset[tuple[str, str]]

_AT_A_TIME = 500  # versions
_read: dict[int, Stated] = {}  # by the id of a version
_reading = Lock()


def known() -> Stated:
    """Kind and value of every identifier that a public document states today."""
    live = set(
        Document.objects.filter(
            collection__visibility=Visibility.PUBLIC, live_version__isnull=False
        ).values_list("live_version", flat=True)
    )  # fmt: skip
    with _reading:
        for gone in _read.keys() - live:
            del _read[gone]
        fresh = sorted(live - _read.keys())
        for start in range(0, len(fresh), _AT_A_TIME):
            _read.update(_stated(fresh[start : start + _AT_A_TIME]))
        return frozenset[tuple[str, str]]().union(*_read.values())


def _stated(versions: list[int]) -> dict[int, Stated]:
    found: dict[int, set[tuple[str, str]]] = {version: set() for version in versions}
    may_hold = Q(text__contains="@") | Q(text__regex=r"[0-9A-Fa-f:.][\s()/.:-]?([0-9A-Za-z:][\s()/.:-]?){6}")
    for version, text in Chunk.objects.filter(may_hold, version__in=versions).values_list("version", "text"):
        found[version] |= {
            (each.kind, each.value) for kind in KINDS if kind.name != "key" for each in identifiers.find(text, kind)
        }
    return {version: frozenset(stated) for version, stated in found.items()}
