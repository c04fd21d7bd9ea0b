"""What a provider must do, and the one error it may raise."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from llm.completion import Completion, timed_out
from llm.prompt import Prompt

T = TypeVar("T")

NO_OBJECTION = frozenset({401, 402, 403, 408, 409, 413, 429})  # statuses that object to no part of a request's form


@dataclass(frozen=True)
class ListedModel:
    """A model as its server lists it. `owner` is the server's own word for whose it is, `context` the tokens it takes.

    What a server does not tell is empty, or None.
    """

    name: str
    owner: str
    made_at: datetime | None = None
    context: int | None = None


@dataclass(frozen=True)
class Learnt:
    """What a server turned out to want for a model: the options that it refuses, whether it takes a system text.

    None is not known.
    """

    refused: tuple[str, ...] = ()
    takes_system: bool | None = None


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

    def models(self, *, timeout: float) -> Sequence[ListedModel]:  # noqa: ARG002  most vendors do not tell
        """Those that this key may call; none where the vendor does not list them. Raises ProviderError."""
        return ()

    def context(self, model: str, *, timeout: float) -> int | None:
        """Tokens that a model takes; None where its server does not tell. Raises ProviderError."""
        return next((each.context for each in self.models(timeout=timeout) if each.name == model), None)

    def learnt(self, model: str) -> Learnt:  # noqa: ARG002  most vendors take what their documents say
        """What asking this model has taught this process."""
        return Learnt()

    def recall(self, model: str, learnt: Learnt) -> None:  # noqa: B027  as `learnt`
        """Start from what another process has learnt, unless this one knows better."""

    def forget(self, model: str) -> None:  # noqa: B027  as `learnt`
        """Learn anew."""


def until(deadline: float, items: Iterable[T]) -> Iterator[T]:
    """The items that arrive before `deadline` (time.monotonic()); raises ProviderError at the first one after it.

    The SDKs' timeouts hold for each read alone, so a server that drips would otherwise be listened to for ever.
    """
    for item in items:
        if time.monotonic() > deadline:
            raise timed_out()
        yield item
