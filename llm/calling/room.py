"""Models that think before they speak need more tokens: found out by a reply that ends before its first word."""

from dataclasses import replace

from llm.models import Deployment
from llm.prompt import Prompt

WIDER = 8  # times what an answer takes: what thinking took in most replies that were seen

_wide: set[tuple[int, str]] = set()


def learn(deployment: Deployment) -> bool:
    """Remember that a model needs more; False where it was given more already."""
    known = _key(deployment) in _wide
    _wide.add(_key(deployment))
    return not known


def forget(deployment: Deployment) -> bool:
    """Ask a model with no more than others, as its server or the budget allows no more; False where it was not."""
    known = _key(deployment) in _wide
    _wide.discard(_key(deployment))
    return known


def is_wide(deployment: Deployment) -> bool:
    """Whether a model turned out to need more than others."""
    return _key(deployment) in _wide


def widened(prompt: Prompt, deployment: Deployment) -> Prompt:
    """`prompt` with as many tokens as this model needs."""
    if _key(deployment) not in _wide:
        return prompt
    return replace(prompt, max_output_tokens=prompt.max_output_tokens * WIDER)


def _key(deployment: Deployment) -> tuple[int, str]:
    return deployment.endpoint_id, deployment.model
