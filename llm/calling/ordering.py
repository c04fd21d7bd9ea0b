"""Many calls in one order of a vendor's batch API: whether it is offered, its money, and its rows in the ledger.

An order has one reservation, and each of its lines a row in the ledger, written with what all of them cost in one
transaction of the caller. Where the server is not the vendor's own, nobody knows what it takes off, and it counts in
full.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from llm import endpoints, vendors
from llm.calling.call import worst_of
from llm.completion import Usage, redacted
from llm.models import Deployment, Endpoint, Purpose, Reservation, UsageRecord
from llm.prompt import Prompt
from llm.providers.batches import Batches, BatchReply
from llm.spending import budgets, pricing


@dataclass(frozen=True)
class OrderedCall:
    """A line of an order with what came of it. `most_input` is the most that its prompt can have taken, in tokens."""

    trace_id: str
    most_input: int
    reply: BatchReply


def batches_of(endpoint: Endpoint) -> Batches:
    """Raises ProviderError without a key, and where the vendor has no batch API."""
    kind: type[Batches] = vendors.load(endpoint.provider, "batches")
    return kind(**endpoints.options(endpoint))


def why_not(endpoint: Endpoint) -> str:
    """Why an endpoint takes no orders, as a sentence; empty where it does.

    A server that is not the vendor's own is asked for its list of them. Raises ProviderError where it cannot be.
    """
    if vendors.runs_here(endpoint.provider):
        return f"{endpoint} runs on this machine and costs nothing: there is nothing to order."
    if endpoint.provider not in vendors.those_that("batches"):
        return f"{endpoint.provider} takes no batches."
    if is_own(endpoint) or batches_of(endpoint).probe():
        return ""
    return f"The server of {endpoint}, {endpoints.address(endpoint)}, has no batch API: it answers 404 to it."


def is_own(endpoint: Endpoint) -> bool:
    """Whether it is the vendor's own server, of which it is known that it takes batches at half the price."""
    own = vendors.address(endpoint.provider)
    return bool(own) and endpoints.address(endpoint).rstrip("/") == own.rstrip("/")


def cost(deployment: Deployment, usage: Usage) -> Decimal | None:
    """USD of one line; None where its price is not known."""
    served = deployment.endpoint
    return pricing.cost(served.provider, deployment.model, usage, timezone.now(), is_batch=is_own(served))


def most(deployment: Deployment, prompts: Sequence[Prompt]) -> Decimal | None:
    """USD that an order of these prompts can cost at most; None where that is not known."""
    return pricing.total(cost(deployment, worst_of(prompt)) for prompt in prompts)


def reserve(deployment: Deployment, prompts: Sequence[Prompt], *, trace_id: str) -> Reservation | None:
    """Set aside what an order may cost at most. Raises ProviderError (budget) where it does not fit."""
    worst = [worst_of(prompt) for prompt in prompts]
    together = Usage(sum(each.input_tokens for each in worst), 0, sum(each.output_tokens for each in worst))
    return budgets.reserve_order(
        deployment, most(deployment, prompts), together, trace_id=trace_id, purpose=Purpose.EVALUATE
    )


def settle(
    deployment: Deployment,
    calls: Sequence[OrderedCall],
    reservation: Reservation | None,
    *,
    key: str,
    made_at: datetime | None,
) -> None:
    """Write what became of the lines into the ledger, and turn the reservation into what they cost; it was made under
    `key` at `made_at`, and may have counted as lost since. To be called once, in the transaction that says that the
    order is over."""
    rows = [_row(deployment, call) for call in calls]
    UsageRecord.objects.bulk_create(rows, batch_size=500)
    _settle(reservation, sum((row.cost for row in rows if row.cost is not None), Decimal(0)), key, made_at)


def release(reservation: Reservation | None, *, key: str, made_at: datetime | None) -> None:
    """As `settle`, of an order that was never made."""
    _settle(reservation, Decimal(0), key, made_at)


def _settle(reservation: Reservation | None, cost: Decimal, key: str, made_at: datetime | None) -> None:
    """The reservation goes first: whoever counts it as lost meanwhile is waited for."""
    budgets.settle(reservation, cost)
    if made_at is not None:
        budgets.take_back(key, made_at)


def _row(deployment: Deployment, call: OrderedCall) -> UsageRecord:
    completion, error = call.reply.completion, call.reply.error
    usage = completion.usage if completion else (error and error.usage) or Usage(0, 0, 0)
    if usage.is_estimated:
        usage = Usage(call.most_input // 4, 0, usage.output_tokens, is_estimated=True)
    return UsageRecord(
        trace_id=call.trace_id,
        purpose=Purpose.EVALUATE,
        provider=deployment.endpoint.provider,
        model=deployment.model,
        deployment=deployment if deployment.pk else None,
        input_tokens=usage.input_tokens,
        cached_input_tokens=usage.cached_input_tokens,
        output_tokens=usage.output_tokens,
        is_estimated=usage.is_estimated,
        cost=cost(deployment, usage),
        latency_ms=0.0,
        finish_reason=completion.finish_reason if completion else error.kind if error else "missing",
        error=redacted(str(error))[:500] if error else "",
        is_batch=True,
    )
