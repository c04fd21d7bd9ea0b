"""The rows of this room."""

from evaluation.models.figures import DailyAnswers, DailyUsage

__all__ = ["DailyAnswers", "DailyUsage"]
