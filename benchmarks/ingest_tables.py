"""The figures of benchmarks.ingest; imported once Django is set up."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from django.core.management import call_command

from benchmarks import data
from benchmarks.data import BenchPassage
from benchmarks.speed_tables import write
from knowledge.embedders.embedding import load
from knowledge.index import indexing
from knowledge.index.collections import collection_for
from knowledge.models import Chunk
from knowledge.originals.base import File

SECTIONS = 8
CHANGED = 100  # one document of so many changes in a night


def report(folder: Path, documents: int) -> None:
    call_command("setup", verbosity=0)
    load()
    passages = [passage for name in data.SETS for passage in data.read(folder, name).passages]
    with tempfile.TemporaryDirectory(prefix="parley-ingest-") as place:
        files = [Path(place) / f"article-{number}.md" for number in range(documents)]
        for number, file in enumerate(files):
            file.write_text(_article(number, passages), encoding="utf-8")
        first, made = _ingested(files)
        for file in files[::CHANGED]:
            file.write_text(file.read_text(encoding="utf-8") + "\n\nThis was added in the night.\n", encoding="utf-8")
        again, remade = _ingested(files)
    write(
        f"{documents:,} Markdown documents, {Chunk.objects.count():,} passages, through indexing.add\n\n"
        f"| | seconds | documents indexed | passages/s |\n|---|---|---|---|\n"
        f"| all new | {first:.1f} | {made:,} | {Chunk.objects.count() / first:.1f} |\n"
        f"| 1 of {CHANGED} changed | {again:.2f} | {remade:,} | {100 * again / first:.1f} % of the time |"
    )


def _article(number: int, passages: Sequence[BenchPassage]) -> str:
    """A document of its own text: in each section half of one passage and half of another."""
    parts = [f"# Article {number}"]
    for place in range(number * SECTIONS, (number + 1) * SECTIONS):
        one, other = passages[place % len(passages)], passages[(place * 7919 + place // len(passages)) % len(passages)]
        body = f"{one.text[: len(one.text) // 2]} {other.text[len(other.text) // 2 :]}"
        parts.append(f"## {' '.join(one.heading.split())}\n\n{body}")
    return "\n\n".join(parts)


def _ingested(files: Sequence[Path]) -> tuple[float, int]:
    """The seconds for all of them, and how many had to be indexed."""
    started = time.perf_counter()
    outcomes = list(indexing.add([File(file, file.name) for file in files], collection_for("", None)))
    seconds = time.perf_counter() - started
    failed = [outcome.reason for outcome in outcomes if outcome.state == "failed"]
    if failed:
        raise RuntimeError(f"{len(failed)} documents were not indexed: {failed[0]}")
    return seconds, sum(outcome.state == "indexed" for outcome in outcomes)
