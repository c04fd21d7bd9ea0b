"""A limit on the clock for work that can get stuck anywhere: a name look-up, a silent server, one that drips."""

import logging
import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Generic, TypeVar

from llm.completion import ProviderError, timed_out

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Again:
    """Beside work that has given nothing by `by` (time.monotonic()) the same is begun once more.

    Whichever gives something first is heard, and the other left. `may` is asked before.
    """

    by: float
    may: Callable[[], bool]


@dataclass(frozen=True)
class _End:
    error: BaseException | None


class _Feed(Generic[T]):
    """Work in a thread of its own, which puts what it yields and how it ends into an inbox."""

    def __init__(self, items: Callable[[], Iterator[T]], inbox: "SimpleQueue[tuple[_Feed[T], T | _End]]") -> None:
        self._items, self._inbox = items, inbox
        self._stopped = Event()
        Thread(target=self._run, name="deadline", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _run(self) -> None:
        try:
            for item in self._items():
                if self._stopped.is_set():
                    return
                self._inbox.put((self, item))
        except BaseException as error:  # noqa: BLE001  not swallowed: the thread that waits raises it
            if self._stopped.is_set():
                _log_late(error)
            self._inbox.put((self, _End(error)))
        else:
            self._inbox.put((self, _End(None)))


def iterate(
    items: Callable[[], Iterator[T]], deadline: float, *, first_by: float = math.inf, again: Again | None = None
) -> Generator[T, None, None]:
    """Yield what `items()` yields in a thread of its own, until `deadline`, the first by `first_by` (time.monotonic()).

    Raises ProviderError when the time is over, and whatever the thread raises. The thread ends with its next item after
    that, or after this iterator is closed, or when its own read times out; what it raises then is logged. `items` must
    not use the database, as connections belong to threads, and with `again` it may be called twice.
    """
    inbox: SimpleQueue[tuple[_Feed[T], T | _End]] = SimpleQueue()
    feeds = [_Feed(items, inbox)]
    try:
        heard, item = _first(items, inbox, feeds, min(deadline, first_by), again)
        for other in feeds:
            if other is not heard:
                other.stop()
        while not isinstance(item, _End):
            yield item
            heard, item = _next(inbox, deadline, heard)
        if item.error is not None:
            raise item.error
    finally:
        for feed in feeds:
            feed.stop()


def _first(
    items: Callable[[], Iterator[T]],
    inbox: "SimpleQueue[tuple[_Feed[T], T | _End]]",
    feeds: "list[_Feed[T]]",
    ends: float,
    again: Again | None,
) -> "tuple[_Feed[T], T | _End]":
    """What is given first, and by whom; of two that were begun, a failure counts only when the other fails too."""
    if again is None or again.by >= ends:
        return _next(inbox, ends)
    try:
        return _next(inbox, again.by)
    except ProviderError:  # nothing yet
        if not again.may():
            return _next(inbox, ends)
        feeds.append(_Feed(items, inbox))
    heard, item = _next(inbox, ends)
    if isinstance(item, _End) and item.error is not None:
        return _next(inbox, ends, next(feed for feed in feeds if feed is not heard))
    return heard, item


def _next(
    inbox: "SimpleQueue[tuple[_Feed[T], T | _End]]", ends: float, feed: "_Feed[T] | None" = None
) -> "tuple[_Feed[T], T | _End]":
    """What comes next, of one feed or of any. Raises ProviderError when nothing has come by `ends`."""
    while True:
        try:
            heard, item = inbox.get(timeout=max(0.0, ends - time.monotonic()))
        except Empty:
            raise timed_out() from None
        if feed is None or heard is feed:
            return heard, item


def _log_late(error: BaseException) -> None:
    """Nobody waits for it any more. A ProviderError holds no key; of anything else the kind is told alone."""
    said = str(error) if isinstance(error, ProviderError) else type(error).__name__
    log.warning("A call that nobody waits for any more ended in an error: %s", said)
