"""The models that turn text into vectors. A new one is a file here and a line in REGISTRY."""

from typing import TYPE_CHECKING

from django.utils.module_loading import import_string

from knowledge.embedders.base import Embedder
from llm import endpoints
from llm.completion import ProviderError

if TYPE_CHECKING:
    from llm.models import Deployment

# Dotted paths, imported on first use: the local model's runtime alone takes 100 MB of memory.
REGISTRY = {
    "local": "knowledge.embedders.local.LocalEmbedder",
    "openai": "knowledge.embedders.openai.OpenAIEmbedder",
}


class UnknownEmbedderError(ProviderError):
    """A deployment names an embedder that does not exist, or does not say how long its vectors are."""

    def __init__(self, message: str) -> None:
        super().__init__(message, kind="bad_request")


def embedder_for(deployment: "Deployment") -> Embedder:
    """The embedder of a deployment with its address and key. Raises ProviderError without one of them."""
    name = deployment.endpoint.provider
    if name not in REGISTRY:
        raise UnknownEmbedderError(f"There is no embedder named {name}; known are {', '.join(sorted(REGISTRY))}.")
    if deployment.dimensions is None:
        raise UnknownEmbedderError(f"The deployment of {deployment} does not say how long its vectors are.")
    embedder: type[Embedder] = import_string(REGISTRY[name])
    return embedder(
        model=deployment.model,
        dimensions=deployment.dimensions,
        base_url=endpoints.address(deployment.endpoint),
        api_key=endpoints.key(deployment.endpoint),
        is_private_allowed=endpoints.is_private_allowed(deployment.endpoint),
    )
