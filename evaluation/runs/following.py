"""Orders of runs that are under way: how each is, looked at until it is over."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet
from django.utils import timezone

from evaluation.models import EvaluationArm, EvaluationRun, OrderState, RunBatch, RunState
from evaluation.runs import arms, settling
from llm.calling import ordering
from llm.completion import Kind, ProviderError
from llm.models import Deployment
from llm.providers.batches import Batches, BatchReply, BatchReport, BatchState
from llm.spending import budgets

log = logging.getLogger(__name__)

FIRST_LOOK, LONGEST_PAUSE = 15.0, 300.0  # seconds; the pause doubles
LONGEST_PAUSE_TO_FORGET = 86_400.0  # seconds
MOST_MISSES = 3  # looks in a row at which the vendor knows no such order, or gives none of its replies
LASTING: tuple[Kind, ...] = ("bad_request", "bad_reply", "refused")  # errors that another look seldom mends


def open_ones(run: EvaluationRun) -> QuerySet[RunBatch]:
    return run.batches.exclude(state=OrderState.OVER)


def is_open(run: EvaluationRun) -> bool:
    """Whether an order of the run is made, or may be, and not over."""
    return open_ones(run).filter(is_unwanted=False).exists()


def give_up(run: EvaluationRun) -> None:
    """Nobody waits any more for what the run has ordered, or may have. To be called in the transaction that ends it.

    What it has only set out to order is ordered when it is resumed."""
    open_ones(run).filter(since__isnull=False).update(is_unwanted=True, look_at=None)


def sentence(batch: RunBatch) -> str:
    """How an order is, for people; the vendor's own word in it."""
    label = batch.get_arm_display()
    said = f"{label[:1].upper()}{label[1:]}: {batch.get_state_display()}"
    if batch.told:
        said += f"; the provider says “{batch.told}”"
    if batch.lines:
        said += f", {batch.done or 0} of {batch.lines} answered"
    return f"{said}. {batch.error}" if batch.error else f"{said}."


def seconds_to_wait(run: EvaluationRun) -> float:
    """Until an order of the run is to be looked at again."""
    due = open_ones(run).filter(is_unwanted=False, look_at__isnull=False).aggregate(Min("look_at"))["look_at__min"]
    return min(LONGEST_PAUSE, max(1.0, (due - timezone.now()).total_seconds())) if due else 1.0


def is_waited_for(run: EvaluationRun) -> bool:
    """Whether an order of the run is under way, after a look at those that are due."""
    for batch in open_ones(run).filter(is_unwanted=False):
        if batch.look_at is None or batch.look_at <= timezone.now():
            look(batch)
    waiting = open_ones(run).filter(is_unwanted=False).exclude(state=OrderState.PREPARED, look_at=None)
    return waiting.exists()


def ordered(batch: RunBatch, order: str) -> None:
    """Keep what an order is called, once. One that nobody waited for any more has to be followed as well, as it costs:
    it comes back, to be cancelled."""
    if RunBatch.objects.filter(pk=batch.pk, order="").update(order=order, state=OrderState.ORDERED):
        batch.order, batch.state = order, OrderState.ORDERED
        wait(batch, told="", error="")


@transaction.atomic
def never_made(batch: RunBatch) -> None:
    """It is over before it began, and costs nothing: what it was to ask is asked otherwise."""
    held = RunBatch.objects.select_for_update(of=("self",)).select_related("reservation").get(pk=batch.pk)
    if held.state != OrderState.PREPARED:
        return
    ordering.release(held.reservation, key=held.key, made_at=held.since)
    held.answers.all().delete()
    held.state, held.told, held.look_at, held.is_unwanted = OrderState.OVER, "", None, True
    held.save(update_fields=["state", "told", "look_at", "is_unwanted"])


def wait(batch: RunBatch, *, told: str, error: str, done: int | None = None, misses: int = 0) -> None:
    pause = min(LONGEST_PAUSE, FIRST_LOOK * 2 ** min(batch.looks, 10))
    budgets.prolong(batch.reservation_id)
    RunBatch.objects.filter(pk=batch.pk).exclude(state=OrderState.OVER).update(
        told=told[:60],
        error=error[:500],
        done=done,
        misses=misses,
        looks=F("looks") + 1,
        look_at=timezone.now() + timedelta(seconds=pause),
    )


def look(batch: RunBatch) -> None:
    """Ask how an order is, and take over what it brought once it is over. Whatever fails is told and asked again."""
    deployment = arms.deployment(batch.run, EvaluationArm(batch.arm))
    try:
        orders = ordering.batches_of(deployment.endpoint)
        if batch.state == OrderState.PREPARED:
            _look_for(batch, orders)
            return
        if batch.is_unwanted or batch.run.state == RunState.STOPPED:
            orders.cancel(batch.order)
        report = orders.report(batch.order)
        if report is None and batch.misses + 1 < MOST_MISSES:
            wait(batch, told="", error="The provider knows no such order.", misses=batch.misses + 1)
        elif report is not None and report.state in (BatchState.GOING, BatchState.UNKNOWN):
            wait(batch, told=report.told, error=_unknown(report), done=report.done)
        else:
            _end(batch, deployment, orders, report)
    except ProviderError as error:
        log.warning("The order %s cannot be looked at: %s", batch.order or batch.key, error)
        wait(batch, told=batch.told, error=str(error), done=batch.done, misses=batch.misses)


def _end(batch: RunBatch, deployment: Deployment, orders: Batches, report: BatchReport | None) -> None:
    """Take over what an order brought that is over, or gone. Raises ProviderError."""
    came: list[BatchReply] = []
    why = report.error if report else "The provider knows no such order any more."
    try:
        came = list(orders.replies(batch.order)) if report else []
    except ProviderError as error:
        if error.kind not in LASTING:
            raise
        if batch.misses + 1 < MOST_MISSES:
            wait(batch, told=report.told if report else "", error=str(error), misses=batch.misses + 1)
            return
        why = f"What came of it cannot be fetched: {error}"
    settling.take_over(batch, deployment, came, told=report.told if report else "", why=why)
    forget(batch, orders)


def forget(batch: RunBatch, orders: Batches) -> None:
    """Have the vendor delete what it holds of an order that is over; tried again later where it fails."""
    found = RunBatch.objects.filter(pk=batch.pk, state=OrderState.OVER)
    try:
        orders.forget(batch.order)
    except ProviderError as error:
        log.warning("The order %s cannot be deleted at the provider yet: %s", batch.order, error)
        pause = min(LONGEST_PAUSE_TO_FORGET, FIRST_LOOK * 2 ** min(batch.looks, 20))
        found.update(looks=F("looks") + 1, look_at=timezone.now() + timedelta(seconds=pause))
    else:
        found.update(is_forgotten=True, look_at=None)


def _unknown(report: BatchReport) -> str:
    if report.state != BatchState.UNKNOWN:
        return ""
    return f"The provider says that it is “{report.told}”, which nobody has told of. It is waited for."


def _look_for(batch: RunBatch, orders: Batches) -> None:
    """An order that may have been made, by a process that died since."""
    if batch.since is None:
        order: str | None = ""
    else:
        order = orders.find(batch.key, batch.lines, batch.since.timestamp())
    if order:
        ordered(batch, order)
    elif order is None:
        wait(batch, told="", error="The provider may have it already, and tells once it is over.")
    elif batch.is_unwanted or batch.run.state not in (RunState.WAITING, RunState.RUNNING):
        never_made(batch)
    else:  # it is for whoever claims the run to order it
        RunBatch.objects.filter(pk=batch.pk, state=OrderState.PREPARED).update(look_at=None)


def look_after_unwanted() -> int:
    """Cancel the orders of runs that were stopped, and record what they cost until then; have those deleted at the
    vendor that are over. How many were looked at."""
    due = Q(look_at=None) | Q(look_at__lte=timezone.now())
    for batch in (found := list(unwanted().filter(due))):
        look(batch)
    for batch in (held := list(unforgotten().filter(due))):
        deployment = arms.deployment(batch.run, EvaluationArm(batch.arm))
        try:
            orders = ordering.batches_of(deployment.endpoint)
        except ProviderError as error:
            log.warning("The order %s cannot be deleted at the provider: %s", batch.order, error)
        else:
            forget(batch, orders)
    return len(found) + len(held)


def unforgotten() -> QuerySet[RunBatch]:
    """The orders that are over and of which the vendor still holds what was asked and answered."""
    return RunBatch.objects.filter(state=OrderState.OVER, is_forgotten=False).exclude(order="")


def unwanted() -> QuerySet[RunBatch]:
    """The orders that are under way and that no run waits for."""
    left = Q(is_unwanted=True) | Q(run__state__in=[RunState.FAILED, RunState.STOPPED], since__isnull=False)
    return RunBatch.objects.exclude(state=OrderState.OVER).filter(left)
