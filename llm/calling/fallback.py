"""Who answers in place of a model that cannot, and how long an asker waits before that happens."""

import time

from django.conf import settings

from llm.models import Deployment, Purpose, ServingRole

PURPOSES = frozenset({Purpose.ANSWER, Purpose.REWRITE})


def may_replace(deployment: Deployment, purpose: Purpose) -> bool:
    """Whether another model may do it: so it is for what an asker waits for, when an answer model was to do it."""
    return purpose in PURPOSES and deployment.role == ServingRole.ANSWER


def first_word_by(deadline: float, *, calls: int) -> float:
    """The time.monotonic() by which a model has to begin, when `calls` models in all may still be asked one by one.

    That is after FIRST_WORD_SECONDS, and sooner where those who come after would have no time left.
    """
    now = time.monotonic()
    share: float = (deadline - now) / calls
    return now + max(0.0, min(float(settings.FIRST_WORD_SECONDS), share))


def first_of_two_by(deadline: float, *, is_hurried: bool) -> float:
    """The same for a model after which another may be asked; one that is not hurried leaves that one's time alone."""
    if is_hurried:
        return first_word_by(deadline, calls=2)
    return deadline - min(float(settings.FIRST_WORD_SECONDS), (deadline - time.monotonic()) / 2)


def deployment(fallback_id: int) -> Deployment:
    return Deployment.objects.select_related("endpoint").get(pk=fallback_id)
