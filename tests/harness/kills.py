"""Readers that never rest, and a process that indexes a document anew and is killed while it does."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from django.db import connection

from knowledge.retrieval.search import retrieve
from tests.harness import processes

WORDS = ("amber", "basalt")  # each text says one of them in every passage
SECTIONS = (7, 5)  # of each text
PAUSE = 0.02  # seconds between two reads of a reader


def text(kind: int, edition: int = 0) -> str:
    """One of two texts; each edition is a change, as its number is in the heading of every passage."""
    word = WORDS[kind]
    parts = [
        f"## Rule {number} of {word}\n\nThe {word} handbook explains rule {number}. "
        + " ".join(f"Clause {number}{letter} of {word} counts." for letter in "abcdefghijklmnop")
        for number in range(SECTIONS[kind])
    ]
    return "\n\n".join([f"# Handbook {edition}", *parts])


@dataclass
class Readers:
    """Threads that read the passages of a collection until the block ends; `faults` says what they should not see."""

    collection: int
    count: int
    reads: int = 0
    faults: list[str] = field(default_factory=list)
    _is_over: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        looks: list[Callable[[], list[str]]] = [self._retrieved, self._selected, self._selected, self._selected]
        for number in range(self.count):
            thread = threading.Thread(target=self._read, args=(looks[number % len(looks)],))
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join()

    def _read(self, look: Callable[[], list[str]]) -> None:
        try:
            while not self._is_over.wait(PAUSE):
                seen = look()
                self.reads += 1
                kinds = {kind for kind, word in enumerate(WORDS) if any(word in each for each in seen)}
                if len(kinds) != 1 or not all(WORDS[min(kinds)] in each for each in seen):
                    self.faults.append(f"{len(seen)} passages of the texts {sorted(kinds)}")
        finally:
            connection.close()

    def _retrieved(self) -> list[str]:
        found = retrieve("Which rules does the handbook explain?", collections=[self.collection], k=20)
        return [hit.text for hit in found.hits]

    def _selected(self) -> list[str]:
        """Every passage, in one statement; the version must be whole."""
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT c.text, c.version_id, v.chunk_count FROM knowledge_chunk c"
                " JOIN knowledge_documentversion v ON v.id = c.version_id WHERE c.collection_id = %s",
                [self.collection],
            )
            rows = cursor.fetchall()
        if len({row[1] for row in rows}) != 1 or len(rows) != rows[0][2]:
            self.faults.append(f"{len(rows)} passages of the versions {sorted({row[1] for row in rows})}")
        return [row[0] for row in rows]


@dataclass
class Tally:
    finished: int = 0
    killed: int = 0


def reindex(file: Path, collection: str, *, rounds: int, kills: int, chance: random.Random) -> Tally:
    """Switch `file` between the two texts `rounds` times, each time by a process of its own; `kills` of them die.

    A process is killed at a random moment of the time that one takes to finish.
    """
    tally = Tally()
    doomed = set(chance.sample(range(1, rounds), kills))
    taken = 0.0
    for number in range(rounds):
        file.write_text(text((number + 1) % 2, number + 1))
        started = time.monotonic()
        process = processes.start("ingest", str(file), "--collection", collection)
        if number in doomed:
            try:
                process.wait(timeout=chance.uniform(0.2, 1.05) * taken)
            except subprocess.TimeoutExpired:
                process.kill()
                tally.killed += 1
            process.wait()
            continue
        if process.wait() != 0:
            raise AssertionError("the document could not be indexed")
        taken = taken * 0.7 + (time.monotonic() - started) * 0.3 if taken else time.monotonic() - started
        tally.finished += 1
    return tally


def say(line: str) -> None:
    sys.stderr.write(f"\n{line}\n")
