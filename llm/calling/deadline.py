"""A limit on the clock for work that can get stuck anywhere: a name look-up, a silent server, one that drips."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TypeVar

from llm.completion import timed_out

T = TypeVar("T")


@dataclass(frozen=True)
class _End:
    error: BaseException | None


def iterate(
    items: Callable[[], Iterator[T]], deadline: float, *, first_by: float = math.inf
) -> Generator[T, None, None]:
    """Yield what `items()` yields in a thread of its own, until `deadline`, the first by `first_by` (time.monotonic()).

    Raises ProviderError when the time is over, and whatever the thread raises. The thread ends with its next item after
    that, or after this iterator is closed, or when its own read times out. `items` must not use the database, as
    connections belong to threads.
    """
    inbox: SimpleQueue[T | _End] = SimpleQueue()
    stopped = Event()
    ends = min(deadline, first_by)
    Thread(target=_feed, args=(items, inbox, stopped), name="deadline", daemon=True).start()
    try:
        while True:
            try:
                item = inbox.get(timeout=max(0.0, ends - time.monotonic()))
            except Empty:
                raise timed_out() from None
            if not isinstance(item, _End):
                ends = deadline
                yield item
            elif item.error is None:
                return
            else:
                raise item.error
    finally:
        stopped.set()


def _feed(items: Callable[[], Iterator[T]], inbox: "SimpleQueue[T | _End]", stopped: Event) -> None:
    try:
        for item in items():
            if stopped.is_set():
                return
            inbox.put(item)
    except BaseException as error:  # noqa: BLE001  not swallowed: the thread that waits raises it
        inbox.put(_End(error))
    else:
        inbox.put(_End(None))
