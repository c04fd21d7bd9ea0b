"""What a call to a model ends in: a completion with its usage, or the one error."""

import re
from dataclasses import dataclass
from typing import Literal

from foundation.text import clean

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

    `permanent`: asking again cannot help; "open" (its breaker asked nobody) may help later, yet not within one call.
    `retry_after`: the seconds it asks us to wait, None if it did not say.
    """

    def __init__(self, message: str, *, kind: Kind, retry_after: float | None = None) -> None:
        super().__init__(clean(message))
        self.kind: Kind = kind
        self.permanent = kind in _PERMANENT
        self.retry_after = retry_after


@dataclass(frozen=True)
class Usage:
    """Tokens of one call. `input_tokens` holds the cached and the cache-written ones too (OpenAI's way of counting).

    Of a server that tells more cached tokens than were sent, neither is believed: all count as fresh, the dearest case.
    """

    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    is_estimated: bool = False
    cache_write_tokens: int = 0

    def __post_init__(self) -> None:
        parts = (self.cached_input_tokens, self.cache_write_tokens)
        if min(parts) < 0 or sum(parts) > self.input_tokens:
            for name in ("cached_input_tokens", "cache_write_tokens"):
                object.__setattr__(self, name, 0)


@dataclass(frozen=True)
class Completion:
    """The end of a reply: its whole text, why it ended, and what it used."""

    text: str
    finish_reason: FinishReason
    usage: Usage


def completion(text: str, finish_reason: FinishReason | None, usage: Usage) -> Completion:
    """The Completion of a reply that has ended. Raises ProviderError when it ended too early or holds nothing."""
    if finish_reason is None:
        raise ProviderError("The reply of the provider was cut off before its end.", kind="cut")
    if finish_reason == "stop" and not text.strip():
        raise ProviderError("The provider sent an empty reply.", kind="bad_reply")
    return Completion(text, finish_reason, usage)


def timed_out() -> ProviderError:
    return ProviderError("The provider did not finish its reply in time.", kind="timeout")


def redacted(text: str, api_key: str = "") -> str:
    """`text` without the key, or anything else that looks like one."""
    return _LOOKS_SECRET.sub("[key]", text.replace(api_key, "[key]") if api_key else text)
