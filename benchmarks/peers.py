"""What others do with the same passages, vectors and questions. What is not installed is not measured."""

import importlib
import importlib.util
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def installed(*names: str) -> bool:
    return all(importlib.util.find_spec(name) for name in names)


def library(name: str) -> ModuleType:
    return importlib.import_module(name)


class LangChain:
    """LangChain's PGVector as it ships: cosine distance, no index unless its user makes one."""

    name = "LangChain PGVector"
    needs = ("langchain_postgres", "langchain_core")

    def __init__(self, url: str, collection: str, texts: Sequence[str], vectors: Array) -> None:
        embeddings = library("langchain_core.embeddings").DeterministicFakeEmbedding(size=vectors.shape[1])
        self.store = library("langchain_postgres").PGVector(
            embeddings=embeddings,
            collection_name=collection,
            connection=url.replace("postgresql://", "postgresql+psycopg://", 1),
            use_jsonb=True,
        )
        for first in range(0, len(texts), 1000):
            rows = range(first, min(first + 1000, len(texts)))
            self.store.add_embeddings(
                texts=[texts[i] for i in rows],
                embeddings=[vectors[i].tolist() for i in rows],
                metadatas=[{} for _ in rows],
                ids=[f"{collection}-{i}" for i in rows],
            )

    def search(self, vector: Array, k: int) -> list[int]:
        found = self.store.similarity_search_by_vector(vector.tolist(), k=k)
        return [int(document.id.rpartition("-")[2]) for document in found]


class BM25S:
    """bm25s: scores in memory, with English stop words, as in its own example."""

    name = "bm25s (in memory)"
    needs = ("bm25s",)

    def __init__(self, texts: Sequence[str]) -> None:
        self.library = library("bm25s")
        self.index = self.library.BM25()
        self.index.index(self.library.tokenize(list(texts), stopwords="en", show_progress=False), show_progress=False)

    def search(self, question: str, k: int) -> list[int]:
        asked = self.library.tokenize(question, stopwords="en", show_progress=False)
        found, _ = self.index.retrieve(asked, k=k, show_progress=False)
        return [int(number) for number in found[0]]


class SentenceTransformers:
    """The published model on torch, two threads, on the CPU."""

    name = "sentence-transformers"
    needs = ("sentence_transformers", "torch")

    def __init__(self, folder: str) -> None:
        library("torch").set_num_threads(2)
        self.model: Any = library("sentence_transformers").SentenceTransformer(folder, device="cpu")
        self.model.max_seq_length = 256

    def encode(self, texts: Sequence[str]) -> Array:
        vectors: Array = self.model.encode(
            list(texts), batch_size=32, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors
