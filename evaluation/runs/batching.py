"""The orders of a run: prepared by production's own code, and made once.

A run that is asked in orders is worked on twice: to prepare them, and to settle what came back. In between nobody holds
it; whoever looks at an order does so without a claim, and what it brought is taken over in one transaction.
"""

import logging
import uuid
from collections.abc import Callable

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bot.answers import conversations
from bot.answers.answered import Answer
from bot.answers.trace import Trace
from evaluation.models import (
    BatchedAnswer,
    EvaluationArm,
    EvaluationCase,
    EvaluationRun,
    OrderState,
    RunBatch,
)
from evaluation.runs import arms, following, keeping, replies, settling
from evaluation.runs.affording import Allowance
from evaluation.runs.replaying import PromptTaken, Replayed
from foundation import failpoints, leases
from llm import trials
from llm.calling import ordering, room
from llm.calling.call import worst_of
from llm.completion import Kind, ProviderError
from llm.models import Deployment
from llm.prompt import Prompt
from llm.providers.batches import Batches, BatchLine

log = logging.getLogger(__name__)

Settled = Callable[[EvaluationCase, EvaluationArm, Answer], object]
"""Called with an answer for which no model has to be asked."""


class BatchError(RuntimeError):
    """The order cannot be made; the message says why, and nothing was ordered."""


def prepare(run: EvaluationRun, lease: leases.Lease, settled: Settled) -> None:
    """Take the prompts of all that is not asked yet, and order them, an order for each arm. May be done again after
    every death. Raises BatchError, UnaffordableError and LeaseLostError."""
    allowance = Allowance(run)
    known = set(_lines(run).values_list("case", "batch__arm"))
    for case, arm in keeping.pending(run):
        lease.check()
        if (case.pk, arm) in known:
            continue
        allowance.check_answer()  # what it is searched with, and a question that is put anew, are asked at once
        taken = PromptTaken()
        answer = replies.ask(run, case, arm, trace_id=keeping.trace_id(run, case, arm), model=taken)
        if taken.prompt is None:
            settled(case, arm, answer)
        else:
            _line(run, case, arm, answer, taken.prompt)
    for batch in following.open_ones(run).filter(state=OrderState.PREPARED, is_unwanted=False):
        lease.check()
        _order(run, batch)


def _lines(run: EvaluationRun) -> QuerySet[BatchedAnswer]:
    """Without those of orders that nobody waits for any more, unless their replies came: they are asked again."""
    return BatchedAnswer.objects.filter(batch__run=run).exclude(batch__is_unwanted=True, reply__isnull=True)


@transaction.atomic
def _line(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, answer: Answer, prompt: Prompt) -> None:
    if not run.mine().select_for_update().exists():
        raise leases.LeaseLostError
    if not EvaluationCase.objects.select_for_update().filter(pk=case.pk).exclude(question="").exists():
        return  # erased while its prompt was taken
    open_one = following.open_ones(run).filter(arm=arm, is_unwanted=False).first()
    if open_one is not None and open_one.since is not None:
        return  # it may be made already, and takes no more: this is asked at once when it is over
    batch = open_one or RunBatch.objects.create(run=run, arm=arm, key=uuid.uuid4().hex)
    BatchedAnswer.objects.create(
        batch=batch,
        case=case,
        trace_id=answer.trace_id,
        found=conversations.traced(answer).as_json(),
        most_input=worst_of(prompt).input_tokens,
    )


def replayed(
    run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, allowance: Allowance
) -> tuple[Replayed, Trace] | None:
    """How the model is asked where an order that is over has a line for it, and what was found for it then; None where
    it is to be asked now."""
    line = _lines(run).filter(batch__arm=arm, case=case).order_by("-id").first()
    if line is None or (line.reply is None and not line.error):
        return None
    kind: Kind = line.kind or "bad_reply"  # type: ignore[assignment]
    return Replayed(line.reply, error=line.error, kind=kind, allowance=allowance), Trace.from_json(line.found)


def _order(run: EvaluationRun, batch: RunBatch) -> None:
    """What was made before and not kept is found before another is made. Raises as `prepare` does."""
    deployment = arms.deployment(run, EvaluationArm(batch.arm))
    try:
        orders = ordering.batches_of(deployment.endpoint)
    except ProviderError as error:
        raise BatchError(str(error)) from error
    if batch.since is not None:  # it may be there already, whatever goes wrong now
        following.look(batch)
        batch.refresh_from_db()
        if batch.state != OrderState.PREPARED or batch.look_at is not None:
            return
    try:
        order = _made(run, batch, orders, deployment)
    except ProviderError as error:
        _give_up_order(batch, error)
        return
    if order:
        following.ordered(batch, order)
    else:
        following.never_made(batch)


def _made(run: EvaluationRun, batch: RunBatch, orders: Batches, deployment: Deployment) -> str:
    """The id of the order; empty where nothing is left to be ordered.

    Raises BatchError, UnaffordableError, LeaseLostError, and ProviderError."""
    tried = trials.run(deployment.endpoint, deployment.model)  # options that it refuses are learnt by it as well
    if not tried.is_ok:
        raise BatchError(tried.detail)
    worded = _worded(run, batch)
    if not worded:
        return ""
    lines, prompts = list(worded), [room.widened(prompt, deployment) for prompt in worded.values()]
    most = ordering.most(deployment, prompts)
    Allowance(run).check_order(batch, most)
    with transaction.atomic():
        if not run.mine().select_for_update().exists():
            raise leases.LeaseLostError
        if batch.reservation is None:
            batch.reservation = ordering.reserve(deployment, prompts, trace_id=batch.key)
        batch.since = timezone.now()
        batch.lines, batch.most = len(lines), most
        batch.save(update_fields=["reservation", "since", "lines", "most"])
    asked = [BatchLine(settling.name_of(batch, line), prompt) for line, prompt in zip(lines, prompts, strict=True)]
    failpoints.reach("evaluation.ordering")
    order = orders.create(batch.key, asked, deployment.model)
    failpoints.reach("evaluation.ordered")
    return order


def _worded(run: EvaluationRun, batch: RunBatch) -> dict[BatchedAnswer, Prompt]:
    """The prompt that each line was made of, built again of what was found then. Lines of which there is none any more
    are dropped: their case was erased, or would not be asked of a model by now."""
    found = {line: _prompt(run, line) for line in batch.answers.select_related("case", "batch").order_by("pk")}
    gone = [line.pk for line, prompt in found.items() if prompt is None]
    if gone:
        log.warning("%d lines of %s are not ordered: they cannot be built again", len(gone), batch)
        batch.answers.filter(pk__in=gone).delete()
    return {line: prompt for line, prompt in found.items() if prompt is not None}


def _prompt(run: EvaluationRun, line: BatchedAnswer) -> Prompt | None:
    if not line.case.question:
        return None
    taken = PromptTaken()
    arm, found = EvaluationArm(line.batch.arm), Trace.from_json(line.found)
    replies.ask(run, line.case, arm, trace_id=line.trace_id, found=found, model=taken)
    return taken.prompt


def _give_up_order(batch: RunBatch, error: ProviderError) -> None:
    """What may yet have been taken is looked for later; what was refused for good is not ordered, and costs nothing."""
    if error.kind == "budget":  # as it was, for when there is one again
        raise BatchError(str(error)) from error
    if batch.since is not None and not error.permanent:
        following.wait(batch, told="", error=str(error))
        return
    following.never_made(batch)
    raise BatchError(str(error)) from error
