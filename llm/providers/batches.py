"""What a vendor must do that answers many prompts in one order, within a day and for less, and the words for it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from llm.completion import Completion, ProviderError
from llm.prompt import Prompt

KEY_SHOWN = 12  # of the key of an order, which the names of its lines begin with


class BatchState(StrEnum):
    """UNKNOWN is a state that nobody has told of: it is waited for, and never taken for an end."""

    GOING = "going"
    ENDED = "ended"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class BatchLine:
    """A prompt under a name of its own: 1 to 64 letters, digits, - and _, KEY_SHOWN of the order's key first."""

    name: str
    prompt: Prompt


@dataclass(frozen=True)
class BatchReport:
    """How an order is: `told` is the vendor's own word, `done` the lines that have come to an end, None if untold."""

    state: BatchState
    told: str
    done: int | None = None
    error: str = ""


@dataclass(frozen=True)
class BatchReply:
    """What came of a line: a completion, or the error that it ended with."""

    name: str
    completion: Completion | None
    error: ProviderError | None = None


class Batches(ABC):
    """A vendor's orders behind six verbs, each of which raises ProviderError and nothing else."""

    def __init__(self, *, base_url: str, api_key: str, is_private_allowed: bool = False) -> None:
        self.base_url = base_url
        self.api_key = api_key
        self.is_private_allowed = is_private_allowed

    @abstractmethod
    def probe(self) -> bool:
        """Whether this server takes such orders at all."""

    @abstractmethod
    def find(self, key: str, count: int, since: float) -> str | None:
        """The order that was made under `key` of so many lines at `since` (seconds since 1970) or later; empty where
        there is none, None where it cannot be told yet."""

    @abstractmethod
    def create(self, key: str, lines: Sequence[BatchLine], model: str) -> str:
        """Order once; the id of the order. What was created before and not kept is for `find`."""

    @abstractmethod
    def report(self, order: str) -> BatchReport | None:
        """None where the vendor knows no such order."""

    @abstractmethod
    def replies(self, order: str) -> Iterator[BatchReply]:
        """What came of the lines, in any order; some may be missing."""

    @abstractmethod
    def cancel(self, order: str) -> None:
        """Have what is not done yet left undone. Of an order that is over nothing changes."""

    @abstractmethod
    def forget(self, order: str) -> None:
        """Have what was uploaded for an order that is over, and what came of it, deleted; what is gone already is
        passed over."""


def expired() -> ProviderError:
    return ProviderError("The provider did not come to it within its day.", kind="timeout")


def cancelled() -> ProviderError:
    return ProviderError("The order was cancelled before its turn.", kind="cut")
