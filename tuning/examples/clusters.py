"""Which examples say much the same, so that none of them is learnt while another is asked in an evaluation. Pure.

Two examples belong together when they come from one conversation, when their questions are nearly the same text, or
when their vectors point nearly the same way. Belonging together passes on: a cluster is a connected component.
"""

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tuning.examples import resemblance
from tuning.examples.resemblance import Vectors

_WORDS = re.compile(r"\w+")


@dataclass(frozen=True)
class Item:
    """`thread` names the conversation it comes from; empty where there is none."""

    text: str
    thread: str = ""


def assign(items: Sequence[Item], vectors: Vectors | None = None) -> list[int]:
    """The number of each item's cluster, from 1, counted by the first item of each. `vectors` are unit rows."""
    forest = _Forest(len(items))
    forest.join_alike(item.thread for item in items)
    texts = [plain(item.text) for item in items]
    forest.join_alike(texts)
    places = {text: place for place, text in enumerate(texts)}
    distinct = list(places)
    own = [places[text] for text in distinct]
    for first, second in resemblance.near_duplicates(distinct, lambda one, other: forest.is_one(own[one], own[other])):
        forest.join(own[first], own[second])
    if vectors is not None:
        for pair in resemblance.neighbours(vectors):
            forest.join(*pair)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(forest.root(index), len(numbers) + 1) for index in range(len(items))]


def beside(clusters: Sequence[int], count: int) -> list[int]:
    """The places among the first `count` items whose clusters hold none of the others: those that may be learnt."""
    asked = set(clusters[count:])
    return [place for place, cluster in enumerate(clusters[:count]) if cluster not in asked]


def split(clusters: Sequence[int], keys: Sequence[str], *, salt: str, share: float) -> set[int]:
    """The clusters that are set apart: together about `share` of the items, drawn by a salted hash, each as a whole.

    `keys` name the items whatever is added later, so that a cluster that stays as it is stays where it is. At least one
    cluster is left out of them, and at least one is in them where there are two and `share` is not 0.
    """
    sizes: dict[int, int] = {}
    names: dict[int, str] = {}
    for cluster, key in zip(clusters, keys, strict=True):
        sizes[cluster] = sizes.get(cluster, 0) + 1
        names[cluster] = min(names.get(cluster, key), key)
    wanted = share * len(clusters) + 1e-9  # a share that was made of counts is to give them back
    drawn: set[int] = set()
    taken = 0
    for cluster in sorted(sizes, key=lambda each: hashlib.sha256(f"{salt}\0{names[each]}".encode()).digest()):
        is_first = not drawn and share > 0
        if len(drawn) + 1 < len(sizes) and (is_first or taken + sizes[cluster] <= wanted):
            drawn.add(cluster)
            taken += sizes[cluster]
    return drawn


class _Forest:
    """Sets that are joined: union by size, with paths halved (Tarjan 1975)."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))
        self._size = [1] * size

    def root(self, index: int) -> int:
        parent = self._parent
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    def is_one(self, first: int, second: int) -> bool:
        return self.root(first) == self.root(second)

    def join(self, first: int, second: int) -> None:
        first, second = self.root(first), self.root(second)
        if first == second:
            return
        if self._size[first] < self._size[second]:
            first, second = second, first
        self._parent[second] = first
        self._size[first] += self._size[second]

    def join_alike(self, names: Iterable[str]) -> None:
        """Join those of one name; an empty name is nobody's."""
        seen: dict[str, int] = {}
        for index, name in enumerate(names):
            if name:
                self.join(seen.setdefault(name, index), index)


def plain(text: str) -> str:
    """The words of a text, without how they are written and what stands between them."""
    return " ".join(_WORDS.findall(text.casefold()))
