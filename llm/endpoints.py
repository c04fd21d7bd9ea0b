"""Where a provider is reached and with which key."""

from typing import TypedDict

from django.conf import settings

from foundation import secrets
from llm import vendors
from llm.completion import ProviderError
from llm.models import Endpoint


class Options(TypedDict):
    """What every vendor's class is made with."""

    base_url: str
    api_key: str
    is_private_allowed: bool


def options(endpoint: Endpoint) -> Options:
    """Raises ProviderError when there is no key where one is needed."""
    return Options(base_url=address(endpoint), api_key=key(endpoint), is_private_allowed=is_private_allowed(endpoint))


def address(endpoint: Endpoint) -> str:
    """What the settings say, else what was remembered at set-up, so that a forgotten variable sends nothing astray.

    An endpoint that was made on a page has its own address, whatever the settings say.
    """
    given: str = "" if _is_own(endpoint) else getattr(settings, f"{endpoint.provider.upper()}_BASE_URL", "")
    return given or endpoint.base_url or vendors.address(endpoint.provider)


def is_private_allowed(endpoint: Endpoint) -> bool:
    """Whether it may be on this machine or in its network: whoever writes the settings of an install may say so."""
    is_given = bool(getattr(settings, f"{endpoint.provider.upper()}_BASE_URL", "")) and not _is_own(endpoint)
    return is_given or endpoint.is_private_allowed or settings.ALLOW_PRIVATE_HOSTS


def key(endpoint: Endpoint) -> str:
    """The key of an endpoint, else that of its provider in the settings, which goes to no other address.

    Raises ProviderError before anything is sent when there is none.
    """
    if vendors.runs_here(endpoint.provider):
        return ""
    if endpoint.encrypted_key:
        return _decrypted(endpoint)
    name = f"{endpoint.provider.upper()}_API_KEY"
    if _is_own(endpoint) and endpoint.base_url:
        raise ProviderError(
            f"The endpoint {endpoint.name} has no key: enter one under Models; a server that needs none takes any.",
            kind="key",
        )
    value: str = getattr(settings, name)
    if not value:
        raise ProviderError(
            f"{name} is not set for this process: put it into the file .env, or enter a key under Models. A server of "
            "your own that needs no key takes any word.",
            kind="key",
        )
    return value


def _decrypted(endpoint: Endpoint) -> str:
    try:
        return secrets.decrypt(endpoint.encrypted_key)
    except secrets.SecretError as error:
        raise ProviderError(f"The key of {endpoint.name} cannot be read; enter it again.", kind="key") from error


def _is_own(endpoint: Endpoint) -> bool:
    """Whether it was made on a page: set-up calls its endpoints by their providers."""
    return endpoint.name != endpoint.provider
