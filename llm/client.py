"""The way to a model: one retry policy, one deadline, and a row in the ledger for every call, whatever came of it."""

import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from itertools import chain
from typing import TypeVar

from django.utils import timezone

from llm import pricing, tokens
from llm.deadline import iterate
from llm.models import Deployment, Purpose, UsageRecord
from llm.prompt import Prompt
from llm.providers import provider_for
from llm.providers.base import Completion, ProviderError, Usage, redacted, timed_out
from llm.retry import pause
from llm.text import clean

T = TypeVar("T")


def new_trace_id() -> str:
    """32 hexadecimal digits that tie together all that was done for one question."""
    return uuid.uuid4().hex


def stream(
    prompt: Prompt, *, deployment: Deployment, trace_id: str, deadline: float, purpose: Purpose = Purpose.ANSWER
) -> "Response":
    """Ask a model. Nothing is sent before the Response is iterated. `deadline` is a time.monotonic()."""
    return Response(prompt, deployment=deployment, trace_id=trace_id, purpose=purpose, deadline=deadline)


def metered(
    operation: Callable[[float], tuple[T, Usage]],
    *,
    deployment: Deployment,
    trace_id: str,
    purpose: Purpose,
    deadline: float,
) -> T:
    """The result of a call that is not streamed, such as embedding, under the same retries, deadline and ledger.

    `operation` gets the seconds that remain, may be called several times, raises ProviderError when it fails, and must
    not use the database. Not to be called inside a transaction that may roll back: the row would go with it.
    """
    call = _Call(deployment=deployment, trace_id=trace_id, purpose=purpose, deadline=deadline)
    with call.recorded():
        result, call.usage = call.persist(lambda remaining: next(call.limited(lambda: iter([operation(remaining)]))))
        call.finish_reason = "stop"
    return result


class _Call:
    """One call to a model on its way into the ledger.

    `finish_reason` is the reply's own; after a failure the kind of the ProviderError, "abandoned" when the caller
    stopped listening, "failed" after an error in our own code.
    """

    def __init__(self, *, deployment: Deployment, trace_id: str, purpose: Purpose, deadline: float) -> None:
        self.deployment = deployment
        self.trace_id = trace_id
        self.purpose = purpose
        self.deadline = deadline
        self.finish_reason = ""
        self.usage = Usage(0, 0, 0)
        self.cost: Decimal | None = None
        self.first_token_ms: float | None = None
        self.latency_ms = 0.0
        self.attempts = 0
        self.error = ""
        self._started = 0.0

    @contextmanager
    def recorded(self) -> Iterator[None]:
        """Write exactly one UsageRecord for what happens inside, however it ends."""
        self._started = time.monotonic()
        try:
            yield
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self._save()

    def persist(self, attempt: Callable[[float], T]) -> T:
        """The result of the first attempt that succeeds; each gets the seconds that remain."""
        while True:
            remaining = self.deadline - time.monotonic()
            if remaining <= 0:
                raise timed_out()
            self.attempts += 1
            try:
                return attempt(remaining)
            except ProviderError as error:
                wait = pause(error, self.attempts, self.deadline - time.monotonic())
                if wait is None:
                    raise
            time.sleep(wait)

    def limited(self, items: Callable[[], Iterator[T]]) -> Generator[T, None, None]:
        """`items()`, no longer than the deadline allows; what runs in this process needs no watching."""
        yield from items() if self._is_local else iterate(items, self.deadline)

    def elapsed_ms(self) -> float:
        return (time.monotonic() - self._started) * 1000

    @property
    def _is_local(self) -> bool:
        return self.deployment.endpoint.provider in pricing.FREE

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, ProviderError):
            self.finish_reason, self.error = error.kind, redacted(str(error))
        elif isinstance(error, Exception):
            self.finish_reason, self.error = "failed", type(error).__name__
        else:
            self.finish_reason = "abandoned"

    def _save(self) -> None:
        provider, model, now = self.deployment.endpoint.provider, self.deployment.model, timezone.now()
        self.latency_ms = self.elapsed_ms()
        self.cost = pricing.cost(provider, model, self.usage, now)
        UsageRecord.objects.create(
            trace_id=self.trace_id,
            purpose=self.purpose,
            provider=provider,
            model=model,
            deployment=self.deployment if self.deployment.pk else None,  # a model that is not live yet has no row
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


class Response(_Call):
    """A reply as it is streamed: iterate it once for its text. Afterwards it knows its usage, cost and times.

    Iterating raises ProviderError. A reply nobody wants any more is to be closed: that hangs up and records the call.
    """

    def __init__(
        self, prompt: Prompt, *, deployment: Deployment, trace_id: str, purpose: Purpose, deadline: float
    ) -> None:
        super().__init__(deployment=deployment, trace_id=trace_id, purpose=purpose, deadline=deadline)
        self.text = ""
        self._prompt = prompt
        self._deltas = self._stream()

    def __iter__(self) -> Iterator[str]:
        return self._deltas

    def close(self) -> None:
        self._deltas.close()

    def _stream(self) -> Generator[str, None, None]:
        with self.recorded():
            first, rest = self.persist(self._begin)
            self.first_token_ms = self.elapsed_ms()
            with closing(rest):
                for item in chain([first], rest):
                    if isinstance(item, str):
                        if delta := clean(item):
                            self.text += delta
                            yield delta
                    else:
                        self.usage, self.finish_reason = item.usage, item.finish_reason

    def _begin(self, remaining: float) -> tuple[str | Completion, Generator[str | Completion, None, None]]:
        """Ask and wait for the first of the reply; a failure after it is final, as the asker has seen text."""
        provider = provider_for(self.deployment)
        items = self.limited(lambda: provider.stream(self._prompt, model=self.deployment.model, timeout=remaining))
        return next(items), items

    def _fail(self, error: BaseException) -> None:
        """A call that broke off was most likely billed all the same; what it used is then counted here."""
        super()._fail(error)
        if (
            self.attempts
            and not self._is_local
            and (self.text or self.finish_reason in ("timeout", "cut", "abandoned"))
        ):
            self.usage = tokens.estimate(self._prompt, self.text)
