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
    "room",
    "aloud",
    "refused",
    "open",
    "budget",
]
FinishReason = Literal["stop", "length", "refusal"]
_LOOKS_SECRET = re.compile(r"\b(?:sk|pk|key)-[\w*.-]{6,}|(?<=Bearer )\S+", re.IGNORECASE)
_PERMANENT: frozenset[Kind] = frozenset({"key", "quota", "bad_request", "room", "refused", "budget"})


class ProviderError(Exception):
    """A provider gave no answer. `str()` is a sentence for the admin's log and never holds the key.

    `permanent`: asking again cannot help; "open" (its breaker asked nobody) may help later, yet not within one call.
    "room": it used up its tokens before it said a word, and may say one with more; "aloud": what came so far was
    thinking, which is left out when it is asked again. `retry_after`: the seconds it asks us to wait, None if it did
    not say. `usage` is what it used all the same, as far as that is known.
    """

    def __init__(
        self, message: str, *, kind: Kind, retry_after: float | None = None, usage: "Usage | None" = None
    ) -> None:
        super().__init__(clean(message))
        self.usage = usage
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

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.input_tokens + other.input_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
            self.output_tokens + other.output_tokens,
            self.is_estimated or other.is_estimated,
            self.cache_write_tokens + other.cache_write_tokens,
        )

    def __post_init__(self) -> None:
        parts = (self.cached_input_tokens, self.cache_write_tokens)
        if min(parts) < 0 or sum(parts) > self.input_tokens:
            for name in ("cached_input_tokens", "cache_write_tokens"):
                object.__setattr__(self, name, 0)


@dataclass(frozen=True)
class Completion:
    """The end of a reply: its whole text, why it ended, what it used, and whether it was thought over first."""

    text: str
    finish_reason: FinishReason
    usage: Usage
    has_thought: bool = False


def completion(
    text: str,
    finish_reason: FinishReason | None,
    usage: Usage,
    *,
    told: object = None,
    has_thought: bool = False,
) -> Completion:
    """The Completion of a reply that has ended, for the reason that the provider `told`.

    Raises ProviderError when it ended too early, for a reason nobody knows, or holds nothing.
    """
    if finish_reason is None:
        why = f"ended for a reason that is not known ({str(told)[:40]})" if told else "was cut off before its end"
        raise ProviderError(f"The reply of the provider {why}.", kind="cut", usage=usage)
    if finish_reason == "length" and not text.strip():
        raise ProviderError("The model used up its tokens before it said a word.", kind="room", usage=usage)
    if finish_reason == "stop" and not text.strip():
        raise ProviderError("The provider sent an empty reply.", kind="bad_reply", usage=usage)
    return Completion(text, finish_reason, usage, has_thought=has_thought)


def timed_out() -> ProviderError:
    return ProviderError("The provider did not finish its reply in time.", kind="timeout")


def redacted(text: str, api_key: str = "") -> str:
    """`text` without the key, or anything else that looks like one."""
    return _LOOKS_SECRET.sub("[key]", text.replace(api_key, "[key]") if api_key else text)
