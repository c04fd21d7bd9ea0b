"""The vendors whose models can answer. A new one is a file here and a line in REGISTRY."""

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from llm import endpoints
from llm.completion import ProviderError
from llm.providers.base import Provider

if TYPE_CHECKING:
    from llm.models import Deployment

# Dotted paths, imported on first use: an SDK costs memory and start-up time, and most installs need one of them.
REGISTRY = {
    "extractive": "llm.providers.extractive.provider.ExtractiveProvider",
    "openai": "llm.providers.openai.OpenAIProvider",
    "anthropic": "llm.providers.anthropic.AnthropicProvider",
}


class UnknownProviderError(ProviderError):
    """A deployment names a provider that does not exist."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="bad_request")


def provider_for(deployment: "Deployment") -> Provider:
    """The provider of a deployment with its address and key. Raises ProviderError without one of them."""
    name = deployment.endpoint.provider
    if name not in REGISTRY:
        raise UnknownProviderError(f"There is no provider named {name}; known are {', '.join(sorted(REGISTRY))}.")
    provider: type[Provider] = import_string(REGISTRY[name])
    return provider(
        base_url=endpoints.address(deployment.endpoint),
        api_key=endpoints.key(deployment.endpoint),
        is_private_allowed=endpoints.is_private_allowed(deployment.endpoint),
    )
