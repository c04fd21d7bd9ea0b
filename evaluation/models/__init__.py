"""The rows of this room."""

from evaluation.models.batches import BatchedAnswer, OrderState, RunBatch
from evaluation.models.cases import CaseSet, CaseSetLine, CaseSource, EvaluationCase, ExpectedBehaviour
from evaluation.models.figures import DailyAnswers, DailyUsage
from evaluation.models.runs import (
    EvaluationArm,
    EvaluationResult,
    EvaluationRun,
    FailureLayer,
    HumanGrade,
    PrimaryMeasure,
    RunState,
)

__all__ = [
    "BatchedAnswer",
    "CaseSet",
    "CaseSetLine",
    "CaseSource",
    "DailyAnswers",
    "DailyUsage",
    "EvaluationArm",
    "EvaluationCase",
    "EvaluationResult",
    "EvaluationRun",
    "ExpectedBehaviour",
    "FailureLayer",
    "HumanGrade",
    "OrderState",
    "PrimaryMeasure",
    "RunBatch",
    "RunState",
]
