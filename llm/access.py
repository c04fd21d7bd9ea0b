"""Where a provider is reached and with which key."""

from typing import TYPE_CHECKING

from django.conf import settings

from llm.providers.base import ProviderError

if TYPE_CHECKING:  # the program that writes the embedding model runs without Django's models
    from llm.models import Endpoint

# provider -> its own address. Providers that are not here run in this process and need neither address nor key.
ADDRESSES = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}


def address(endpoint: "Endpoint") -> str:
    """What the settings say, else what was remembered at set-up, so that a forgotten variable sends nothing astray."""
    given: str = getattr(settings, f"{endpoint.provider.upper()}_BASE_URL", "")
    return given or endpoint.base_url or ADDRESSES.get(endpoint.provider, "")


def is_private_allowed(endpoint: "Endpoint") -> bool:
    """Whether it may be on this machine or in its network: whoever writes the settings of an install may say so."""
    is_given = bool(getattr(settings, f"{endpoint.provider.upper()}_BASE_URL", ""))
    return is_given or endpoint.is_private_allowed or settings.ALLOW_PRIVATE_HOSTS


def key(provider: str) -> str:
    """The key of a provider. Raises ProviderError before anything is sent when there is none."""
    if provider not in ADDRESSES:
        return ""
    name = f"{provider.upper()}_API_KEY"
    value: str = getattr(settings, name)
    if not value:
        raise ProviderError(
            f"{name} is not set for this process: put it into the file .env. A server of your own that needs no key "
            "takes any word.",
            kind="key",
        )
    return value
