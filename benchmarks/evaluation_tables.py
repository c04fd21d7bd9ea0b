"""The figures of benchmarks.evaluation; imported once Django is set up."""

import resource
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.core.management import call_command

from benchmarks import data, loading
from benchmarks.speed_tables import write
from bot.answers import answering
from evaluation.cases import bench_sets, case_sets, collecting
from evaluation.models import CaseSet, EvaluationCase, RunState
from evaluation.runs import execution, run_reports, starting
from evaluation.runs.starting import RunPlan
from knowledge.embedders.local import LocalEmbedder
from llm.models import Deployment, ServingRole

CHUNK = 100


@dataclass(frozen=True)
class Took:
    """Seconds by the clock, and of this process's own processor time; what PostgreSQL does is in the first alone."""

    wall: float
    cpu: float

    def __add__(self, other: "Took") -> "Took":
        return Took(self.wall + other.wall, self.cpu + other.cpu)

    def __sub__(self, other: "Took") -> "Took":
        return Took(self.wall - other.wall, self.cpu - other.cpu)


def _now() -> Took:
    return Took(time.perf_counter(), time.process_time())


def report(folder: Path, count: int) -> None:
    call_command("setup", verbosity=0)
    part = data.read(folder.parent, folder.name)
    embed = Deployment.objects.live(ServingRole.EMBED)
    embedder = LocalEmbedder(model=embed.model, dimensions=embed.dimensions or 0, base_url="", api_key="")
    vectors = data.embed(embedder, part.passages, folder.name)
    collection, _ = loading.load(folder.name, part.passages, vectors, space=embed.vector_space)
    before = _now()
    drafts = bench_sets.read(folder).sampled(count).drafts
    cases = collecting.add_drafts(drafts, origin=folder.name, by=None).cases
    case_set = case_sets.freeze("bench", cases, by=None)
    frozen = _now() - before
    plain, run = _both(cases, case_set, collection)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    write(
        f"\n{len(cases):,} cases of {folder.name} over {len(part.passages):,} passages, quoting; up to {peak:.0f} MB\n"
    )
    write("| | s | CPU s | answers a second |\n|---|---|---|---|")
    write(f"| import and freeze | {frozen.wall:.1f} | {frozen.cpu:.1f} | |")
    for name, took in (("retrieved and quoted in a plain loop", plain), ("the run: scored and kept as well", run)):
        write(f"| {name} | {took.wall:.1f} | {took.cpu:.1f} | {len(cases) / took.wall:.1f} |")
    write(
        f"\nThe run takes {run.wall / plain.wall:.2f} of the plain loop's time, {run.cpu / plain.cpu:.2f} of its CPU."
    )


def _both(cases: Sequence[EvaluationCase], case_set: CaseSet, collection: int) -> tuple[Took, Took]:
    """The plain loop and the run in turns of CHUNK cases, so that what else the machine does is on both alike."""
    plain = Took(0, 0)
    _plainly(cases[:10], collection)  # what is loaded at first use is on neither

    def in_turns(done: int, total: int) -> None:
        nonlocal plain
        if done % CHUNK == 0 and done < total:
            plain += _plainly(cases[done : done + CHUNK], collection)

    started = starting.start(case_set, RunPlan(collections=[collection]), by=None)
    before = _now()
    finished = execution.run(started.pk, in_turns)
    run = _now() - before - plain
    if finished is None or finished.state != RunState.DONE or finished.results.count() != len(cases):
        raise RuntimeError(f"The run did not come to its end: {finished and finished.reason}")
    for line in run_reports.table(finished):
        write(line)
    return plain, run


def _plainly(cases: Sequence[EvaluationCase], collection: int) -> Took:
    before = _now()
    for case in cases:
        answering.compose(case.question, collections=[collection]).finish()
    return _now() - before
