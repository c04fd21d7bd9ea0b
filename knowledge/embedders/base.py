"""What an embedding model must do, and the shapes that go in and come out."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from llm.completion import Usage

Vector = NDArray[np.float32]


@dataclass(frozen=True)
class PassageText:
    """A passage to embed. `sentence_spans` are [start, end) character offsets in `text`."""

    heading: str
    text: str
    sentence_spans: Sequence[tuple[int, int]]


@dataclass(frozen=True)
class PassageVectors:
    """Unit vectors: `vector` [dimensions] of the passage, `sentence_vectors` [sentences, dimensions]."""

    vector: Vector
    sentence_vectors: Vector


class Embedder(ABC):
    """A model that turns text into unit vectors. Making one loads nothing and opens no connection.

    `pools_sentences`: the vectors of sentences come from the passage's forward pass, not from the sentence alone.
    """

    pools_sentences = False

    def __init__(
        self, *, model: str, dimensions: int, base_url: str, api_key: str, is_private_allowed: bool = False
    ) -> None:
        self.model = model
        self.dimensions = dimensions
        self.base_url = base_url
        self.api_key = api_key
        self.is_private_allowed = is_private_allowed

    def load(self) -> None:  # noqa: B027  most models have nothing to load
        """Do now what the first call would otherwise have to wait for."""

    @abstractmethod
    def batches(self, passages: Sequence[PassageText]) -> Iterator[Sequence[PassageText]]:
        """`passages` cut, in order, into what one call to embed_passages takes."""

    @abstractmethod
    def embed_passages(self, passages: Sequence[PassageText], timeout: float) -> tuple[list[PassageVectors], Usage]:
        """Vectors of one batch within `timeout` seconds. Raises ProviderError."""

    @abstractmethod
    def embed_question(self, text: str, timeout: float) -> tuple[Vector, Usage]:
        """The unit vector of a question within `timeout` seconds. Raises ProviderError."""


def full_text(passage: PassageText) -> str:
    """What the model reads: the heading gives the passage its place."""
    return f"{passage.heading}\n{passage.text}" if passage.heading else passage.text


def unit(vectors: Vector) -> Vector:
    """`vectors` [..., dimensions] scaled to length one; a zero vector stays as it is."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
