"""Named points at which a process can be made to die, so that a test hits each of them for certain.

FAILPOINT=name or name@n: the process that reaches the point for the n-th time is killed there, as by kill -9.
"""

import os
import signal
import threading

from django.conf import settings

POINTS = frozenset(
    {
        "inbox.begun",
        "inbox.question_inserted",
        "inbox.receipt_inserted",
        "inbox.committed",
        "listener.acknowledged",
        "worker.claimed",
        "worker.signed",
        "worker.asked_kept",
        "answer.searched",
        "answer.first_words",
        "answer.half_shown",
        "answer.written",
        "stream.begun",
        "stream.kept",
        "save.message",
        "save.deliveries",
        "save.committed",
        "delivery.claimed",
        "delivery.looked",
        "delivery.sending",
        "delivery.posted",
        "delivery.marked",
        "delivery.part_two",
        "question.done",
        "sweep.looked",
    }
)
_reached = 0
_lock = threading.Lock()


def reach(name: str) -> None:
    """Die here if the settings say so."""
    global _reached  # noqa: PLW0603  counted per process
    if not settings.FAILPOINT:
        return
    wanted, _, number = settings.FAILPOINT.partition("@")
    if name != wanted:
        return
    with _lock:
        _reached += 1
        if _reached == int(number or 1):
            os.kill(os.getpid(), signal.SIGKILL)
