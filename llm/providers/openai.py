"""OpenAI, and every server that speaks its chat completions: vLLM, Ollama, Together, Nebius, Azure."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from itertools import islice
from typing import Any

import openai
from openai.types import CompletionUsage

from foundation import egress
from llm import tokens
from llm.completion import Completion, FinishReason, Usage, completion
from llm.prompt import Prompt
from llm.providers.base import ListedModel, Provider, until
from llm.providers.faults import translated

_FINISH: dict[str, FinishReason] = {"length": "length", "content_filter": "refusal"}

MOST_LISTED = 2000

# Options a server has refused, by (address, model): asked without at once the next time.
_refused: dict[tuple[str, str], set[str]] = {}


@lru_cache(maxsize=16)
def client(base_url: str, api_key: str, is_private_allowed: bool) -> openai.OpenAI:
    """The SDK's client, kept so that connections are reused. It never retries: llm.retry does."""
    http = egress.client(is_private_allowed=is_private_allowed)
    return openai.OpenAI(base_url=base_url, api_key=api_key or "none", max_retries=0, http_client=http)


class OpenAIProvider(Provider):
    def stream(self, prompt: Prompt, *, model: str, timeout: float) -> Iterator[str | Completion]:
        deadline = time.monotonic() + timeout
        with translated(openai, api_key=self.api_key):
            chunks = self._ask(prompt, model, deadline)
        text, usage = "", None
        finish: FinishReason | None = None
        with chunks, translated(openai, api_key=self.api_key, lost="cut"):
            for chunk in until(deadline, chunks):
                usage = getattr(chunk, "usage", None) or usage
                for choice in getattr(chunk, "choices", None) or ():
                    finish = finish_reason(choice.finish_reason) or finish
                    if choice.delta and (delta := choice.delta.content or choice.delta.refusal):
                        text += delta
                        yield delta
        yield completion(text, finish, usage_of(usage) if usage else tokens.estimate(prompt, text))

    def retires_on(self, model: str, *, timeout: float) -> date | None:
        with translated(openai, api_key=self.api_key):
            asked = client(self.base_url, self.api_key, self.is_private_allowed)
            found = asked.models.retrieve(model, timeout=timeout)
        told = getattr(found, "shutdown_date", None)
        return date.fromisoformat(told) if isinstance(told, str) and told else None

    def models(self, *, timeout: float) -> Sequence[ListedModel]:
        with translated(openai, api_key=self.api_key):
            asked = client(self.base_url, self.api_key, self.is_private_allowed)
            found = list(islice(asked.models.list(timeout=timeout), MOST_LISTED))
        return [  # many servers leave out whose a model is, or when it was made
            ListedModel(each.id, str(getattr(each, "owned_by", None) or ""), _moment(getattr(each, "created", None)))
            for each in found
        ]

    def _ask(self, prompt: Prompt, model: str, deadline: float) -> openai.Stream[Any]:
        """Open the stream; once for each option the server turns out not to know, ask again without it."""
        refused = _refused.setdefault((self.base_url, model), set())
        asked = client(self.base_url, self.api_key, self.is_private_allowed)
        while True:
            try:
                stream: openai.Stream[Any] = asked.chat.completions.create(
                    **_request(prompt, model, refused), stream=True, timeout=max(0.001, deadline - time.monotonic())
                )
            except openai.BadRequestError as error:
                option = _refused_option(error.message)
                if option is None or option in refused:
                    raise
                refused.add(option)
            else:
                return stream


def _moment(told: object) -> datetime | None:
    """Servers of their own send no time, 0, or milliseconds."""
    return datetime.fromtimestamp(told, UTC) if isinstance(told, int) and 0 < told < 32_503_680_000 else None


def finish_reason(told: str | None) -> FinishReason | None:
    """Why a reply ended, in our words; None where it has not."""
    return _FINISH.get(told, "stop") if told else None


def request_body(prompt: Prompt, model: str, base_url: str) -> dict[str, Any]:
    """What is asked where the reply comes in one piece, without the options that this server has refused before."""
    return _request(prompt, model, {*_refused.get((base_url, model), ()), "stream_options"})


def _request(prompt: Prompt, model: str, refused: set[str]) -> dict[str, Any]:
    """The request's body. `max_tokens` is what compatible servers know; OpenAI's newest models want the other name."""
    request: dict[str, Any] = {
        "model": model,
        "messages": prompt.messages(),
        "max_tokens": prompt.max_output_tokens,
        "temperature": 0,
        "stream_options": {"include_usage": True},
    }
    if "max_tokens" in refused:
        request["max_completion_tokens"] = request["max_tokens"]
    return {name: value for name, value in request.items() if name not in refused}


def _refused_option(message: str) -> str | None:
    """The option of ours that a 400 complains about, None when it is about something else."""
    if "max_completion_tokens" in message:
        return "max_tokens"
    return next((option for option in ("temperature", "stream_options") if option in message), None)


def usage_of(told: CompletionUsage) -> Usage:
    details = told.prompt_tokens_details
    return Usage(
        input_tokens=told.prompt_tokens,
        cached_input_tokens=(details and details.cached_tokens) or 0,
        output_tokens=told.completion_tokens or 0,
        cache_write_tokens=(details and details.cache_write_tokens) or 0,
    )
