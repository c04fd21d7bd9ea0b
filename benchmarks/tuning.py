"""Datasets of 100,000 examples: python -m benchmarks.tuning

Clustered and split, validated, shaped and exported, each in a process of its own whose memory is told. The questions
are those of the judged sets and others spliced from two of them, a tenth of them planted: an earlier question in nearly
the same words, or in other words of nearly the same meaning. Peers, in the same run over the same texts and vectors:
every pair of vectors multiplied out, and datasketch's MinHashLSH where it is installed (it brings scipy, and is not
among the requirements). Both are given a part of the lines, and the time for all follows from how each grows.
"""

import argparse
import hashlib
import json
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
STAGES = ("cluster", "multiply", "datasketch", "validate", "shape", "export")
PASSAGES = 6
THREADS = "1"  # of BLAS: the machine is somebody else's, too


@dataclass(frozen=True)
class Asked:
    """Questions with unit vectors, and pairs of which one was made to say the same as the other."""

    texts: list[str]
    vectors: Any
    planted: list[tuple[int, int]]


def questions(folder: Path, count: int) -> Asked:
    from benchmarks import data  # noqa: PLC0415  after set-up
    from knowledge.embedders.local import LocalEmbedder  # noqa: PLC0415

    found = list(dict.fromkeys(each.text for name in data.SETS for each in data.read(folder, name).questions))
    asked = [data.BenchPassage(str(n), "", 0, "", "", text, []) for n, text in enumerate(found)]
    embedder = LocalEmbedder(model="all-MiniLM-L6-v2", dimensions=384, base_url="", api_key="")
    real = np.array([each.vector for each in data.embed(embedder, asked, "questions")], dtype=np.float32)
    chance, noise = random.Random(1), np.random.default_rng(1)  # noqa: S311  a benchmark
    texts, planted = found[:count], []
    vectors = np.empty((count, real.shape[1]), dtype=np.float32)
    vectors[: len(texts)] = real[: len(texts)]
    while len(texts) < count:
        place = len(texts)
        if chance.random() < 0.1:
            origin = chance.randrange(place)
            planted.append((origin, place))
            vectors[place] = vectors[origin] + noise.normal(0, 0.012, real.shape[1])
            texts.append(_reworded(texts[origin], chance) if chance.random() < 0.5 else _spliced(found, chance))
        else:
            one, other, share = chance.randrange(len(found)), chance.randrange(len(found)), chance.uniform(0.3, 0.7)
            vectors[place] = share * real[one] + (1 - share) * real[other] + noise.normal(0, 0.02, real.shape[1])
            texts.append(_spliced(found, chance))
        vectors[place] /= np.linalg.norm(vectors[place])
    return Asked(texts, vectors, planted)


def _spliced(found: Sequence[str], chance: random.Random) -> str:
    return f"{_half(chance.choice(found), chance)} {_half(chance.choice(found), chance)}"


def _half(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    start = chance.randrange(len(words) // 2 + 1)
    return " ".join(words[start : start + max(1, len(words) // 2)])


def _reworded(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    place = chance.randrange(len(words))
    return " ".join([*words[:place], words[place][::-1], *words[place + 1 :]])


def timed(work: Callable[[], Any]) -> tuple[Any, dict[str, float]]:
    wall, cpu = time.perf_counter(), time.process_time()
    found = work()
    return found, {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}


def cluster(folder: Path, count: int) -> dict[str, Any]:
    from tuning.examples import clusters  # noqa: PLC0415
    from tuning.examples.clusters import Item  # noqa: PLC0415

    asked = questions(folder, count)
    items = [Item(text) for text in asked.texts]
    by_text, text = timed(lambda: clusters.assign(items))
    assigned, whole = timed(lambda: clusters.assign(items, asked.vectors))
    keys = [f"{place} {each}" for place, each in enumerate(asked.texts)]
    apart, split = timed(lambda: clusters.split(assigned, keys, salt="salt", share=0.1))
    kept = [place for place, number in enumerate(assigned) if number in apart]
    near = [(a, b) for a, b in asked.planted if asked.vectors[a] @ asked.vectors[b] >= 0.9]
    assert all((assigned[a] in apart) == (assigned[b] in apart) for a, b in asked.planted if assigned[a] == assigned[b])
    return {
        **whole, "text_seconds": text["seconds"], "text_cpu": text["cpu"], "split_seconds": split["seconds"],
        "clusters": len(set(assigned)), "clusters_by_text": len(set(by_text)), "validation": len(kept) / count,
        "found": sum(assigned[a] == assigned[b] for a, b in near) / max(1, len(near)), "near": len(near),
    }  # fmt: skip


def multiply(folder: Path, count: int) -> dict[str, Any]:
    """All pairs, a block at a time: exact, and quadratic in all dimensions."""
    vectors, block = questions(folder, count).vectors, 2048

    def all_pairs() -> int:
        near = 0
        for start in range(0, count, block):
            for other in range(start, count, block):
                pairs = np.argwhere(vectors[start : start + block] @ vectors[other : other + block].T >= 0.9)
                near += int((pairs[:, 0] + start < pairs[:, 1] + other).sum())
        return near

    from tuning.examples import resemblance  # noqa: PLC0415

    near, peer = timed(all_pairs)
    ours, own = timed(lambda: sum(1 for _ in resemblance.neighbours(vectors)))
    return {**peer, "own_seconds": own["seconds"], "own_cpu": own["cpu"], "pairs": near, "own_pairs": ours}


def datasketch(folder: Path, count: int) -> dict[str, Any]:
    """The same groups of five bytes, permutations and threshold, through the library's own index."""
    if find_spec("datasketch") is None:
        return {}
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415

    from tuning.examples import resemblance  # noqa: PLC0415
    from tuning.examples.clusters import plain  # noqa: PLC0415

    texts = list(dict.fromkeys(plain(text) for text in questions(folder, count).texts))

    def pairs() -> int:
        index, found = MinHashLSH(threshold=0.7, num_perm=64), 0
        for number, text in enumerate(texts):
            raw, sketch = text.encode(), MinHash(num_perm=64)
            sketch.update_batch({raw[start : start + 5] for start in range(max(1, len(raw) - 4))})
            found += len(index.query(sketch))
            index.insert(number, sketch)
        return found

    found, peer = timed(pairs)
    ours, own = timed(lambda: sum(1 for _ in resemblance.near_duplicates(texts)))
    return {**peer, "own_seconds": own["seconds"], "own_cpu": own["cpu"], "pairs": found, "own_pairs": ours}


def lines(folder: Path, count: int) -> Iterator[Any]:
    """Candidates over six real passages each, whose answers are a sentence of one of them, in a voice."""
    from benchmarks import data  # noqa: PLC0415
    from bot.answers import prompts  # noqa: PLC0415
    from knowledge.retrieval.search import Hit  # noqa: PLC0415
    from tuning.datasets.validating import Candidate  # noqa: PLC0415

    part, chance = data.read(folder, "squad2"), random.Random(2)  # noqa: S311  a benchmark
    hits = [
        Hit(chunk_id=0, document_id=0, collection_id=0, path="", url="", title=each.title, heading=each.heading,
            text=each.text, ordinal=0, score=0.0, scores={}, sentences=())
        for each in part.passages
    ]  # fmt: skip
    for number in range(count):
        given = chance.sample(range(len(hits)), PASSAGES)
        cited = part.passages[given[number % PASSAGES]]
        start, end = chance.choice(cited.sentence_spans)
        said = f"{cited.text[start:end].rstrip('.')} [{number % PASSAGES + 1}]."
        asked = prompts.build(
            f"{chance.choice(part.questions).text} ({number})", [hits[n] for n in given], may_search=True
        )
        answer = {"role": "assistant", "content": f"Hello! {said} Happy to help!"}
        yield Candidate(number, [*asked.messages(), answer], rejected=said, reviewer=number % 3, key=str(number))


def validate(folder: Path, count: int) -> dict[str, Any]:
    from tuning.datasets import cautions, validating  # noqa: PLC0415
    from tuning.datasets.shaping import GivenPassages  # noqa: PLC0415

    made = list(lines(folder, count))
    broken = {count // 2: "Yes [9].", count // 3: "Write to eve@corp.io [1].", count // 4: "It costs 77123 euros [1]."}
    for place, answer in broken.items():
        made[place] = replace(
            made[place], messages=[*made[place].messages[:-1], {"role": "assistant", "content": answer}]
        )

    def everything() -> list[int]:
        given = GivenPassages(made)
        found = [problem.line - 1 for problem in validating.problems(made)]
        for place, (line, passages) in enumerate(zip(made, given.passages, strict=True)):
            found += [place for _ in validating.of_support(line, line.messages, passages or (), given.words)]
        cautions.warnings(made, cautions.Traits(count, {}, (), ()))
        return found

    found, spent = timed(everything)
    return {
        **spent,
        "broken": len(broken),
        "found": len(broken.keys() & set(found)),
        "others": len(set(found) - broken.keys()),
    }


def shape(folder: Path, count: int) -> dict[str, Any]:
    from tuning.datasets import shaping  # noqa: PLC0415
    from tuning.datasets.shaping import GivenPassages  # noqa: PLC0415

    made = list(lines(folder, count))

    def everything() -> int:
        refusals = shaping.refusals(made, GivenPassages(made), salt="salt", share=0.2)
        for line in (*made, *refusals.values()):
            shaping.shuffled(line, salt="salt")
        return len(refusals)

    refusals, spent = timed(everything)
    return {**spent, "refusals": refusals / (count + refusals)}


def export(folder: Path, count: int) -> dict[str, Any]:
    from tuning.datasets import formats  # noqa: PLC0415

    made = list(lines(folder, count))

    def everything() -> tuple[list[str], int]:
        sums, size = [], 0
        for name in formats.FORMATS:
            digest = hashlib.sha256()
            for line in formats.stream(made, name):
                digest.update(line)
                size += len(line)
            sums.append(digest.hexdigest())
        return sums, size

    first, spent = timed(everything)
    return {**spent, "formats": len(first[0]), "same": first == everything(), "bytes": first[1]}


def inside(stage: str, folder: Path, count: int) -> None:
    """One stage, as JSON, with the most memory that this process had beyond what it began its work with."""
    import django  # noqa: PLC0415

    django.setup()
    if stage in ("cluster", "multiply", "datasketch"):
        questions(folder, count)  # embedded and kept, so that no stage measures it
    found = globals()[stage](folder, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(json.dumps({**found, "peak_mb": round(peak)}))


def _run(stage: str, folder: Path, count: int) -> dict[str, Any]:
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "config.settings", "SECRET_KEY": "only-to-measure",
        "OPENBLAS_NUM_THREADS": THREADS, "OMP_NUM_THREADS": THREADS,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "PARLEY_HOME": str(ROOT / "var" / "bench"),
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "benchmarks.tuning",
        "--inside",
        stage,
        "--data",
        str(folder),
        "--lines",
        str(count),
    ]
    done = subprocess.run(command, env=environment, cwd=ROOT, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--peer-lines", type=int, default=20_000)
    parser.add_argument("--only", choices=STAGES, action="append")
    parser.add_argument("--inside", choices=STAGES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside:
        inside(options.inside, options.data, options.lines)
        return
    sys.stdout.write("| | lines | seconds | CPU seconds | peak MB | |\n|---|---|---|---|---|---|\n")
    for stage in options.only or STAGES:
        count = options.peer_lines if stage in ("multiply", "datasketch") else options.lines
        if row := told(stage, _run(stage, options.data, count), count):
            sys.stdout.write(row)
            sys.stdout.flush()
    sys.stdout.write(f"\nLoad of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; one thread.\n")


def told(stage: str, found: dict[str, Any], count: int) -> str:
    """A row of the table, empty for a peer that is not installed."""
    if "seconds" not in found:
        return ""
    compared = "ours {own_seconds:.1f} s ({own_cpu:.1f} CPU), {ratio:.1f} times as fast; pairs {pairs} and {own_pairs}"
    said = {
        "cluster": "{clusters:,} clusters; texts alone {text_cpu:.1f} CPU, split {split_seconds:.1f} s; {found:.1%} of"
        " {near:,} planted pairs together",
        "multiply": compared,
        "datasketch": f"{compared} (the others' not compared in full)",
        "validate": "{found} of {broken} planted faults named, {others} others",
        "shape": "{refusals:.1%} refusals made",
        "export": "{formats} formats, {size:.0f} MB together, the same bytes again: {same}",
    }[stage]
    ratio, size = found["cpu"] / found.get("own_cpu", 1), found.get("bytes", 0) / 1024**2
    told = said.format(**found, ratio=ratio, size=size)
    return f"| {stage} | {count:,} | {found['seconds']:.1f} | {found['cpu']:.1f} | {found['peak_mb']} | {told} |\n"


if __name__ == "__main__":
    main()
