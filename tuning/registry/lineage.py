"""What taught a model, and what it gave."""

from django.db.models import QuerySet

from bot.models import Message, Speaker
from llm.models import Deployment
from tuning.models import DatasetLine, ModelVersion, Split
from tuning.registry.versions import role_of


def taught(version: ModelVersion) -> QuerySet[DatasetLine]:
    """The lines that it was trained on; none for a base."""
    if version.dataset_id is None:
        return DatasetLine.objects.none()
    return DatasetLine.objects.filter(dataset=version.dataset_id, split=Split.TRAIN).select_related("example")


def answers(version: ModelVersion) -> QuerySet[Message]:
    """The answers it gave, the newest first. A model is known by its provider and name, as the ledger keeps them."""
    return Message.objects.filter(
        speaker=Speaker.BOT, provider=version.endpoint.provider, model=version.model
    ).order_by("-id")


def served(version: ModelVersion) -> QuerySet[Deployment]:
    """When it was let answer, or restyle, the newest first."""
    return Deployment.objects.filter(role=role_of(version), endpoint=version.endpoint, model=version.model).order_by(
        "-id"
    )
