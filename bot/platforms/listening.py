"""Listens in a process of its own: what is acknowledged within three seconds waits for no answer that is being written.

Threads of one process take turns at the interpreter, and a turn of a listener comes as seldom as that of each of the 48
answers. A process beside them gets its share from the operating system. It keeps and acknowledges, and tells the one
that started it how it is, a word on each line; the rows that it keeps are what they have in common. It ends when its
standard input does, so however the other one dies.
"""

import logging
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TextIO, cast

from django.conf import settings
from django.utils.module_loading import import_string

log = logging.getLogger(__name__)

LISTENERS = {"slack": "bot.platforms.slack.listener.SocketListener"}
UP, DOWN, GAP, REFUSED = "up", "down", "gap", "refused"  # with what is wrong with the token
TELL_SECONDS = 0.5  # between two words on how it is
SILENT_SECONDS = 10.0  # without a word it counts as not connected
STOP_SECONDS = 5.0  # for what is being kept, from asking to killing
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 10.0  # seconds before it is started again, doubled each time
HEALTHY_SECONDS = 60.0  # after which earlier deaths are forgotten


class Listener(Protocol):
    """What takes in what a platform delivers, in threads of its own."""

    refused: str

    def start(self) -> None: ...

    def stop(self) -> None: ...

    @property
    def is_connected(self) -> bool: ...


def listen(platform: str, told: TextIO, words: TextIO, stopping: threading.Event, fallen: list[str]) -> None:
    """Listen in this process until `stopping` is set or `told`, whence nothing is ever read, ends. `words` go out.

    It ends as well when a thread has `fallen`: whoever started it starts it again.
    """

    def say(word: str) -> None:
        try:
            words.write(f"{word}\n")
            words.flush()
        except (BrokenPipeError, ValueError):  # whoever started this is gone
            stopping.set()

    def follow() -> None:
        told.read()
        stopping.set()

    threading.Thread(target=follow, name="end", daemon=True).start()
    make = cast(Callable[[Callable[[], None]], Listener], import_string(LISTENERS[platform]))
    listener = make(lambda: say(GAP))
    listener.start()
    while not (stopping.wait(TELL_SECONDS) or fallen):
        say(f"{REFUSED} {listener.refused}" if listener.refused else UP if listener.is_connected else DOWN)
    listener.stop()


class ListenerProcess:
    """The process that listens, as the one that answers sees it; it is started again whenever it dies."""

    def __init__(self, platform: str, on_gap: Callable[[], None]) -> None:
        self._platform = platform
        self._on_gap = on_gap
        self._stopping = threading.Event()
        self._child: subprocess.Popen[str] | None = None
        self._up_at = float("-inf")
        self.refused = ""

    def start(self) -> None:
        threading.Thread(target=self._keep, name=f"{self._platform}-listener", daemon=True).start()

    def stop(self) -> None:
        """Ask it to take nothing more; returns at once."""
        self._stopping.set()
        if self._child is not None and self._child.stdin is not None:
            self._child.stdin.close()

    def close(self) -> None:
        """Return when it has ended; what it was keeping has some seconds."""
        if self._child is None:
            return
        try:
            self._child.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._child.kill()

    @property
    def is_connected(self) -> bool:
        return time.monotonic() - self._up_at < SILENT_SECONDS

    def _keep(self) -> None:
        starts, pause = 0, FIRST_PAUSE
        while not self._stopping.is_set():
            starts, began = starts + 1, time.monotonic()
            status = self._run(starts)
            self._up_at = float("-inf")
            if self._stopping.is_set():
                return
            pause = FIRST_PAUSE if time.monotonic() - began > HEALTHY_SECONDS else pause
            how = f"was killed by {signal.Signals(-status).name}" if status < 0 else f"ended with status {status}"
            log.error("The process that listens to %s %s; it is started again.", self._platform, how)
            self._stopping.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _run(self, start: int) -> int:
        """Start it for the n-th time and hear it to its end; the status it ended with."""
        command = [sys.executable, str(Path(settings.BASE_DIR) / "manage.py"), "runbot", self._platform]
        with subprocess.Popen(
            [*command, "--listen", str(start)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as child:
            self._child = child
            if self._stopping.is_set():
                self.stop()
            for word in child.stdout or ():
                self._hear(word.strip())
        return child.returncode

    def _hear(self, word: str) -> None:
        if word == GAP:
            self._on_gap()
        else:
            self._up_at = time.monotonic() if word == UP else float("-inf")
            state, _, why = word.partition(" ")
            self.refused = why if state == REFUSED else ""
