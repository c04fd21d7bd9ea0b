"""The orders of a run: prepared by production's own code, made once, looked at until they are over.

A run that is asked in orders is worked on twice: to prepare them, and to settle what came back. In between nobody holds
it; whoever looks at an order does so without a claim, and what it brought is taken over in one transaction.
"""

import logging
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import F, Min, Q, QuerySet, Sum
from django.utils import timezone

from bot.answers import conversations
from bot.answers.answering import Answer
from bot.answers.trace import Trace
from evaluation.models import (
    BatchedAnswer,
    EvaluationArm,
    EvaluationCase,
    EvaluationRun,
    OrderState,
    RunBatch,
    RunState,
)
from evaluation.runs import arms, keeping, replies
from evaluation.runs.replaying import PromptTaken, Replayed
from foundation import failpoints, leases
from llm import client, trials
from llm.calling import ordering
from llm.calling.call import worst_of
from llm.calling.ordering import OrderedCall
from llm.completion import ProviderError
from llm.models import Deployment
from llm.prompt import Prompt
from llm.providers.batches import KEY_SHOWN, Batches, BatchLine, BatchReply, BatchReport, BatchState
from llm.spending import budgets, money

log = logging.getLogger(__name__)

FIRST_LOOK, LONGEST_PAUSE = 15.0, 300.0  # seconds; the pause doubles
MOST_MISSES = 3  # looks in a row at which the vendor knows no such order
MISSING = "The provider's files hold no line for it."

Settled = Callable[[EvaluationCase, EvaluationArm, Answer], object]
"""Called with an answer for which no model has to be asked."""


class BatchError(RuntimeError):
    """The order cannot be made; the message says why, and nothing was ordered."""


def open_ones(run: EvaluationRun) -> QuerySet[RunBatch]:
    return run.batches.exclude(state=OrderState.OVER)


def is_open(run: EvaluationRun) -> bool:
    """Whether an order of the run is made, or may be, and not over."""
    return open_ones(run).filter(is_unwanted=False).exists()


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


def prepare(run: EvaluationRun, lease: leases.Lease, settled: Settled) -> None:
    """Take the prompts of all that is not asked yet, and order them, an order for each arm. May be done again after
    every death. Raises BatchError and LeaseLostError."""
    known = set(BatchedAnswer.objects.filter(batch__run=run).values_list("case", "batch__arm"))
    for case, arm in keeping.pending(run):
        lease.check()
        if (case.pk, arm) in known:
            continue
        taken = PromptTaken()
        answer = replies.ask(run, case, arm, trace_id=keeping.trace_id(run, case, arm), model=taken)
        if taken.prompt is None:
            settled(case, arm, answer)
        else:
            _line(run, case, arm, answer, taken.prompt)
    for batch in open_ones(run).filter(state=OrderState.PREPARED, is_unwanted=False):
        lease.check()
        _order(run, batch)


@transaction.atomic
def _line(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, answer: Answer, prompt: Prompt) -> None:
    if not run.mine().select_for_update().exists():
        raise leases.LeaseLostError
    batch = open_ones(run).filter(arm=arm).first() or RunBatch.objects.create(run=run, arm=arm, key=uuid.uuid4().hex)
    BatchedAnswer.objects.create(
        batch=batch,
        case=case,
        trace_id=answer.trace_id,
        found=conversations.traced(answer).as_json(),
        most_input=worst_of(prompt).input_tokens,
    )


def model_for(
    run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm
) -> tuple[client.Ask, Trace | None, BatchedAnswer | None]:
    """How the model is asked for an answer, and what was found for it: the line of an order that is over, else now."""
    line = BatchedAnswer.objects.filter(batch__run=run, batch__arm=arm, case=case).order_by("-id").first()
    if line is None or (line.reply is None and not line.error):
        return client.stream, None, None
    asked = Replayed(line.reply, error=line.error, kind=line.kind or "bad_reply")  # type: ignore[arg-type]
    return asked, Trace.from_json(line.found), line


def _order(run: EvaluationRun, batch: RunBatch) -> None:
    """Raises BatchError and LeaseLostError. What was made before and not kept is found before another is made."""
    deployment = arms.deployment(run, EvaluationArm(batch.arm))
    lines = list(batch.answers.select_related("case").order_by("pk"))
    try:
        orders = ordering.batches_of(deployment.endpoint)
    except ProviderError as error:
        raise BatchError(str(error)) from error
    if batch.since is not None:  # it may be there already, whatever goes wrong now
        look(batch)
        batch.refresh_from_db()
        if batch.state != OrderState.PREPARED or batch.look_at is not None:
            return
    try:
        order = _made(run, batch, orders, deployment, lines)
    except ProviderError as error:
        _give_up_order(batch, error)
    else:
        _ordered(batch, order, len(lines))


def _made(
    run: EvaluationRun, batch: RunBatch, orders: Batches, deployment: Deployment, lines: Sequence[BatchedAnswer]
) -> str:
    """Raises BatchError, LeaseLostError, and ProviderError."""
    tried = trials.run(deployment.endpoint, deployment.model)  # options that it refuses are learnt by it as well
    if not tried.is_ok:
        raise BatchError(tried.detail)
    prompts = [_prompt(run, line) for line in lines]
    _check_budget(run, ordering.most(deployment, prompts))
    with transaction.atomic():
        if not run.mine().select_for_update().exists():
            raise leases.LeaseLostError
        if batch.reservation is None:
            batch.reservation = ordering.reserve(deployment, prompts, trace_id=batch.key)
        batch.since = timezone.now()
        batch.lines = len(lines)
        batch.save(update_fields=["reservation", "since", "lines"])
    asked = [BatchLine(_name(batch, line), prompt) for line, prompt in zip(lines, prompts, strict=True)]
    failpoints.reach("evaluation.ordering")
    order = orders.create(batch.key, asked, deployment.model)
    failpoints.reach("evaluation.ordered")
    return order


def _prompt(run: EvaluationRun, line: BatchedAnswer) -> Prompt:
    """The prompt that a line was made of, built again of what was found then."""
    taken = PromptTaken()
    arm, found = EvaluationArm(line.batch.arm), Trace.from_json(line.found)
    replies.ask(run, line.case, arm, trace_id=line.trace_id, found=found, model=taken)
    if taken.prompt is None:
        raise BatchError(f"The prompt of case {line.case_id} cannot be built again.")
    return taken.prompt


def _check_budget(run: EvaluationRun, most: Decimal | None) -> None:
    if run.budget is None or most is None:
        return
    spent = run.results.aggregate(sum=Sum("cost"))["sum"] or Decimal(0)
    if spent + most > run.budget:
        raise BatchError(
            f"The budget of {money.amount(run.budget)} does not hold an order that may cost {money.amount(most)}."
            " Resume the run with a larger one."
        )


def _name(batch: RunBatch, line: BatchedAnswer) -> str:
    return f"{batch.key[:KEY_SHOWN]}-{line.trace_id}"


def _ordered(batch: RunBatch, order: str, lines: int) -> None:
    batch.order, batch.state, batch.lines = order, OrderState.ORDERED, lines
    batch.save(update_fields=["order", "state", "lines"])
    _wait(batch, told="", error="")


def _give_up_order(batch: RunBatch, error: ProviderError) -> None:
    """What may yet have been taken is looked for later; what was refused for good is not ordered, and costs nothing."""
    if batch.since is not None and not error.permanent:
        _wait(batch, told="", error=str(error))
        return
    with transaction.atomic():
        budgets.settle(batch.reservation, Decimal(0))
        batch.answers.all().delete()
        batch.delete()
    raise BatchError(str(error)) from error


def _wait(batch: RunBatch, *, told: str, error: str, done: int | None = None, misses: int = 0) -> None:
    pause = min(LONGEST_PAUSE, FIRST_LOOK * 2 ** min(batch.looks, 10))
    RunBatch.objects.filter(pk=batch.pk).update(
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
        if batch.is_unwanted:
            orders.cancel(batch.order)
        report = orders.report(batch.order)
        if report is None and batch.misses + 1 < MOST_MISSES:
            _wait(batch, told="", error="The provider knows no such order.", misses=batch.misses + 1)
        elif report is not None and report.state in (BatchState.GOING, BatchState.UNKNOWN):
            _wait(batch, told=report.told, error=_unknown(report), done=report.done)
        else:
            _take_over(batch, deployment, list(orders.replies(batch.order)) if report else [], report)
    except ProviderError as error:
        log.warning("The order %s cannot be looked at: %s", batch.order or batch.key, error)
        _wait(batch, told=batch.told, error=str(error), done=batch.done, misses=batch.misses)


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
        _ordered(batch, order, batch.lines)
    elif order is None:
        _wait(batch, told="", error="The provider may have it already, and tells once it is over.")
    elif batch.is_unwanted:
        with transaction.atomic():
            budgets.settle(batch.reservation, Decimal(0))
            RunBatch.objects.filter(pk=batch.pk).update(state=OrderState.OVER, told="")
    else:  # it is for whoever claims the run to order it
        RunBatch.objects.filter(pk=batch.pk).update(look_at=None)


def _take_over(batch: RunBatch, deployment: Deployment, came: Sequence[BatchReply], report: BatchReport | None) -> None:
    """Keep what came of each line, and its row in the ledger, once."""
    by_name: dict[str, BatchReply] = {}
    for reply in came:
        by_name.setdefault(reply.name, reply)
    why = (report.error if report else "The provider knows no such order any more.") or MISSING
    with transaction.atomic():
        held = RunBatch.objects.select_for_update(of=("self",)).select_related("reservation").get(pk=batch.pk)
        if held.state == OrderState.OVER:
            return
        lines = {_name(held, line): line for line in held.answers.all()}
        for name, line in lines.items():
            _fill(line, by_name.get(name), why)
        replied = [line for line in lines.values() if line.reply is not None]
        failed = [line for line in lines.values() if line.reply is None]
        BatchedAnswer.objects.bulk_update(replied, ["reply"], batch_size=200)
        BatchedAnswer.objects.bulk_update(failed, ["error", "kind"], batch_size=200)
        ordering.settle(deployment, list(_calls(held, by_name, lines)), held.reservation)
        held.state, held.told, held.error = OrderState.OVER, report.told if report else "", ""
        held.done, held.look_at = len(replied), None
        held.save(update_fields=["state", "told", "error", "done", "look_at"])
    failpoints.reach("evaluation.taken_over")


def _fill(line: BatchedAnswer, reply: BatchReply | None, why: str) -> None:
    if reply is None:
        line.error, line.kind = why[:500], "bad_reply"
    elif reply.completion is not None:
        line.reply = {"text": reply.completion.text, "finish_reason": reply.completion.finish_reason}
    elif reply.error is not None:
        line.error, line.kind = str(reply.error)[:500], reply.error.kind


def _calls(
    batch: RunBatch, came: Mapping[str, BatchReply], lines: Mapping[str, BatchedAnswer]
) -> Iterator[OrderedCall]:
    """Those of ours, also where the line was erased meanwhile: it was paid for."""
    for name, reply in came.items():
        key, _, trace_id = name.partition("-")
        if key == batch.key[:KEY_SHOWN]:
            yield OrderedCall(trace_id[:32], lines[name].most_input if name in lines else 0, reply)


def look_after_unwanted() -> int:
    """Cancel the orders of runs that were stopped, and record what they cost until then; how many were looked at."""
    due = unwanted().filter(Q(look_at=None) | Q(look_at__lte=timezone.now()))
    for batch in (found := list(due)):
        look(batch)
    return len(found)


def unwanted() -> QuerySet[RunBatch]:
    """The orders that are under way and that no run waits for."""
    left = Q(is_unwanted=True) | Q(run__state=RunState.FAILED, since__isnull=False)
    return RunBatch.objects.exclude(state=OrderState.OVER).filter(left)
