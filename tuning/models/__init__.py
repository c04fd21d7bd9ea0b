"""The rows of this room."""

from tuning.models.datasets import Dataset, DatasetLine, Split
from tuning.models.examples import ExampleState, Export, ExportLine, TrainingExample
from tuning.models.jobs import OVER, Checkpoint, FineTuneJob, JobEvent, JobState
from tuning.models.proposals import ProposalBatch
from tuning.models.versions import ModelVersion

__all__ = [
    "OVER",
    "Checkpoint",
    "Dataset",
    "DatasetLine",
    "ExampleState",
    "Export",
    "ExportLine",
    "FineTuneJob",
    "JobEvent",
    "JobState",
    "ModelVersion",
    "ProposalBatch",
    "Split",
    "TrainingExample",
]
