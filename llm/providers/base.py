"""What a provider must do, and the one error it may raise."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from datetime import date
from typing import TypeVar

from llm.completion import Completion, timed_out
from llm.prompt import Prompt

T = TypeVar("T")


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


def until(deadline: float, items: Iterable[T]) -> Iterator[T]:
    """The items that arrive before `deadline` (time.monotonic()); raises ProviderError at the first one after it.

    The SDKs' timeouts hold for each read alone, so a server that drips would otherwise be listened to for ever.
    """
    for item in items:
        if time.monotonic() > deadline:
            raise timed_out()
        yield item
