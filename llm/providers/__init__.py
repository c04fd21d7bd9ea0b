"""The models that can answer: a file each, by their line in llm.vendors."""

from llm import endpoints, vendors
from llm.models import Deployment, TriedModel
from llm.providers.base import Learnt, Provider

_recalled: set[tuple[int, str]] = set()


def provider_for(deployment: Deployment) -> Provider:
    """The provider of a deployment with its address and key. Raises ProviderError without one of them."""
    provider: type[Provider] = vendors.load(deployment.endpoint.provider, "answers")
    made = provider(**endpoints.options(deployment.endpoint))
    _recall(made, deployment)
    return made


def _recall(provider: Provider, deployment: Deployment) -> None:
    """What a trial has learnt about a model, read once in each process."""
    key = (deployment.endpoint_id, deployment.model)
    if deployment.endpoint_id is None or vendors.runs_here(deployment.endpoint.provider) or key in _recalled:
        return
    _recalled.add(key)
    known = TriedModel.objects.filter(endpoint_id=deployment.endpoint_id, model=deployment.model).first()
    if known is not None:
        provider.recall(deployment.model, Learnt(tuple(known.refused), known.takes_system))
