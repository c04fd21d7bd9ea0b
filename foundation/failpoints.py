"""Named points at which a process can be made to die, so that a test hits each of them for certain.

FAILPOINT=name or name@n: the process that reaches the point for the n-th time is killed there, as by kill -9. A point
is named where it is reached, and nowhere else.
"""

import logging
import os
import signal
import threading
from pathlib import Path

from django.conf import settings

log = logging.getLogger(__name__)

_reached = 0
_is_armed = True
_lock = threading.Lock()


def reach(name: str) -> None:
    """Die here if the settings say so."""
    global _reached  # noqa: PLW0603  counted per process
    if not settings.FAILPOINT or not _is_armed:
        return
    wanted, number = _wanted()
    if name != wanted:
        return
    with _lock:
        _reached += 1
        if _reached == number:
            os.kill(os.getpid(), signal.SIGKILL)


def disarm() -> None:
    """Let this process live, whatever the settings say."""
    global _is_armed  # noqa: PLW0603  one process
    _is_armed = False


def announce(source: Path) -> None:
    """Say in the log where this process will die, or that no code under `source` reaches that point."""
    if not settings.FAILPOINT:
        return
    name, number = _wanted()
    if any(f'failpoints.reach("{name}")' in path.read_text() for path in source.rglob("*.py")):
        log.warning("FAILPOINT: this process is killed when it reaches %r, time number %d.", name, number)
    else:
        log.error("FAILPOINT names %r, a point that nothing here reaches: this process is not killed.", name)


def _wanted() -> tuple[str, int]:
    name, _, number = settings.FAILPOINT.partition("@")
    return name, int(number or 1)
