"""How far this install is on the way from good answers to a model of its own."""

from dataclasses import dataclass

from tuning.datasets import exporting, validating
from tuning.models import Dataset, ExampleState, FineTuneJob, JobState, ModelVersion, TrainingExample
from tuning.registry import versions


@dataclass(frozen=True)
class Milestone:
    """`name` is the address where it is reached, `action` what is done there."""

    title: str
    detail: str
    name: str
    action: str
    is_done: bool


def all_of_them() -> list[Milestone]:
    """In their order."""
    return [_examples(), _dataset(), _job(), _model()]


def _examples() -> Milestone:
    waiting = TrainingExample.objects.filter(state=ExampleState.IN_REVIEW).count()
    approved, least = exporting.exportable().count(), validating.LEAST_LINES
    detail = (
        f"{approved} approved, {waiting} wait for review. A trainer takes {least} or more; {validating.PILOT} "
        f"different questions are enough for a pilot, {validating.RECOMMENDED} are recommended for going live."
    )
    name, action = ("review", "Review") if waiting else ("conversations", "Find good answers")
    return Milestone("Approve examples", detail, name, action, approved >= least)


def _dataset() -> Milestone:
    newest = Dataset.objects.order_by("-id").first()
    kept = f"{newest} is the newest." if newest else "There is none yet."
    detail = f"{kept} What is frozen cannot be changed, so it stays known what a model learnt."
    return Milestone("Freeze a dataset", detail, "datasets", "Datasets", newest is not None)


def _job() -> Milestone:
    count = FineTuneJob.objects.count()
    done = FineTuneJob.objects.filter(state=JobState.SUCCEEDED).count()
    detail = f"{done} of {count} jobs ended with a model." if count else "No job was ordered yet."
    return Milestone(
        "Train a model", f"{detail} What it costs is shown before it is ordered.", "jobs", "Jobs", done > 0
    )


def _model() -> Milestone:
    tuned = ModelVersion.objects.exclude(base="").count()
    live = versions.live()
    detail = f"{live} answers now." if live and live.is_tuned else "A base model answers now."
    told = f"{tuned} tuned in the registry. {detail} What answered before is one click back."
    return Milestone("Let it answer", told, "registry", "Registry", bool(live and live.is_tuned))
