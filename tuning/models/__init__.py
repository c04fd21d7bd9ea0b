"""The rows of this room."""

from tuning.models.datasets import Dataset, DatasetLine, Split
from tuning.models.examples import (
    EditKind,
    ExamplePassage,
    ExampleState,
    Export,
    ExportLine,
    SecondOpinion,
    TrainingExample,
)
from tuning.models.jobs import OVER, Checkpoint, FineTuneJob, JobEvent, JobState
from tuning.models.proposals import ProposalBatch
from tuning.models.reviews import ExampleReview, ReviewPolicy, ReviewVerdict
from tuning.models.versions import ModelVersion

__all__ = [
    "OVER",
    "Checkpoint",
    "Dataset",
    "DatasetLine",
    "EditKind",
    "ExamplePassage",
    "ExampleReview",
    "ExampleState",
    "Export",
    "ExportLine",
    "FineTuneJob",
    "JobEvent",
    "JobState",
    "ModelVersion",
    "ProposalBatch",
    "ReviewPolicy",
    "ReviewVerdict",
    "SecondOpinion",
    "Split",
    "TrainingExample",
]
