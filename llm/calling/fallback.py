"""Who answers in place of a model that cannot, and how long an asker waits before that happens."""

import time
from enum import Enum

from django.conf import settings

from llm import vendors
from llm.completion import Kind
from llm.models import Deployment, Endpoint, Purpose, ServingRole

QUOTING_SECONDS = 5.0  # that the documents' own words may take, whatever is left of the time; it takes a tenth of one
_NOT_DOWN: frozenset[Kind] = frozenset({"budget", "refused", "aloud"})


class Instead(Enum):
    """Who is asked when a model gives nothing: nobody, who was decided to stand in, or after that one, unless it was
    decided that nobody does, the documents' own words. LATER these are, where the breaker of the model is open and
    nobody was decided: the question waits, and that error is raised.
    """

    NOBODY = "nobody"
    DECIDED = "decided"
    QUOTED = "quoted"
    QUOTED_LATER = "quoted later"

    @property
    def may_quote(self) -> bool:
        return self in (Instead.QUOTED, Instead.QUOTED_LATER)

    def is_for(self, kind: Kind, *, is_decided: bool) -> bool:
        """Whether another is asked after such an error. Quotes by default are no way around budget or filter."""
        if is_decided:
            return True
        return kind not in _NOT_DOWN and not (self is Instead.QUOTED_LATER and kind == "open")


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


def again_by(deadline: float) -> float:
    """When a model that says nothing is asked once more: at half of the time, and not before FIRST_WORD_SECONDS."""
    now = time.monotonic()
    return now + max((deadline - now) / 2, float(settings.FIRST_WORD_SECONDS))


def quoting() -> Deployment:
    """The documents' own words, which need no key. It was never decided on, so it has no row."""
    endpoint = Endpoint(name=vendors.QUOTING, provider=vendors.QUOTING)
    return Deployment(role=ServingRole.FALLBACK, endpoint=endpoint, model=vendors.SENTENCES, reason="nobody decided")


def deployment(fallback_id: int) -> Deployment:
    return Deployment.objects.select_related("endpoint").get(pk=fallback_id)
