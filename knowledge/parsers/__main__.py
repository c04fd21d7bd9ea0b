"""The child process of knowledge.jail: limits itself, then parses the files that come in, one after another.

A message is a length as eight bytes, then so many bytes. In come a name and the file's bytes; out goes one JSON object.
Django is never imported here, so that a child starts in a moment.
"""

import contextlib
import ctypes
import json
import os
import resource
import struct
import sys
import time
from typing import BinaryIO

from knowledge.parsers import parse
from knowledge.parsers.base import ParseError

MEMORY_BYTES = 1_000_000_000
CPU_SECONDS = 60
OPEN_FILES = 64
NICENESS = 10
OUT_OF_MEMORY = 77  # exit status
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # sched.h


def main() -> None:
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may look like a reply
    _limit()
    while (name := _read(requests)) is not None and (data := _read(requests)) is not None:
        _allow_more_cpu()
        try:
            reply = _reply(name.decode(), data)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        replies.write(struct.pack(">Q", len(reply)) + reply)
        replies.flush()


def _reply(name: str, data: bytes) -> bytes:
    try:
        parsed = parse(name, data)
    except ParseError as error:
        return json.dumps({"error": str(error)}).encode()
    return json.dumps({"title": parsed.title, "markdown": parsed.markdown, "warning": parsed.warning}).encode()


def _read(stream: BinaryIO) -> bytes | None:
    header = stream.read(8)
    return stream.read(struct.unpack(">Q", header)[0]) if len(header) == 8 else None


def _limit() -> None:
    """Bound what a file can make this process do. The network is taken away where the system lets us."""
    os.nice(NICENESS)
    for what, limit in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError):  # the administrator set a lower one, or macOS knows none
            resource.setrlimit(what, (limit, limit))
    if sys.platform == "linux":
        unshare = ctypes.CDLL(None).unshare
        if unshare(_NEW_NETWORK) != 0:
            unshare(_NEW_USER | _NEW_NETWORK)


def _allow_more_cpu() -> None:
    """Each file has its own share, counted from what the process has used so far."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(time.process_time()) + CPU_SECONDS, hard))


if __name__ == "__main__":
    main()
