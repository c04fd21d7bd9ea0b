"""Doing a run: question by question, each answer kept as soon as it is whole, until nothing misses.

A process that dies loses the answer that it waited for and no other: what has a result is never asked again. Calls that
were lost so are in the ledger under the trace id of their answer, which is the same whenever it is asked, so that they
are in its cost.
"""

import logging
from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bot.answers.answered import Answer
from bot.models import Outcome
from evaluation.models import EvaluationArm, EvaluationCase, EvaluationRun, RunState
from evaluation.runs import batching, following, grading, keeping, replies
from evaluation.runs.affording import Allowance, UnaffordableError
from evaluation.runs.grading import GoldDocuments
from foundation import failpoints, leases

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
                claimed.give_back(attempts=F("attempts") - 1)  # nothing has failed: it only waits
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
    """Raises StoppedError and LeaseLostError. Where money runs out, replies that came in an order are settled all the
    same, but for those after which more would have to be asked: they stay for when the run is resumed."""
    documents = GoldDocuments(run.collections)
    allowance = Allowance(run)
    errors: dict[EvaluationArm, int] = {}
    too_dear: UnaffordableError | None = None
    done = run.results.count()
    on_progress(done, run.total)
    for case, arm in keeping.pending(run):
        lease.check()
        try:
            answer, is_now = _asked(run, case, arm, allowance)
        except UnaffordableError as error:
            too_dear = error
            continue
        failpoints.reach("evaluation.answered")
        _keep(run, case, arm, answer, documents, is_timed=is_now)
        failpoints.reach("evaluation.kept")
        done += 1
        on_progress(done, run.total)
        errors[arm] = errors.get(arm, 0) + 1 if answer.outcome == Outcome.PROVIDER_ERROR and is_now else 0
        if errors[arm] == MOST_ERRORS:
            raise StoppedError(f"{MOST_ERRORS} answers of the arm {arm} in a row failed: {answer.error}")
    if too_dear is not None:
        raise StoppedError(str(too_dear))


def _asked(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, allowance: Allowance) -> tuple[Answer, bool]:
    """The answer, and whether its model was asked now. Raises UnaffordableError."""
    trace_id = keeping.trace_id(run, case, arm)
    if there := batching.replayed(run, case, arm, allowance):
        model, found = there
        answer = replies.ask(run, case, arm, trace_id=trace_id, found=found, model=model)
        if model.refused is not None:
            raise model.refused
        return answer, False
    allowance.check_answer()
    return replies.ask(run, case, arm, trace_id=trace_id), True


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
    except (batching.BatchError, UnaffordableError) as error:
        raise StoppedError(str(error)) from error
