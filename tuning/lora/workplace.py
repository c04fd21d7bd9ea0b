"""The folder in which a model is trained: what was ordered, how far it is, what came of it.

Both sides share it, the trainer that orders and looks and the process that imports torch, so it is of the standard
library alone.

Whoever trains holds the lock for as long as it lives, and the kernel lets go of it with the process: a held lock is the
one proof that somebody is at it.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

# What may be ordered beside the epochs, with what is taken where nothing is said.
DEFAULTS: dict[str, Any] = {
    "n_epochs": 3,
    "method": "sft",  # or dpo, which begins with sft: preferences alone teach a model to write rubbish
    "dpo_epochs": 1,
    "beta": 0.1,
    "learning_rate": 2e-4,
    "dpo_learning_rate": 5e-6,
    "rank": 16,  # as much as vLLM serves without being told
    "alpha": 32,
    "accumulate": 8,  # examples to a step, one after the other: side by side they take three times the memory
    "quantize": "no",  # or 4bit, on a GPU: QLoRA
    "merge": True,
    "seed": 7,
}
METHODS = ("sft", "dpo")
QUANTIZED = ("no", "4bit")

WORKING = ("checkpoints", "stages", "base", ".gguf")  # folders that nobody needs once it is over
SPLITS = ("train", "validation", "preferences")


@dataclass(frozen=True)
class TrainingFolder:
    """The files of one training. Nothing is there before `order` is: it comes last, when all the others are."""

    path: Path

    @property
    def order(self) -> Path:
        return self.path / "order.json"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def process(self) -> Path:
        """The pid of who trains, and when it was started."""
        return self.path / "process.json"

    @property
    def progress(self) -> Path:
        return self.path / "progress.jsonl"

    @property
    def cancelled(self) -> Path:
        return self.path / "cancelled"

    @property
    def outcome(self) -> Path:
        return self.path / "outcome.json"

    @property
    def log(self) -> Path:
        return self.path / "log.txt"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def merged(self) -> Path:
        return self.path / "merged"

    @property
    def gguf(self) -> Path:
        return self.path / "model.gguf"

    @property
    def gguf_adapter(self) -> Path:
        return self.path / "adapter.gguf"

    def lines(self, split: str) -> Path:
        return self.path / f"{split}.jsonl"

    def checkpoints(self, stage: str) -> Path:
        return self.path / "checkpoints" / stage


def write(path: Path, content: bytes | Mapping[str, Any]) -> None:
    """Whole or not at all, whatever dies meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.new")
    with draft.open("wb") as file:
        file.write(content if isinstance(content, bytes) else json.dumps(content, ensure_ascii=False).encode())
        file.flush()
        os.fsync(file.fileno())
    draft.rename(path)


def read(path: Path) -> dict[str, Any] | None:
    """What `write` wrote; None where nothing is."""
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    return found


def clear(folder: TrainingFolder) -> None:
    """Leave what is served and told. What was trained on stays in the dataset alone."""
    for split in SPLITS:
        folder.lines(split).unlink(missing_ok=True)
    for name in WORKING:
        shutil.rmtree(folder.path / name, ignore_errors=True)


def tell(folder: TrainingFolder, **told: Any) -> None:
    """Add a line of progress. One that a death cut off does not spoil the next."""
    line = json.dumps({**told, "at": datetime.now(UTC).isoformat()}, ensure_ascii=False).encode() + b"\n"
    with folder.progress.open("ab+") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            line = line if file.read(1) == b"\n" else b"\n" + line
        file.write(line)


def told(folder: TrainingFolder) -> Iterator[dict[str, Any]]:
    """The lines of progress that are whole."""
    try:
        lines = folder.progress.read_bytes().splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        with contextlib.suppress(ValueError):  # cut off by a death
            yield json.loads(line)


@contextlib.contextmanager
def held(folder: TrainingFolder) -> Iterator[int | None]:
    """The lock, as a file descriptor to be handed on to children; None where somebody else has it."""
    descriptor = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)


def is_held(folder: TrainingFolder) -> bool:
    """Whether somebody trains."""
    if not folder.lock.exists():
        return False
    with held(folder) as descriptor:
        return descriptor is None
