"""The rows of this room."""

from llm.models.calls import (
    Breaker,
    Budget,
    BudgetPeriod,
    Deployment,
    DeploymentQuerySet,
    Endpoint,
    ModelPrice,
    Period,
    PromptVariant,
    Purpose,
    Reservation,
    ServingRole,
    Spent,
    UsageRecord,
    UsageRecordQuerySet,
)
from llm.models.rollouts import EVERYBODY, TOLD, Rollout, RolloutQuerySet, RolloutState
from llm.models.tried import TriedModel

__all__ = [
    "EVERYBODY",
    "TOLD",
    "Breaker",
    "Budget",
    "BudgetPeriod",
    "Deployment",
    "DeploymentQuerySet",
    "Endpoint",
    "ModelPrice",
    "Period",
    "PromptVariant",
    "Purpose",
    "Reservation",
    "Rollout",
    "RolloutQuerySet",
    "RolloutState",
    "ServingRole",
    "Spent",
    "TriedModel",
    "UsageRecord",
    "UsageRecordQuerySet",
]
