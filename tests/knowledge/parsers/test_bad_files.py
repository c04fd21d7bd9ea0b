"""Whatever a file is, it ends with a state and a reason, and the files beside it are indexed all the same."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import psutil
import pytest

from knowledge.index.indexing import Indexed
from knowledge.models import Document, DocumentState
from knowledge.originals.folders import files
from knowledge.parsers import jail
from tests.knowledge.parsers import bad_files
from tests.rows.make import make_collection, make_deployment, make_indexed

pytestmark = pytest.mark.django_db
MOST_BYTES = 1_000_000_000
MOST_SECONDS = jail.WALL_SECONDS + 30  # reading is limited; embedding what was read comes after


def ended(outcomes: list[Indexed]) -> list[str]:
    """The files that did not end as they should."""
    return [
        outcome.path
        for outcome in outcomes
        if outcome.seconds > MOST_SECONDS or (outcome.state == "failed") != bool(outcome.reason)
    ]


@contextmanager
def watched() -> Iterator[list[int]]:
    """The memory that parsers held, seen every few milliseconds."""
    seen, is_over = [0], threading.Event()

    def watch() -> None:
        while not is_over.wait(0.05):
            for child in psutil.Process().children():
                try:
                    seen.append(child.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        is_over.set()
        thread.join()


def ingested(folder: Path) -> list[Indexed]:
    make_deployment()
    return make_indexed(make_collection(), *files(str(folder)).originals)


def test_damaged_files_of_all_types_fail_alone(tmp_path: Path) -> None:
    count = bad_files.write(tmp_path, islice(bad_files.mutated(), 0, None, 5))
    with watched() as seen:
        outcomes = ingested(tmp_path)
    assert count > 35
    assert ended(outcomes) == []
    assert max(seen) < MOST_BYTES
    assert not Document.objects.filter(state=DocumentState.PENDING).exists()
    good = Document.objects.filter(path__contains="-good.md")
    assert set(good.values_list("state", flat=True)) == {DocumentState.INDEXED}
    assert good.count() == -(-count // 50)


@pytest.mark.chaos
def test_every_bad_file_ends_in_time_and_within_its_memory(tmp_path: Path) -> None:
    count = bad_files.write(tmp_path, bad_files.bad_files())
    started = time.monotonic()
    with watched() as seen:
        outcomes = ingested(tmp_path)
    failed = sum(outcome.state == "failed" for outcome in outcomes)
    slowest = max(outcomes, key=lambda outcome: outcome.seconds)
    print(  # noqa: T201  `make chaos` shows it
        f"\n{count} bad files: {failed} of {len(outcomes)} documents failed with a reason in"
        f" {time.monotonic() - started:.0f} s; at most {max(seen) / 1e6:.0f} MB;"
        f" the slowest, {slowest.path}, took {slowest.seconds:.0f} s"
    )
    assert count >= 200
    assert ended(outcomes) == []
    assert max(seen) < MOST_BYTES
    assert Document.objects.filter(path__contains="-good.md", state=DocumentState.INDEXED).count() == -(-count // 50)
