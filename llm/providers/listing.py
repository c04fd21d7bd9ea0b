"""What servers tell of the models they serve, each in words of its own."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import httpx2

from foundation import egress
from llm.providers.base import ListedModel
from llm.providers.reading import count, of

# How many tokens a model takes: first what its server gives it, then what it was made for. vLLM and SGLang; LM Studio;
# llama.cpp; Groq; OpenRouter, Together and Fireworks; Mistral; Anthropic and LiteLLM.
_CONTEXTS = (
    "max_model_len", "loaded_context_length", "n_ctx", "context_window", "context_length", "max_context_length",
    "max_input_tokens", "max_context", "n_ctx_train",
)  # fmt: skip
_INNER = ("meta", "model_info", "top_provider", "limits")
_LATEST = 32_503_680_000  # the year 3000; what is later was told in milliseconds


MOST_BYTES = 10_000_000  # of a reply; the longest list there is has a twentieth of that


def bounded(seconds: float, *, is_private_allowed: bool) -> httpx2.Client:
    """What servers are asked with about their models. It may be anybody's server, and somebody waits at a page."""
    bounds = egress.Bounds(MOST_BYTES, seconds)
    return egress.client(is_private_allowed=is_private_allowed, bounds=bounds)


def listed(entry: Any) -> ListedModel | None:
    """A model of a list; None for what has no name. Many servers leave out whose it is, or when it was made."""
    name = of(entry, "id") or of(entry, "name") or of(entry, "model")
    if not isinstance(name, str) or not name.strip():
        return None
    made_at = of(entry, "created_at")
    return ListedModel(
        name=name.strip(),
        owner=str(of(entry, "owned_by") or ""),
        made_at=made_at if isinstance(made_at, datetime) else moment(of(entry, "created")),
        context=context(entry),
    )


def moment(told: object) -> datetime | None:
    """Servers of their own send no time, 0, or milliseconds."""
    return datetime.fromtimestamp(told, UTC) if isinstance(told, int) and 0 < told < _LATEST else None


def context(entry: Any) -> int | None:
    """Tokens that a model takes, as an entry of a list tells it; None where it does not."""
    for thing in (entry, *(of(entry, name) for name in _INNER)):
        for name in _CONTEXTS if thing is not None else ():
            if tokens := count(of(thing, name)):
                return tokens
    return _of_ollama(entry)


def doors(base_url: str, model: str) -> Iterator[tuple[str, dict[str, str] | None]]:
    """Where servers that speak OpenAI's protocol tell more of a model beside it, and what to send there: LM Studio (two
    versions), Ollama, LiteLLM."""
    root = base_url.rstrip("/").removesuffix("/v1")
    yield f"{root}/api/v1/models", None
    yield f"{root}/api/v0/models/{quote(model, safe='')}", None
    yield f"{root}/api/show", {"model": model}
    yield f"{root}/model/info", None


def behind(reply: Any, model: str) -> int | None:
    """Tokens that a model takes, as one of `doors` tells it."""
    entries = of(reply, "data") or of(reply, "models")
    if not isinstance(entries, list):
        return context(reply)
    mine = next((each for each in entries if model in (of(each, "model_name"), of(each, "key"))), None)
    loaded = of(mine, "loaded_instances")
    for each in loaded if isinstance(loaded, list) else ():
        if tokens := count(of(of(each, "config"), "context_length")):
            return tokens
    return context(mine)


def _of_ollama(entry: Any) -> int | None:
    """`num_ctx` where it was set for the model, else what the model was made for, under a name of its family."""
    told = of(entry, "parameters")
    for line in told.splitlines() if isinstance(told, str) else ():
        name, _, value = line.strip().partition(" ")
        if name == "num_ctx" and value.strip().isdigit():
            return count(int(value)) or None
    info = of(entry, "model_info")
    if not isinstance(info, Mapping):
        return None
    found = (count(value) for name, value in info.items() if str(name).endswith(".context_length"))
    return next((tokens for tokens in found if tokens), None)
