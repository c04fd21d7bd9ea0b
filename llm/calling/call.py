"""One call to one model: a breaker before it, retries and a deadline around it, a row in the ledger behind it."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from foundation import connections
from foundation.text import clean
from llm import tokens, vendors
from llm.calling import breaker
from llm.calling.deadline import Again, iterate
from llm.calling.retry import pause
from llm.completion import Completion, ProviderError, Usage, redacted, timed_out
from llm.models import Deployment, Purpose, Reservation, UsageRecord
from llm.prompt import Prompt
from llm.providers import provider_for
from llm.spending import budgets, pricing

T = TypeVar("T")

FRAMING = 500  # tokens that a provider may add around what is sent


def worst_of(prompt: Prompt) -> Usage:
    """The most that a prompt can use: no token is less than a byte."""
    asked = sum(len(message["content"].encode()) for message in prompt.messages())
    return Usage(asked + FRAMING, 0, prompt.max_output_tokens)


@dataclass(frozen=True)
class Terms:
    """What is asked of a model. Times are time.monotonic().

    `first_by` is when the first of the result has to be there, all attempts included: the deadline unless it is set to
    be sooner; a streamed call that has said nothing by `again_by` is made once more beside it. `most_tokens` is what a
    call that is not streamed can take, for the budget. `standing` spares a query when the caller has looked already.
    """

    deployment: Deployment
    trace_id: str
    purpose: Purpose
    deadline: float
    first_by: float = math.inf
    again_by: float = math.inf
    most_tokens: int = 0
    standing: breaker.Standing | None = None


class Call:
    """One call to a model on its way into the ledger.

    `finish_reason` is the reply's own; after a failure the kind of the ProviderError, "abandoned" when the caller
    stopped listening, "failed" after an error in our own code.
    """

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self.finish_reason = ""
        self.usage = Usage(0, 0, 0)
        self.cost: Decimal | None = None
        self.first_token_ms: float | None = None
        self.latency_ms = 0.0
        self.attempts = 0
        self.error = ""
        self._earlier: list[Usage] = []  # of attempts that failed and were paid for
        self._is_probe = False
        self._holds: list[Reservation | None] = []
        self._started = 0.0

    def once(self, operation: Callable[[float], tuple[T, Usage]]) -> T:
        """Make a call whose result comes in one piece. Raises ProviderError."""
        with self.recorded():
            result, self.usage = self.persist(lambda left: next(self.limited(lambda: iter([operation(left)]))))
            self.finish_reason = "stop"
        return result

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Write exactly one UsageRecord for what happens inside, however it ends.

        Raises ProviderError (open) instead of going inside while the breaker of the model is open.
        """
        self._started = time.monotonic()
        try:
            self._is_probe = breaker.admit(self.terms.deployment, self.terms.purpose, self.terms.standing)
            self._reserve()
            if not self._is_local:
                connections.let_go()
            yield
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._save()
            if self.attempts:
                breaker.report(self.terms.deployment, self.finish_reason, is_probe=self._is_probe)

    def persist(self, attempt: Callable[[float], T]) -> T:
        """The result of the first attempt that succeeds; each gets the seconds until the deadline."""
        while True:
            if self._first_by <= time.monotonic():
                raise timed_out()
            self.attempts += 1
            try:
                return attempt(self.terms.deadline - time.monotonic())
            except ProviderError as error:
                wait = pause(error, self.attempts, self._first_by - time.monotonic())
                if wait is None:
                    raise
                if error.usage is not None:
                    self._earlier.append(error.usage)
            time.sleep(wait)

    def limited(self, items: Callable[[], Iterator[T]], again: Again | None = None) -> Generator[T, None, None]:
        """`items()`, no longer than the deadline allows; what runs in this process needs no watching."""
        if self._is_local:
            yield from items()
        else:
            yield from iterate(items, self.terms.deadline, first_by=self._first_by, again=again)

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    @property
    def _first_by(self) -> float:
        return min(self.terms.first_by, self.terms.deadline)

    @property
    def _is_local(self) -> bool:
        return vendors.runs_here(self.terms.deployment.endpoint.provider)

    def _worst(self) -> Usage:
        """The most that a call can use."""
        return Usage(self.terms.most_tokens, 0, 0)

    def _reserve(self) -> None:
        """Set aside what one request may cost at most. Raises ProviderError (budget)."""
        held = budgets.reserve(
            self.terms.deployment,
            self._worst(),
            trace_id=self.terms.trace_id,
            purpose=self.terms.purpose,
            seconds=self.terms.deadline - time.monotonic(),
        )
        self._holds.append(held)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, ProviderError):
            self.finish_reason, self.error = error.kind, redacted(str(error))
        elif isinstance(error, Exception):
            self.finish_reason, self.error = "failed", type(error).__name__
        else:
            self.finish_reason = "abandoned"

    def _save(self) -> None:
        served = self.terms.deployment
        provider, model, now = served.endpoint.provider, served.model, timezone.now()
        self.latency_ms = self.elapsed_ms()
        used = (*self._earlier, self.usage) if self.attempts else ()
        self.cost = pricing.total(pricing.cost(provider, model, each, now) for each in used)
        self.usage = sum(self._earlier, self.usage)
        with transaction.atomic():
            self._write(provider, model)
            held, *others = self._holds or [None]
            budgets.settle(held, self.cost)
            for other in others:
                budgets.settle(other, Decimal(0))

    def _write(self, provider: str, model: str) -> None:
        served = self.terms.deployment
        UsageRecord.objects.create(
            trace_id=self.terms.trace_id,
            purpose=self.terms.purpose,
            provider=provider,
            model=model,
            deployment=served if served.pk else None,  # a model that is not live yet has no row
            input_tokens=self.usage.input_tokens,
            cached_input_tokens=self.usage.cached_input_tokens,
            output_tokens=self.usage.output_tokens,
            is_estimated=self.usage.is_estimated,
            cost=self.cost,
            latency_ms=self.latency_ms,
            first_token_ms=self.first_token_ms,
            finish_reason=self.finish_reason,
            attempts=self.attempts,
            error=self.error[:500],
        )


class StreamedCall(Call):
    """A call whose result is text that comes bit by bit. `text` is what has come so far, in so many `pieces`."""

    def __init__(self, prompt: Prompt, terms: Terms) -> None:
        super().__init__(terms)
        self.text = ""
        self.pieces = 0
        self.has_thought = False
        self._prompt = prompt

    def deltas(self) -> Generator[str, None, None]:
        """Make the call; closing the generator hangs up. Raises ProviderError."""
        with self.recorded():
            first, rest = self.persist(self._begin)
            self.first_token_ms = self.elapsed_ms()
            with closing(rest):
                for item in chain([first], rest):
                    if isinstance(item, str):
                        if delta := clean(item):
                            self.text += delta
                            self.pieces += 1
                            yield delta
                    else:
                        self.usage, self.finish_reason = item.usage, item.finish_reason
                        self.has_thought = item.has_thought

    def _worst(self) -> Usage:
        return worst_of(self._prompt)

    def _begin(self, remaining: float) -> tuple[str | Completion, Generator[str | Completion, None, None]]:
        """Ask and wait for the first of the reply; a failure after it is final, as the asker has seen text."""
        provider, model = provider_for(self.terms.deployment), self.terms.deployment.model
        ends = time.monotonic() + remaining
        again = None
        if self.attempts == 1 and time.monotonic() < self.terms.again_by:
            again = Again(self.terms.again_by, self._may_ask_another)
        items = self.limited(
            lambda: provider.stream(self._prompt, model=model, timeout=max(0.001, ends - time.monotonic())), again
        )
        return next(items), items

    def _may_ask_another(self) -> bool:
        """Whether another attempt begins beside one that says nothing: then one of the two is paid for and not heard.

        A model that thinks for so long as a rule is left to it, and so is one that no budget holds twice.
        """
        if breaker.is_slow(self.terms.deployment, self.elapsed_ms()):
            return False
        try:
            self._reserve()
        except ProviderError:
            return False
        finally:
            connections.let_go()
        self.attempts += 1
        self._earlier.append(tokens.estimate(self._prompt, ""))
        return True

    def _fail(self, error: BaseException) -> None:
        """A call that broke off was most likely billed all the same; what it used is then counted here."""
        super()._fail(error)
        if isinstance(error, ProviderError) and error.usage is not None:
            self.usage = error.usage
        elif (
            self.attempts
            and not self._is_local
            and (self.text or self.finish_reason in ("timeout", "cut", "abandoned"))
        ):
            self.usage = tokens.estimate(self._prompt, self.text)
