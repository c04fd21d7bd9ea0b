"""What a provider must do, and the one error it may raise."""

import re
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeVar

from foundation.text import clean
from llm.prompt import Prompt

T = TypeVar("T")

Kind = Literal[
    "key",
    "rate_limit",
    "quota",
    "bad_request",
    "unavailable",
    "timeout",
    "cut",
    "bad_reply",
    "refused",
    "open",
    "budget",
]
FinishReason = Literal["stop", "length", "refusal"]

_LOOKS_SECRET = re.compile(r"\b(?:sk|pk|key)-[\w*.-]{6,}|(?<=Bearer )\S+", re.IGNORECASE)
_PERMANENT: frozenset[Kind] = frozenset({"key", "quota", "bad_request", "refused", "budget"})


class ProviderError(Exception):
    """A provider gave no answer. `str()` is a sentence for the admin's log and never holds the key.

    `permanent`: asking again cannot help; "open" (llm.breaker asked nobody) may help later, yet not within one call.
    `retry_after`: the seconds it asks us to wait, None if it did not say.
    """

    def __init__(self, message: str, *, kind: Kind, retry_after: float | None = None) -> None:
        super().__init__(clean(message))
        self.kind: Kind = kind
        self.permanent = kind in _PERMANENT
        self.retry_after = retry_after


@dataclass(frozen=True)
class Usage:
    """Tokens of one call. `input_tokens` holds the cached and the cache-written ones too (OpenAI's way of counting)."""

    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    is_estimated: bool = False
    cache_write_tokens: int = 0


@dataclass(frozen=True)
class Completion:
    """The end of a reply: its whole text, why it ended, and what it used."""

    text: str
    finish_reason: FinishReason
    usage: Usage


class Provider(ABC):
    """A vendor's models behind one method. Making one opens no connection."""

    def __init__(self, *, base_url: str, api_key: str, is_private_allowed: bool = False) -> None:
        self.base_url = base_url
        self.api_key = api_key
        self.is_private_allowed = is_private_allowed

    @abstractmethod
    def stream(self, prompt: Prompt, *, model: str, timeout: float) -> Iterator[str | Completion]:
        """Yield the reply as it comes, then exactly one Completion. Raises ProviderError and nothing else.

        `timeout` is seconds for the whole reply. Citations are `[n]` in the text, n being `Passage.number`.
        """

    def retires_on(self, model: str, *, timeout: float) -> date | None:  # noqa: ARG002  most vendors do not tell
        """The day from which a model is not served any more; None where it is not known. Raises ProviderError."""
        return None


def completion(text: str, finish_reason: FinishReason | None, usage: Usage) -> Completion:
    """The Completion of a reply that has ended. Raises ProviderError when it ended too early or holds nothing."""
    if finish_reason is None:
        raise ProviderError("The reply of the provider was cut off before its end.", kind="cut")
    if finish_reason == "stop" and not text.strip():
        raise ProviderError("The provider sent an empty reply.", kind="bad_reply")
    return Completion(text, finish_reason, usage)


def timed_out() -> ProviderError:
    return ProviderError("The provider did not finish its reply in time.", kind="timeout")


def until(deadline: float, items: Iterable[T]) -> Iterator[T]:
    """The items that arrive before `deadline` (time.monotonic()); raises ProviderError at the first one after it.

    The SDKs' timeouts hold for each read alone, so a server that drips would otherwise be listened to for ever.
    """
    for item in items:
        if time.monotonic() > deadline:
            raise timed_out()
        yield item


def redacted(text: str, api_key: str = "") -> str:
    """`text` without the key, or anything else that looks like one."""
    return _LOOKS_SECRET.sub("[key]", text.replace(api_key, "[key]") if api_key else text)
