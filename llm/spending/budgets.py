"""Budgets that hold: what a call may cost at most is reserved before it is made, and settled after.

A period's row says what is spent and what is reserved, so one UPDATE decides whether a call still fits, over all
processes. A process that dies leaves its reservation; when it has expired it counts as spent in full, since the
provider may have billed it.
"""

import logging
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.db import connection, transaction
from django.db.models import F, Sum
from django.utils import timezone

from llm import vendors
from llm.completion import ProviderError, Usage
from llm.models import Budget, BudgetPeriod, Deployment, Period, Purpose, Reservation, UsageRecord
from llm.spending import money, pricing

log = logging.getLogger(__name__)

EXPIRES_AFTER = timedelta(minutes=2)  # beyond the deadline of a call
ORDERS_HELD_FOR = timedelta(days=3)  # of batches: vendors take a day, and may have to be asked again

LOST = "lost"  # what the ledger says of a call whose process died


def first_day(period: Period, at: datetime) -> date:
    """The day that the period of a moment begins on, in UTC."""
    day = at.date()
    return day.replace(day=1) if period == Period.MONTH else day


def label(budget: Budget) -> str:
    """A budget in words: "$100.00 a month"."""
    return f"{money.amount(budget.limit)} a {budget.period}"


@transaction.atomic
def reserve(
    deployment: Deployment, worst: Usage, *, trace_id: str, purpose: Purpose, seconds: float
) -> Reservation | None:
    """Set aside what a call may cost at most. None where no budget stops anything, or the price is not known.

    Raises ProviderError (budget) when it does not fit into what is left.
    """
    if vendors.runs_here(deployment.endpoint.provider):
        return None
    amount = pricing.cost(deployment.endpoint.provider, deployment.model, worst, timezone.now())
    held_for = timedelta(seconds=min(max(seconds, 0.0), 3600.0))
    return _reserved(deployment, amount, worst, trace_id=trace_id, purpose=purpose, held_for=held_for)


@transaction.atomic
def reserve_order(
    deployment: Deployment, amount: Decimal | None, worst: Usage, *, trace_id: str, purpose: Purpose
) -> Reservation | None:
    """As `reserve`, for an order of many calls that may cost `amount` together (None: not known) and take a day."""
    return _reserved(deployment, amount, worst, trace_id=trace_id, purpose=purpose, held_for=ORDERS_HELD_FOR)


def _reserved(
    deployment: Deployment,
    amount: Decimal | None,
    worst: Usage,
    *,
    trace_id: str,
    purpose: Purpose,
    held_for: timedelta,
) -> Reservation | None:
    now = timezone.now()
    budgets = list(Budget.objects.filter(is_hard=True).order_by("period"))
    if not budgets or amount is None:
        return None
    for budget in budgets:
        _set_aside(budget, amount, now)
    return Reservation.objects.create(
        trace_id=trace_id,
        purpose=purpose,
        provider=deployment.endpoint.provider,
        model=deployment.model,
        amount=amount,
        input_tokens=worst.input_tokens,
        output_tokens=worst.output_tokens,
        made_at=now,
        expires_at=now + held_for + EXPIRES_AFTER,
    )


def _set_aside(budget: Budget, amount: Decimal, now: datetime) -> None:
    row = current(budget, now)
    fits = BudgetPeriod.objects.filter(pk=row.pk, spent__lte=budget.limit - amount - F("reserved"))
    if not fits.update(reserved=F("reserved") + amount):
        raise ProviderError(
            f"The budget, {label(budget)}, does not hold another call of up to {money.amount(amount)}.",
            kind="budget",
        )


@transaction.atomic
def current(budget: Budget, now: datetime) -> BudgetPeriod:
    """The row of the period that `now` is in; at first it holds what the ledger says was spent so far."""
    starts_on = first_day(Period(budget.period), now)
    found = BudgetPeriod.objects.filter(period=budget.period, starts_on=starts_on).first()
    if found is not None:
        return found
    with connection.cursor() as cursor:  # whoever writes into the ledger is let finish, or it would not be counted
        cursor.execute("LOCK TABLE llm_usagerecord IN SHARE MODE")
    begun = UsageRecord.objects.filter(created_at__gte=_midnight(starts_on)).aggregate(sum=Sum("cost"))["sum"]
    row, _ = BudgetPeriod.objects.get_or_create(
        period=budget.period, starts_on=starts_on, defaults={"spent": begun or Decimal(0)}
    )
    return row


def room() -> Decimal | None:
    """USD that may still be spent under every budget that stops calls; None where none does."""
    now = timezone.now()
    rows = [(budget, current(budget, now)) for budget in Budget.objects.filter(is_hard=True).order_by("period")]
    return min((budget.limit - row.spent - row.reserved for budget, row in rows), default=None)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def settle(reservation: Reservation | None, cost: Decimal | None) -> None:
    """Turn a reservation into what the call did cost. To be called with the ledger's row, in one transaction.

    The periods are those it was made in. Without a reservation nothing was held back, but what was spent counts.
    """
    made_at = reservation.made_at if reservation else timezone.now()
    held = Decimal(0)
    if reservation is not None and Reservation.objects.filter(pk=reservation.pk).delete()[0]:
        held = reservation.amount
    _book(made_at, held, cost or Decimal(0))


def _book(made_at: datetime, held: Decimal, cost: Decimal) -> None:
    if not held and not cost:
        return
    for period in sorted(Period.values):  # always in one order, so that two never wait for each other
        BudgetPeriod.objects.filter(period=period, starts_on=first_day(Period(period), made_at)).update(
            reserved=F("reserved") - held, spent=F("spent") + cost
        )


def prolong(pk: int | None) -> None:
    """Go on holding back for an order that is still under way: it is not that of a dead process."""
    if pk is not None:
        Reservation.objects.filter(pk=pk).update(expires_at=timezone.now() + ORDERS_HELD_FOR + EXPIRES_AFTER)


def take_back(trace_id: str, made_at: datetime) -> None:
    """What was counted as spent when a reservation made then had expired is known after all. To be called with the rows
    that say what it did cost, in one transaction."""
    lost = UsageRecord.objects.select_for_update().filter(trace_id=trace_id, finish_reason=LOST)
    for pk, cost in list(lost.values_list("pk", "cost")):
        UsageRecord.objects.filter(pk=pk).delete()
        _book(made_at, Decimal(0), -(cost or Decimal(0)))


def expire() -> int:
    """Count what dead processes had reserved as spent, with a line in the ledger; how many there were."""
    count = 0
    for found in Reservation.objects.filter(expires_at__lt=timezone.now()):
        with transaction.atomic():
            if not Reservation.objects.filter(pk=found.pk).delete()[0]:
                continue
            UsageRecord.objects.create(
                trace_id=found.trace_id, purpose=found.purpose, provider=found.provider, model=found.model,
                input_tokens=found.input_tokens, output_tokens=found.output_tokens, is_estimated=True,
                cost=found.amount, latency_ms=0, finish_reason=LOST, error="The process that asked died.",
            )  # fmt: skip
            _book(found.made_at, found.amount, found.amount)
        count += 1
        said = money.amount(found.amount)
        log.warning("trace %s: a call to %s was lost; %s count as spent", found.trace_id, found.model, said)
    return count
