"""How long a platform asked us to wait, remembered by every thread at once and by other processes a second later.

A window is the time after a refusal in which the platform wants no call of its kind. What is asked in one is refused
here, without a call: a platform counts those against whoever goes on, and Slack may take the app away for it.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import cast

from django.core.cache import caches
from django.db import Error, connection

log = logging.getLogger(__name__)

SHARED_SECONDS = 1.0  # between two looks at what other processes were told
LONGEST = 3600.0  # seconds that a platform is believed; longer than that is no window but a mistake
Clock = Callable[[], float]


class Windows:
    """The windows of one platform. `clock` tells seconds since 1970, by which processes understand each other."""

    def __init__(self, platform: str, clock: Clock = time.time) -> None:
        self._key = f"windows:{platform}"
        self._clock = clock
        self._until: dict[str, float] = {}
        self._paced: dict[str, float] = {}  # from when on the next call is due
        self._promised: dict[str, float] = {}  # the last moment that somebody was told to come back at
        self._looked_at = float("-inf")
        self._lock = threading.Lock()

    def left(self, *names: str) -> float:
        """Seconds until none of these windows is open; 0 when none is."""
        self._look()
        with self._lock:
            left = (self._until.get(name, 0.0) - self._clock() for name in names)
            return max([0.0, *(each for each in left if each <= LONGEST)])  # longer: a clock was set, here or there

    def open(self, name: str, seconds: float) -> None:
        """The platform wants no call of this name for so long."""
        with self._lock:
            until = self._clock() + min(max(seconds, 0.0), LONGEST)
            self._until[name] = max(until, self._until.get(name, 0.0))
        self._share()

    def turn(self, name: str, every: float, *, at_once: int = 1) -> float:
        """Seconds until a call is due of which there may be one in `every` seconds, and so many of them `at_once` after
        a pause; 0: now, and it counts as made. Whoever has to wait is given a turn of their own, so that not all come
        back at once."""
        with self._lock:
            now = self._clock()
            if self._paced.get(name, 0.0) > now + at_once * every + 1.0:  # the clock was set back
                del self._paced[name]
                self._promised.pop(name, None)
            due = self._paced.get(name, 0.0) - (at_once - 1) * every
            if now >= due:
                self._paced[name] = max(now, self._paced.get(name, 0.0)) + every
                return 0.0
            self._promised[name] = max(due, self._promised.get(name, 0.0) + every)
            return self._promised[name] - now

    def _look(self) -> None:
        """Learn what other processes were told, now and then."""
        with self._lock:
            now = self._clock()
            if 0 <= now - self._looked_at < SHARED_SECONDS or connection.in_atomic_block:
                return
            self._looked_at = now
        self._learn(self._shared())

    def _learn(self, shared: dict[str, float]) -> None:
        with self._lock:
            now = self._clock()
            for name, until in shared.items():
                if until <= now + LONGEST:
                    self._until[name] = max(until, self._until.get(name, 0.0))
            for kept in (self._until, self._paced, self._promised):
                for name in [name for name, until in kept.items() if not now <= until <= now + LONGEST]:
                    del kept[name]

    def _shared(self) -> dict[str, float]:
        try:
            return cast(dict[str, float], caches["default"].get(self._key, {}))
        except Error as error:
            log.info("What other processes were asked to wait is not known: %s", str(error).strip())
            return {}

    def _share(self) -> None:
        """Tell the other processes; two that do so at once may each lose a word, and are told again when they ask."""
        if connection.in_atomic_block:
            return
        self._learn(self._shared())
        with self._lock:
            told = dict(self._until)
            longest = max(told.values(), default=0.0) - self._clock()
        try:
            caches["default"].set(self._key, told, timeout=max(longest, 1.0))
        except Error as error:
            log.info("Other processes are not told what we were asked to wait: %s", str(error).strip())
