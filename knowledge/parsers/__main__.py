"""The child process of knowledge.jail: limits itself, then parses the files that come in, one after another.

A message is a length as eight bytes, then so many bytes. In come a name, a title for a document that has none, and the
file's bytes; out goes one JSON object. Cutting Markdown into blocks is done here too, as it is a parser's work.
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
from collections.abc import Iterator
from dataclasses import asdict
from typing import BinaryIO

from knowledge.parsers import parse, visible
from knowledge.parsers.base import ParseError
from knowledge.passages.blocks import blocks

MEMORY_BYTES = 1_000_000_000
CPU_SECONDS = 60
OPEN_FILES = 64
NICENESS = 10
OUT_OF_MEMORY = 77  # exit status
PARTS = 3  # of a request
_NEW_USER, _NEW_NETWORK = 0x10000000, 0x40000000  # sched.h


def main() -> None:
    requests, replies = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that a library prints may look like a reply
    _limit()
    while len(parts := list(_request(requests))) == PARTS:
        name, title, data = parts
        _allow_more_cpu()
        try:
            reply = _reply(name.decode(), title.decode(), data)
        except MemoryError:
            os._exit(OUT_OF_MEMORY)
        replies.write(struct.pack(">Q", len(reply)) + reply)
        replies.flush()


def _reply(name: str, title: str, data: bytes) -> bytes:
    try:
        parsed = parse(name, data)
    except ParseError as error:
        return json.dumps({"error": str(error)}).encode()
    title = parsed.title or title
    found = [asdict(block) for block in blocks(parsed.markdown, title)]
    reply = json.dumps({"title": title, "blocks": found, "warning": parsed.warning}, ensure_ascii=False)
    return visible(reply).encode()  # once more, as Markdown can write characters as numbers: &#8238;


def _request(stream: BinaryIO) -> Iterator[bytes]:
    for _ in range(PARTS):
        header = stream.read(8)
        if len(header) < 8:
            return
        yield stream.read(struct.unpack(">Q", header)[0])


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
