"""Doing a run: question by question, each answer kept as soon as it is whole, until nothing misses.

A process that dies loses the answer that it waited for and no other: what has a result is never asked again. Calls that
were lost so are in the ledger under the trace id of their answer, which is the same whenever it is asked, so that they
are in its cost.
"""

import logging
from collections.abc import Callable, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from bot.answers.answering import Answer
from bot.models import Outcome
from evaluation.models import EvaluationArm, EvaluationCase, EvaluationRun, RunState
from evaluation.runs import batching, following, grading, keeping, replies
from evaluation.runs.grading import GoldDocuments
from foundation import failpoints, leases
from llm.models import UsageRecord

log = logging.getLogger(__name__)

MOST_ERRORS = 5  # of one arm in a row; then it is the provider and not the question

OnProgress = Callable[[int, int], object]
"""Called with the answers there are and the answers there will be."""


class StoppedError(RuntimeError):
    """The run cannot go on; the message says why, and it may be resumed."""


def run(pk: int, on_progress: OnProgress = lambda _done, _total: None) -> EvaluationRun | None:
    """Do a run that waits, or whose worker died; None when there is nothing to do. May be called again and again.

    One that is asked in orders waits again once they are made, and is done when they are over.
    """
    asked = EvaluationRun.objects.filter(pk=pk).first()
    if asked is None or following.is_waited_for(asked):
        return None
    claimed = leases.claim(EvaluationRun, pk)
    if claimed is None:
        return None
    with leases.renewed(claimed) as lease, leases.freed_on_error(claimed):
        reason, state = "", RunState.DONE
        try:
            if claimed.is_batch:
                _prepare(claimed, lease)
            if following.is_open(claimed):
                claimed.give_back()
                claimed.refresh_from_db()
                return claimed
            _ask_all(claimed, lease, on_progress)
        except StoppedError as error:
            reason, state = str(error), RunState.STOPPED
        except leases.LeaseLostError:
            log.warning("%s was taken over by another process, or stopped", claimed)
            claimed.refresh_from_db()
            return claimed
        _end(claimed, state, reason)
    claimed.refresh_from_db()
    return claimed


@transaction.atomic
def _end(run: EvaluationRun, state: RunState, reason: str) -> None:
    """Unless it is over, or somebody else's, by now."""
    ended = run.mine().update(state=state, reason=reason[:500], lease_until=None, finished_at=timezone.now())
    if ended and state == RunState.STOPPED:
        following.give_up(run)


def give_up() -> int:
    """End the runs that were tried as often as may be and never finished; returns how many. They may be resumed."""
    return leases.abandoned(EvaluationRun).filter(attempts__gte=leases.MOST_ATTEMPTS).update(
        state=RunState.FAILED,
        reason=f"The run was stopped {leases.MOST_ATTEMPTS} times before it was done; resume it.",
        finished_at=timezone.now(),
    )  # fmt: skip


def _ask_all(run: EvaluationRun, lease: leases.Lease, on_progress: OnProgress) -> None:
    """Raises StoppedError and LeaseLostError."""
    documents = GoldDocuments(run.collections)
    errors: dict[EvaluationArm, int] = {}
    calls = [keeping.trace_id(run, case, EvaluationArm(arm)) for case in run.case_set.cases.all() for arm in run.arms]
    done = run.results.count()
    on_progress(done, run.total)
    for case, arm in keeping.pending(run):
        lease.check()
        model, found, line = batching.model_for(run, case, arm)
        if line is None:
            _check_budget(run, calls)
        answer = replies.ask(run, case, arm, trace_id=keeping.trace_id(run, case, arm), found=found, model=model)
        failpoints.reach("evaluation.answered")
        _keep(run, case, arm, answer, documents, is_timed=line is None)
        failpoints.reach("evaluation.kept")
        done += 1
        on_progress(done, run.total)
        errors[arm] = errors.get(arm, 0) + 1 if answer.outcome == Outcome.PROVIDER_ERROR and line is None else 0
        if errors[arm] == MOST_ERRORS:
            raise StoppedError(f"{MOST_ERRORS} answers of the arm {arm} in a row failed: {answer.error}")


def _keep(
    run: EvaluationRun,
    case: EvaluationCase,
    arm: EvaluationArm,
    answer: Answer,
    documents: GoldDocuments,
    *,
    is_timed: bool,
) -> None:
    """Raises StoppedError where there was no money for it."""
    if answer.outcome == Outcome.OVER_BUDGET:
        raise StoppedError(answer.error)
    scored = grading.grade(run, case, arm, answer, documents)
    keeping.keep(run, case, arm, answer, scored, is_timed=is_timed)


def _prepare(run: EvaluationRun, lease: leases.Lease) -> None:
    """Raises StoppedError and LeaseLostError."""
    documents = GoldDocuments(run.collections)
    try:
        batching.prepare(run, lease, lambda case, arm, answer: _keep(run, case, arm, answer, documents, is_timed=False))
    except batching.BatchError as error:
        raise StoppedError(str(error)) from error


def _check_budget(run: EvaluationRun, calls: Sequence[str]) -> None:
    """Raises StoppedError where the next answer might cost more than is left: it is taken for the dearest so far.

    `calls` are all trace ids of the run: what failed was paid for as well.
    """
    budget = run.mine().values_list("budget", flat=True).first()  # it may be set while it runs
    if budget is None:
        return
    ledger = UsageRecord.objects.filter(trace_id__in=calls).values("trace_id").annotate(sum=Sum("cost"))
    costs = [cost or Decimal(0) for cost in ledger.values_list("sum", flat=True)]
    spent, dearest = sum(costs, Decimal(0)), max(costs, default=Decimal(0))
    if spent + dearest > budget:
        raise StoppedError(
            f"The budget of ${budget:.2f} holds no further answer: ${spent:.4f} are spent, and one has cost up to"
            f" ${dearest:.4f}. Resume the run with a larger one."
        )
