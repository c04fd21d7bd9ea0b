"""Which texts, and which vectors, are nearly the same, among more of them than could be compared one by one. Pure.

Texts: MinHash over groups of five bytes (Broder 1997) by multiply-shift hashing (Dietzfelbinger et al. 1997), banded
(Leskovec, Mining of Massive Datasets, 3.4); what shares a band is compared exactly. Two texts of Jaccard similarity .7
share one of the 16 bands of 4 with a probability of .988.

Vectors: exactly the pairs that are near enough, found by an upper bound of their cosine, which a few principal
directions and the length of what is left of each vector give (Cauchy-Schwarz); what the bound lets through is compared
in full.
"""

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

ALIKE_TEXT = 0.7  # Jaccard similarity of the groups of bytes
ALIKE_MEANING = 0.9  # cosine
PERMUTATIONS, BANDS = 64, 16
GROUP = 5  # bytes
NEIGHBOURS = 8  # texts of a bucket that each is compared with; those that share a band and nothing else are few
AT_ONCE = 2_000_000  # bytes of text hashed at a time
DIRECTIONS = 64
BLOCK = 2048  # rows compared with as many others at a time
EXACTLY = 20_000  # pairs compared in full at a time
ROUNDING = np.float32(1e-4)  # of sums of float32; the bound is to err to the safe side

_random = np.random.default_rng(20261130)  # the same clusters for the same examples, in every install
_FACTORS = _random.integers(0, 1 << 63, PERMUTATIONS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _random.integers(0, 1 << 63, PERMUTATIONS, dtype=np.uint64)
_SPREAD = np.uint64(0x9E3779B97F4A7C15)  # odd, close to 2^64 over the golden ratio: Knuth, vol. 3, 6.4

Groups = npt.NDArray[np.uint64]
Pairs = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]


def near_duplicates(
    texts: Sequence[str], is_known: Callable[[int, int], bool] = lambda _first, _second: False
) -> Iterator[tuple[int, int]]:
    """Pairs of texts that are alike. An empty text is like none. A pair that `is_known` by then to whoever iterates, as
    both are like a third, is not compared: of texts that are all alike every one is a pair with many others."""
    raw = [text.encode() for text in texts]
    places = np.array([place for place, each in enumerate(raw) if each], dtype=np.int64)
    if len(places) < 2:
        return
    signatures = np.concatenate([_signatures(batch) for batch in _batches([raw[place] for place in places])])
    for one, other in places[_candidates(signatures)].tolist():
        if not is_known(one, other) and _jaccard(raw[one], raw[other]) >= ALIKE_TEXT:
            yield one, other


def _batches(texts: Sequence[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for text in texts:
        batch.append(text)
        size += len(text)
        if size >= AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _signatures(texts: Sequence[bytes]) -> npt.NDArray[np.uint32]:
    """The least hash of each text's groups under every permutation: one row per text."""
    padded = [text.ljust(GROUP, b"\0") for text in texts]
    lengths = np.array([len(text) - GROUP + 1 for text in padded])
    groups = _groups(b"".join(padded))
    ends = np.cumsum([len(text) for text in padded])
    inside = np.ones(len(groups), dtype=bool)
    for back in range(1, GROUP):  # groups that reach from one text into the next
        inside[ends[:-1] - back] = False
    spread = (groups[inside] * _SPREAD) >> np.uint64(32)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    found = np.empty((len(texts), PERMUTATIONS), dtype=np.uint32)
    for number, (factor, offset) in enumerate(zip(_FACTORS, _OFFSETS, strict=True)):
        hashed = ((spread * factor + offset) >> np.uint64(32)).astype(np.uint32)
        found[:, number] = np.minimum.reduceat(hashed, starts)
    return found


def _groups(raw: bytes) -> Groups:
    """Every five bytes that follow each other, as a number each."""
    data = np.frombuffer(raw, dtype=np.uint8).astype(np.uint64)
    count = len(data) - GROUP + 1
    found = np.zeros(count, dtype=np.uint64)
    for place in range(GROUP):
        found = (found << np.uint64(8)) | data[place : place + count]
    return found


def _candidates(signatures: npt.NDArray[np.uint32]) -> Pairs:
    """Pairs that share a band and look alike by their whole signatures, each once, the smaller place first."""
    rows = PERMUTATIONS // BANDS
    found = [np.empty(0, dtype=np.int64)]
    for band in range(BANDS):
        key = np.zeros(len(signatures), dtype=np.uint64)
        for row in range(band * rows, (band + 1) * rows):
            key = (key ^ signatures[:, row]) * _SPREAD
            key ^= key >> np.uint64(29)
        order = np.argsort(key, kind="stable")
        ordered = key[order]
        for away in range(1, NEIGHBOURS + 1):
            same = np.flatnonzero(ordered[away:] == ordered[:-away])
            found.append(order[same] * len(signatures) + order[same + away])
    pairs = np.unique(np.concatenate(found))
    first, second = np.divmod(pairs, len(signatures))
    alike = np.concatenate(
        [np.empty(0, dtype=bool)]
        + [
            (signatures[first[start : start + EXACTLY]] == signatures[second[start : start + EXACTLY]]).mean(axis=1)
            >= ALIKE_TEXT - 0.2  # three standard errors of 64 permutations
            for start in range(0, len(pairs), EXACTLY)
        ]
    )
    return np.stack([first[alike], second[alike]], axis=1)


def _jaccard(one: bytes, other: bytes) -> float:
    first, second = _distinct(one), _distinct(other)
    return len(first & second) / len(first | second)


def _distinct(text: bytes) -> set[bytes]:
    return {text[start : start + GROUP] for start in range(max(1, len(text) - GROUP + 1))}


def neighbours(vectors: Vectors) -> Iterator[tuple[int, int]]:
    """Pairs of unit rows whose cosine is high enough."""
    bounds = _bounds(vectors)
    for start in range(0, len(vectors), BLOCK):
        for other in range(start, len(vectors), BLOCK):
            bound = bounds[start : start + BLOCK] @ bounds[other : other + BLOCK].T
            rows, columns = np.divmod(np.flatnonzero(bound >= ALIKE_MEANING - ROUNDING), bound.shape[1])
            later = start + rows < other + columns
            yield from _near(vectors, start + rows[later], other + columns[later])


def _near(vectors: Vectors, first: Pairs, second: Pairs) -> Iterator[tuple[int, int]]:
    for start in range(0, len(first), EXACTLY):
        rows, columns = first[start : start + EXACTLY], second[start : start + EXACTLY]
        near = np.einsum("ij,ij->i", vectors[rows], vectors[columns]) >= ALIKE_MEANING
        yield from zip(rows[near].tolist(), columns[near].tolist(), strict=True)


def _bounds(vectors: Vectors) -> Vectors:
    """Rows whose products are never below those of `vectors`: their principal part, and the length of the rest."""
    if vectors.shape[1] <= DIRECTIONS or len(vectors) <= DIRECTIONS:
        return vectors
    sample = vectors[:: max(1, len(vectors) // 5000)]
    _, directions = np.linalg.eigh(sample.T @ sample)
    kept = vectors @ directions[:, -DIRECTIONS:].astype(np.float32)
    rest = np.sqrt(np.maximum(0, 1 - np.einsum("ij,ij->i", kept, kept)))
    return np.concatenate([kept, rest[:, None]], axis=1).astype(np.float32)
