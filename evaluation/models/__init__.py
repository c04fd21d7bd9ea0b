"""The rows of this room."""

from evaluation.models.batches import BatchedAnswer, OrderState, RunBatch
from evaluation.models.cases import CaseSet, CaseSetLine, CaseSource, EvaluationCase, ExpectedBehaviour
from evaluation.models.drift import DriftMeasure, DriftReading, DriftState
from evaluation.models.figures import DailyAnswers, DailyUsage
from evaluation.models.judgements import Judgement, JudgementKind, JudgeOrder
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
    "DriftMeasure",
    "DriftReading",
    "DriftState",
    "EvaluationArm",
    "EvaluationCase",
    "EvaluationResult",
    "EvaluationRun",
    "ExpectedBehaviour",
    "FailureLayer",
    "HumanGrade",
    "JudgeOrder",
    "Judgement",
    "JudgementKind",
    "OrderState",
    "PrimaryMeasure",
    "RunBatch",
    "RunState",
]
