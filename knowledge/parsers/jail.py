"""Runs parsers in a child process that a bad file may kill without harm to anything else."""

import contextlib
import json
import logging
import select
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import NoReturn, Self

from knowledge.parsers.__main__ import MEMORY_BYTES, OUT_OF_MEMORY
from knowledge.parsers.base import ParseError
from knowledge.passages.blocks import Block

WALL_SECONDS = 60.0
SIGNAL_SECONDS = 0.5
COMMAND = (sys.executable, "-m", "knowledge.parsers")
_ROOT = Path(__file__).resolve().parents[2]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Reading:
    """What a file says. `warning` tells what was left out of it."""

    title: str
    blocks: list[Block]
    warning: str


class Jail:
    """A child process that parses one file after another; after a death the next file gets a new one.

    Use as a context manager, by one thread at a time. The child is given no environment, so it holds no keys.
    """

    def __init__(self, wall_seconds: float = WALL_SECONDS, command: Sequence[str] = COMMAND) -> None:
        self.wall_seconds = wall_seconds
        self.command = command
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def parse(self, name: str, data: bytes, title: str = "") -> Reading:
        """The blocks of a file, its type told by `name` and its first bytes. Raises ParseError, whatever happens.

        `title` is for a document that states none itself.
        """
        child = self._started()
        with _killed_after(child, self.wall_seconds) as is_late:
            reply = _ask(child, name.encode(), title.encode(), data)
        if reply is None:
            self._bury(is_late=is_late.is_set())
        fields = json.loads(reply)
        if "error" in fields:
            raise ParseError(fields["error"])
        found = [Block(tuple(block.pop("path")), tuple(block.pop("units")), **block) for block in fields["blocks"]]
        return Reading(fields["title"], found, fields["warning"])

    def _started(self) -> subprocess.Popen[bytes]:
        if self._child is None:
            self._child = subprocess.Popen(
                self.command,
                cwd=_ROOT,
                env={"LC_ALL": "C.UTF-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C reaches us, and we end it
            )
        return self._child

    def _bury(self, *, is_late: bool) -> NoReturn:
        """Clear away a child that did not answer, and say why as well as its end tells."""
        status = self._end()
        logger.info("A parser ended with status %s.", status)
        if is_late or status == -signal.SIGXCPU:
            raise ParseError(f"The file took longer than {self.wall_seconds:g} seconds to read.")
        megabytes = MEMORY_BYTES // 1_000_000
        if status == OUT_OF_MEMORY:
            raise ParseError(f"The file needs more than {megabytes:,} MB of memory to read.")
        if status == -signal.SIGABRT:  # how native code ends without memory, and otherwise
            raise ParseError(f"The file is damaged, or needs more than {megabytes:,} MB of memory to read.")
        raise ParseError("The file is damaged and cannot be read.")

    def _end(self) -> int:
        """Stop the child. Returns its exit status."""
        if self._child is None:
            return 0
        child, self._child = self._child, None
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with contextlib.suppress(BrokenPipeError):  # what it never read
                if pipe:
                    pipe.close()
        return child.wait()


def _ask(child: subprocess.Popen[bytes], *parts: bytes) -> bytes | None:
    """The reply of the child, or None when it died."""
    if child.stdin is None or child.stdout is None:
        raise ValueError("the child needs pipes")
    try:
        for part in parts:
            child.stdin.write(struct.pack(">Q", len(part)))
            child.stdin.write(part)
        child.stdin.flush()
    except BrokenPipeError:
        return None
    while not select.select([child.stdout], [], [], SIGNAL_SECONDS)[0]:
        pass  # Python looks for signals here; one that came just before a read would have to wait for its end
    header = child.stdout.read(8)
    if len(header) < 8:
        return None
    length = struct.unpack(">Q", header)[0]
    reply = child.stdout.read(length)
    return reply if len(reply) == length else None


@contextlib.contextmanager
def _killed_after(child: subprocess.Popen[bytes], seconds: float) -> Iterator[threading.Event]:
    """Kill the child when the block takes too long; the event tells whether that happened."""
    is_late = threading.Event()

    def kill() -> None:
        is_late.set()
        child.kill()

    timer = threading.Timer(seconds, kill)
    timer.start()
    try:
        yield is_late
    finally:
        timer.cancel()
