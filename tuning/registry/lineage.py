"""What taught a model, and what it gave."""

from django.db.models import QuerySet

from bot.models import Message, Speaker
from llm.models import Deployment, Purpose, ServingRole, UsageRecord
from tuning.models import DatasetLine, ModelVersion, Split
from tuning.registry.versions import role_of


def taught(version: ModelVersion) -> QuerySet[DatasetLine]:
    """The lines that it was trained on; none for a base."""
    if version.dataset_id is None:
        return DatasetLine.objects.none()
    return DatasetLine.objects.filter(dataset=version.dataset_id, split=Split.TRAIN).select_related("example")


def answers(version: ModelVersion) -> QuerySet[Message]:
    """The answers it gave, or said again, the newest first.

    A model is known by its provider and name, as the ledger keeps them.
    """
    given = Message.objects.filter(speaker=Speaker.BOT).order_by("-id")
    if role_of(version) == ServingRole.RESTYLE:
        calls = UsageRecord.objects.filter(purpose=Purpose.RESTYLE, provider=version.endpoint.provider)
        return given.filter(trace_id__in=calls.filter(model=version.model).values("trace_id"))
    return given.filter(provider=version.endpoint.provider, model=version.model)


def served(version: ModelVersion) -> QuerySet[Deployment]:
    """When it was let answer, or restyle, the newest first."""
    return Deployment.objects.filter(role=role_of(version), endpoint=version.endpoint, model=version.model).order_by(
        "-id"
    )
