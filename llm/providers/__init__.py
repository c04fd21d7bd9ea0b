"""The models that can answer: a file each, by their line in llm.vendors."""

from llm import endpoints, vendors
from llm.models import Deployment
from llm.providers.base import Provider


def provider_for(deployment: Deployment) -> Provider:
    """The provider of a deployment with its address and key. Raises ProviderError without one of them."""
    provider: type[Provider] = vendors.load(deployment.endpoint.provider, "answers")
    return provider(**endpoints.options(deployment.endpoint))
