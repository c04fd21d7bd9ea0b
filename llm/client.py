"""The way to a model: one retry policy, one deadline, and a row in the ledger for every call, whatever came of it."""

import logging
import math
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from decimal import Decimal
from typing import TypeVar

from llm import vendors
from llm.calling import breaker, fallback, room
from llm.calling.call import Call, StreamedCall, Terms
from llm.calling.fallback import Instead
from llm.completion import ProviderError, Usage
from llm.models import Deployment, Purpose, ServingRole
from llm.prompt import Prompt

T = TypeVar("T")

ASKED = (ServingRole.ANSWER, ServingRole.FALLBACK, ServingRole.RESTYLE)  # while somebody waits

log = logging.getLogger(__name__)


def new_trace_id() -> str:
    """32 hexadecimal digits that tie together all that was done for one question."""
    return uuid.uuid4().hex


def load() -> None:
    """Import what the live models are asked with: it takes seconds, which no asker should wait for."""
    known = vendors.those_that("answers")
    for row in Deployment.objects.newest().filter(role__in=ASKED):
        if row.model and row.endpoint.provider in known:
            vendors.load(row.endpoint.provider, "answers")


def stream(
    prompt: Prompt | Callable[[Deployment], Prompt],
    *,
    deployment: Deployment,
    trace_id: str,
    deadline: float,
    purpose: Purpose = Purpose.ANSWER,
    instead: Instead = Instead.DECIDED,
) -> "Response":
    """Ask a model. Nothing is sent before the Response is iterated. `deadline` is a time.monotonic().

    `prompt` is a function where models are asked in words of their own: it is given who is asked. `instead` says who is
    asked when this model gives nothing: nobody, where what this very model says is wanted. Only answer models are
    replaced.
    """
    terms = Terms(deployment, trace_id, purpose, deadline)
    worded = prompt if callable(prompt) else lambda _: prompt
    is_replaced = fallback.may_replace(deployment, purpose)
    return Response(worded, terms, instead=instead if is_replaced else Instead.NOBODY)


def metered(
    operation: Callable[[float], tuple[T, Usage]],
    *,
    deployment: Deployment,
    trace_id: str,
    purpose: Purpose,
    deadline: float,
    most_tokens: int = 0,
) -> T:
    """The result of a call that is not streamed, such as embedding, under the same retries, deadline and ledger.

    `most_tokens` is what it can take at most, for the budget.
    `operation` gets the seconds that remain, may be called several times, raises ProviderError when it fails, and must
    not use the database. Not to be called inside a transaction that may roll back: the row would go with it.
    """
    return Call(Terms(deployment, trace_id, purpose, deadline, most_tokens=most_tokens)).once(operation)


class Recorded:
    """A reply that came before, where a Response is expected: iterate it for its text, or for the error it ended in."""

    replaced: ProviderError | None = None

    def __init__(
        self, deployment: Deployment, *, text: str = "", finish_reason: str = "stop", error: ProviderError | None = None
    ) -> None:
        self.deployment = deployment
        self.text = text
        self.finish_reason = finish_reason
        self._error = error

    def __iter__(self) -> Iterator[str]:
        if self._error is not None:
            raise self._error
        if self.text:
            yield self.text

    def close(self) -> None:
        """Nothing is open."""


class Response:
    """A reply as it is streamed: iterate it once for its text. Afterwards it knows who gave it, its usage, cost, times.

    Iterating raises ProviderError. A reply nobody wants any more is to be closed: that hangs up and records the call.
    After a fallback everything but the ledger is about the model that stood in.
    """

    def __init__(self, worded: Callable[[Deployment], Prompt], terms: Terms, *, instead: Instead) -> None:
        self.replaced: ProviderError | None = None  # why the model that was asked first gave nothing
        self._worded = worded
        self._call = self._asking(terms)
        self._instead = instead
        self._deltas = self._stream()

    def __iter__(self) -> Iterator[str]:
        return self._deltas

    def close(self) -> None:
        self._deltas.close()

    @property
    def deployment(self) -> Deployment:
        """The model that replies; final once there is text."""
        return self._call.terms.deployment

    @property
    def text(self) -> str:
        return self._call.text

    @property
    def finish_reason(self) -> str:
        return self._call.finish_reason

    @property
    def usage(self) -> Usage:
        return self._call.usage

    @property
    def cost(self) -> Decimal | None:
        """USD of the call that gave the reply, None when unpriced; one that failed before it is in the ledger alone."""
        return self._call.cost

    @property
    def first_token_ms(self) -> float | None:
        return self._call.first_token_ms

    @property
    def pieces(self) -> int:
        return self._call.pieces

    @property
    def has_thought(self) -> bool:
        """Whether the model thought before it spoke, as far as its server shows."""
        return self._call.has_thought

    @property
    def latency_ms(self) -> float:
        return self._call.latency_ms

    def _stream(self) -> Generator[str, None, None]:
        """The first model, or who stands in when that fails before its first word: never the text of two models."""
        terms = self._call.terms
        standing = breaker.standing(terms.deployment)
        fallback_id = None if self._instead is Instead.NOBODY else standing.fallback_id
        self._call = self._asking(self._first(terms, standing, fallback_id))
        others = self._others(fallback_id, may_quote=standing.may_quote)
        while True:
            try:
                yield from self._roomy(self._call)
            except ProviderError as error:
                other = None if self._call.text else next(others, None)
                if other is None or not self._instead.is_for(error.kind, is_decided=other.pk is not None):
                    raise
                self.replaced = self.replaced or error
                self._call = self._asking(_stand_in(self._call.terms, other, error))
            else:
                return

    def _first(self, terms: Terms, standing: breaker.Standing, fallback_id: int | None) -> Terms:
        """How the model itself is asked: what nobody else needs of the time is its own, and it may be asked twice."""
        if fallback_id is not None:
            first_by = fallback.first_of_two_by(terms.deadline, is_hurried=standing.is_hurried)
            return replace(terms, standing=standing, first_by=first_by)
        again_by = math.inf if self._instead is Instead.NOBODY else fallback.again_by(terms.deadline)
        return replace(terms, standing=standing, again_by=again_by)

    def _others(self, fallback_id: int | None, *, may_quote: bool) -> Iterator[Deployment]:
        """Who stands in, one after the other."""
        if fallback_id is not None:
            self._instead = Instead.QUOTED if self._instead.may_quote else self._instead  # it has waited for somebody
            yield fallback.deployment(fallback_id)
        if may_quote and self._instead.may_quote:
            yield fallback.quoting()

    def _roomy(self, call: StreamedCall) -> Iterator[str]:
        """The reply; once more, as another call, where it was given too few tokens to begin, or more than may be."""
        try:
            yield from call.deltas()
            return
        except ProviderError as error:
            if call.text or not _has_other_room(error, call.terms.deployment):
                raise
        self._call = self._asking(call.terms)
        yield from self._call.deltas()

    def _asking(self, terms: Terms) -> StreamedCall:
        return StreamedCall(room.widened(self._worded(terms.deployment), terms.deployment), terms)


def _has_other_room(error: ProviderError, deployment: Deployment) -> bool:
    """Whether a model that failed so is now asked with another number of tokens than before."""
    if error.kind == "room":
        return room.learn(deployment)
    return error.kind in ("bad_request", "budget") and room.forget(deployment)


def _stand_in(failed: Terms, deployment: Deployment, error: ProviderError) -> Terms:
    """The same asked of another, in what is left of the time; what only quotes has a little in any case."""
    log.warning("trace %s: %s stands in for %s: %s", failed.trace_id, deployment, failed.deployment, error)
    if deployment.is_quoting:
        deadline = max(failed.deadline, time.monotonic() + fallback.QUOTING_SECONDS)
        return Terms(deployment, failed.trace_id, failed.purpose, deadline)
    first_by = fallback.first_word_by(failed.deadline, calls=1)
    return Terms(deployment, failed.trace_id, failed.purpose, failed.deadline, first_by)


def is_left_alone(deployment: Deployment) -> bool:
    """Whether a question had better wait than ask this model now: its breaker is open, and nobody stands in."""
    return breaker.is_left_alone(deployment)


def stands_alone(deployment: Deployment) -> bool:
    """Whether nobody was decided on who is asked when this model gives nothing."""
    return breaker.standing(deployment).fallback_id is None


Ask = Callable[..., Response | Recorded]
"""What takes the place of `stream` where a reply is there already, or is to be had later."""
