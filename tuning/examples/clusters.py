"""Which examples say much the same, so that none of them is learnt while another is asked in an evaluation. Pure.

Two examples belong together when they come from one conversation, when their questions are nearly the same text
(MinHash over groups of five characters: Broder 1997; banding: Leskovec, Mining of Massive Datasets, 3.4), or
when their vectors point nearly the same way. Belonging together passes on: a cluster is a connected component.
"""

import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

ALIKE_TEXT = 0.7  # Jaccard similarity of the groups of characters
ALIKE_MEANING = 0.9  # cosine
PERMUTATIONS, BANDS = 64, 16
GROUP = 5  # characters
BLOCK = 2048  # rows compared with all the others at a time
PRIME = np.uint64((1 << 31) - 1)  # a Mersenne prime above every hash, so that products fit into 64 bits

_WORDS = re.compile(r"\w+")
_random = np.random.default_rng(20261130)  # the same clusters for the same examples, in every install
_FACTORS = _random.integers(1, int(PRIME), PERMUTATIONS, dtype=np.uint64)
_OFFSETS = _random.integers(0, int(PRIME), PERMUTATIONS, dtype=np.uint64)

Signatures = npt.NDArray[np.uint64]
Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Item:
    """`thread` names the conversation it comes from; empty where there is none."""

    text: str
    thread: str = ""


def assign(items: Sequence[Item], vectors: Vectors | None = None) -> list[int]:
    """The number of each item's cluster, from 1, counted by the first item of each. `vectors` are unit rows."""
    forest = _Forest(len(items))
    forest.join_alike(item.thread for item in items)
    forest.join_alike(plain(item.text) for item in items)
    for first, second in _near_duplicates([item.text for item in items]):
        forest.join(first, second)
    if vectors is not None:
        for first, second in _neighbours(vectors):
            forest.join(first, second)
    numbers: dict[int, int] = {}
    return [numbers.setdefault(forest.root(index), len(numbers) + 1) for index in range(len(items))]


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
    wanted = share * len(clusters)
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


def _near_duplicates(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Pairs whose texts are alike, each compared with one of its bucket rather than with all of them."""
    groups = [_groups(plain(text)) for text in texts]
    signatures = [_signature(each) for each in groups]
    rows = PERMUTATIONS // BANDS
    for band in range(BANDS):
        seen: dict[bytes, list[int]] = {}
        for index, signature in enumerate(signatures):
            if signature is None:
                continue
            first_ones = seen.setdefault(signature[band * rows : (band + 1) * rows].tobytes(), [])
            alike = next((other for other in first_ones if _jaccard(groups[other], groups[index]) >= ALIKE_TEXT), None)
            if alike is not None:
                yield alike, index
            elif len(first_ones) < 8:  # texts that share a band and nothing else are few
                first_ones.append(index)


def _groups(text: str) -> frozenset[int]:
    """Hashes of every five characters that follow each other; of the whole where it is shorter."""
    raw = text.encode()
    last = max(1, len(raw) - GROUP + 1)
    return (
        frozenset(zlib.crc32(raw[start : start + GROUP]) & 0x7FFFFFFF for start in range(last)) if raw else frozenset()
    )


def _signature(groups: frozenset[int]) -> Signatures | None:
    if not groups:
        return None
    hashes = np.fromiter(groups, dtype=np.uint64, count=len(groups)) % PRIME
    found: Signatures = ((hashes[:, None] * _FACTORS + _OFFSETS) % PRIME).min(axis=0)
    return found


def _jaccard(first: frozenset[int], second: frozenset[int]) -> float:
    return len(first & second) / len(first | second)


def _neighbours(vectors: Vectors) -> Iterator[tuple[int, int]]:
    """Pairs of rows whose cosine is high enough."""
    for start in range(0, len(vectors), BLOCK):
        block = vectors[start : start + BLOCK]
        for other in range(start, len(vectors), BLOCK):
            near = np.argwhere(block @ vectors[other : other + BLOCK].T >= ALIKE_MEANING)
            for row, column in near.tolist():
                if start + row < other + column:
                    yield start + row, other + column
