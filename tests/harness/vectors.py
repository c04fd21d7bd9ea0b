"""The local model is asked once for each batch of passages and each question; whoever asks the same again gets that."""

from collections.abc import Iterator, Sequence

import pytest

from knowledge.embedders.base import PassageText, PassageVectors, Vector
from knowledge.embedders.local import LocalEmbedder
from llm.completion import Usage

Spans = tuple[tuple[int, int], ...]
Batch = tuple[tuple[str, str, Spans], ...]

_passages: dict[Batch, tuple[list[PassageVectors], Usage]] = {}
_questions: dict[str, tuple[Vector, Usage]] = {}
_embed_passages, _embed_question = LocalEmbedder.embed_passages, LocalEmbedder.embed_question


@pytest.fixture(scope="session", autouse=True)
def _remembered_vectors() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(LocalEmbedder, "embed_passages", _remembered_passages)
        patch.setattr(LocalEmbedder, "embed_question", _remembered_question)
        yield


def _remembered_passages(
    self: LocalEmbedder, passages: Sequence[PassageText], timeout: float
) -> tuple[list[PassageVectors], Usage]:
    """By whole batches, as a vector depends a little on what stands beside it."""
    batch = tuple((each.heading, each.text, tuple(map(_span, each.sentence_spans))) for each in passages)
    if batch not in _passages:
        _passages[batch] = _embed_passages(self, passages, timeout)
    found, usage = _passages[batch]
    return list(found), usage


def _remembered_question(self: LocalEmbedder, text: str, timeout: float) -> tuple[Vector, Usage]:
    if text not in _questions:
        _questions[text] = _embed_question(self, text, timeout)
    return _questions[text]


def _span(span: tuple[int, int]) -> tuple[int, int]:
    return span[0], span[1]
