"""Models that were tuned before Parley came: found at the endpoint where they are served, and registered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from llm.models import Deployment, Endpoint, ServingRole
from llm.providers import provider_for
from tuning.models import ModelVersion

TUNED = "ft:"  # what OpenAI's names of tuned models begin with: ft:BASE:ORGANISATION:SUFFIX:ID
STEP = ":ckpt-step-"
VENDORS_OWN = ("openai", "openai-internal", "system")
SECONDS = 20.0


@dataclass(frozen=True)
class TunedModel:
    """A tuned model as its server lists it. `is_stage`: from the middle of a job. `is_known`: registered already."""

    name: str
    base: str
    made_at: datetime | None
    is_stage: bool
    is_known: bool


def tuned_at(endpoint: Endpoint) -> Sequence[TunedModel]:
    """What the organisation has tuned there, the newest first. Raises ProviderError."""
    deployment = Deployment(role=ServingRole.ANSWER, endpoint=endpoint)
    listed = provider_for(deployment).models(timeout=SECONDS)
    known = set(ModelVersion.objects.filter(endpoint=endpoint).values_list("model", flat=True))
    found = [
        TunedModel(each.name, base_of(each.name), each.made_at, STEP in each.name, each.name in known)
        for each in listed
        if each.name.startswith(TUNED) and each.owner not in VENDORS_OWN
    ]
    return sorted(found, key=lambda each: (each.made_at.timestamp() if each.made_at else 0.0, each.name), reverse=True)


def base_of(name: str) -> str:
    """What a model was tuned from, as its name says; empty where the name does not say it."""
    return name.split(":")[1] if name.startswith(TUNED) else ""
