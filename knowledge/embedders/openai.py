"""OpenAI's embedding models, and every server that speaks their protocol."""

from collections.abc import Iterator, Sequence

import numpy as np
import openai
from typing_extensions import override

from knowledge.embedders.base import Embedder, PassageText, PassageVectors, Vector, full_text, unit
from llm.completion import ProviderError, Usage
from llm.providers.faults import translated
from llm.providers.openai import client

# https://platform.openai.com/docs/api-reference/embeddings/create: 2,048 inputs, 300,000 tokens in all, 8,192 each.
# A token is at least one byte of UTF-8, so counting bytes keeps text of every language within the limits.
MAX_INPUTS = 2048
MAX_REQUEST_BYTES = 300_000
MAX_INPUT_BYTES = 8192


class OpenAIEmbedder(Embedder):
    """Vectors over the network. Every sentence is an input of its own, its heading before it."""

    @override
    def batches(self, passages: Sequence[PassageText]) -> Iterator[Sequence[PassageText]]:
        batch: list[PassageText] = []
        inputs = size = 0
        for passage in passages:
            texts = _inputs(passage)
            weight = sum(len(text.encode()) for text in texts)
            if batch and (inputs + len(texts) > MAX_INPUTS or size + weight > MAX_REQUEST_BYTES):
                yield batch
                batch, inputs, size = [], 0, 0
            batch.append(passage)
            inputs += len(texts)
            size += weight
        if batch:
            yield batch

    @override
    def embed_passages(self, passages: Sequence[PassageText], timeout: float) -> tuple[list[PassageVectors], Usage]:
        inputs = [_inputs(passage) for passage in passages]
        vectors, usage = self._embed([text for texts in inputs for text in texts], timeout)
        found = []
        for passage, texts in zip(passages, inputs, strict=True):
            own, vectors = vectors[: len(texts)], vectors[len(texts) :]
            sentences = own[1:] if len(own) > 1 else np.repeat(own, len(passage.sentence_spans), axis=0)
            found.append(PassageVectors(own[0], sentences))
        return found, usage

    @override
    def embed_question(self, text: str, timeout: float) -> tuple[Vector, Usage]:
        vectors, usage = self._embed([_fitting(text)], timeout)
        return vectors[0], usage

    def _embed(self, texts: Sequence[str], timeout: float) -> tuple[Vector, Usage]:
        """[texts, dimensions] in the order of `texts`. Raises ProviderError, also when vectors are missing."""
        with translated(openai, api_key=self.api_key):
            reply = client(self.base_url, self.api_key, self.is_private_allowed).embeddings.create(
                model=self.model,
                input=list(texts),
                dimensions=self.dimensions if self.model.startswith("text-embedding-3") else openai.omit,
                encoding_format="float",
                timeout=timeout,
            )
        rows = sorted(reply.data or [], key=lambda row: row.index)
        if [row.index for row in rows] != list(range(len(texts))):
            raise ProviderError("The provider sent fewer vectors than it was asked for.", kind="bad_reply")
        if any(len(row.embedding) != self.dimensions for row in rows):
            raise ProviderError(
                f"The provider sent vectors of {len(rows[0].embedding)} numbers in place of {self.dimensions}.",
                kind="bad_reply",
            )
        usage = Usage(input_tokens=reply.usage.prompt_tokens, cached_input_tokens=0, output_tokens=0)
        return unit(np.array([row.embedding for row in rows], dtype=np.float32)), usage


def _inputs(passage: PassageText) -> list[str]:
    """The passage, then its sentences; a passage of one sentence is that sentence."""
    whole = _fitting(full_text(passage))
    if len(passage.sentence_spans) < 2:
        return [whole]
    sentences = (PassageText(passage.heading, passage.text[start:end], ()) for start, end in passage.sentence_spans)
    return [whole, *(_fitting(full_text(sentence)) for sentence in sentences)]


def _fitting(text: str) -> str:
    """`text` as one input: cut at MAX_INPUT_BYTES, and never empty, which the API refuses."""
    return text.encode()[:MAX_INPUT_BYTES].decode(errors="ignore") or " "
