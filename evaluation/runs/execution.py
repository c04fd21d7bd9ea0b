"""Doing a run: question by question, each answer kept as soon as it is whole, until nothing misses.

A process that dies loses the answer that it waited for and no other: what has a result is never asked again. Calls that
were lost so are in the ledger under the trace id of their answer, which is the same whenever it is asked, so that they
are in its cost.
"""

import hashlib
import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal

from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from bot.answers import conversations
from bot.answers.answering import Answer
from bot.models import Outcome
from evaluation.models import EvaluationArm, EvaluationCase, EvaluationResult, EvaluationRun, RunState
from evaluation.runs import grading, human_grades, replies
from evaluation.runs.grading import GoldDocuments
from evaluation.scores.scoring import Scored
from foundation import failpoints, leases
from llm.models import Purpose, UsageRecord

log = logging.getLogger(__name__)

MOST_ERRORS = 5  # of one arm in a row; then it is the provider and not the question
_NAMES = uuid.UUID("7c1c7b6e-5f0b-4a52-9d2c-4f0d8d9a1f6e")

OnProgress = Callable[[int, int], object]
"""Called with the answers there are and the answers there will be."""


class StoppedError(RuntimeError):
    """The run cannot go on; the message says why, and it may be resumed."""


def run(pk: int, on_progress: OnProgress = lambda _done, _total: None) -> EvaluationRun | None:
    """Do a run that waits, or whose worker died; None when there is nothing to do. May be called again and again."""
    claimed = leases.claim(EvaluationRun, pk)
    if claimed is None:
        return None
    with leases.renewed(claimed) as lease, leases.freed_on_error(claimed):
        reason, state = "", RunState.DONE
        try:
            _ask_all(claimed, lease, on_progress)
        except StoppedError as error:
            reason, state = str(error), RunState.STOPPED
        except leases.LeaseLostError:
            log.warning("%s was taken over by another process, or stopped", claimed)
            claimed.refresh_from_db()
            return claimed
        claimed.mine().update(state=state, reason=reason[:500], lease_until=None, finished_at=timezone.now())
    claimed.refresh_from_db()
    return claimed


def give_up() -> int:
    """End the runs that were tried as often as may be and never finished; returns how many. They may be resumed."""
    return leases.abandoned(EvaluationRun).filter(attempts__gte=leases.MOST_ATTEMPTS).update(
        state=RunState.FAILED,
        reason=f"The run was stopped {leases.MOST_ATTEMPTS} times before it was done; resume it.",
        finished_at=timezone.now(),
    )  # fmt: skip


def pending(run: EvaluationRun) -> Iterator[tuple[EvaluationCase, EvaluationArm]]:
    """What has still to be asked, case by case. Which arm comes first is drawn for each case."""
    done = set(run.results.values_list("case", "arm"))
    for case in run.case_set.cases.exclude(question="").order_by("lines__ordinal"):
        order = sorted(run.arms, key=lambda arm: hashlib.sha256(f"{run.pk}/{case.pk}/{arm}".encode()).digest())
        yield from ((case, EvaluationArm(arm)) for arm in order if (case.pk, arm) not in done)


def trace_id(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm) -> str:
    """What ties together all calls for one answer of a run, however often it has to be asked."""
    return uuid.uuid5(_NAMES, f"{run.created_at.isoformat()}/{run.pk}/{case.pk}/{arm}").hex


def _ask_all(run: EvaluationRun, lease: leases.Lease, on_progress: OnProgress) -> None:
    """Raises StoppedError and LeaseLostError."""
    documents = GoldDocuments(run.collections)
    errors: dict[EvaluationArm, int] = {}
    calls = [trace_id(run, case, EvaluationArm(arm)) for case in run.case_set.cases.all() for arm in run.arms]
    done = run.results.count()
    on_progress(done, run.total)
    for case, arm in pending(run):
        lease.check()
        _check_budget(run, calls)
        answer = replies.ask(run, case, arm, trace_id=trace_id(run, case, arm))
        if answer.outcome == Outcome.OVER_BUDGET:
            raise StoppedError(answer.error)
        failpoints.reach("evaluation.answered")
        _keep(run, case, arm, answer, grading.grade(run, case, arm, answer, documents))
        failpoints.reach("evaluation.kept")
        done += 1
        on_progress(done, run.total)
        errors[arm] = errors.get(arm, 0) + 1 if answer.outcome == Outcome.PROVIDER_ERROR else 0
        if errors[arm] == MOST_ERRORS:
            raise StoppedError(f"{MOST_ERRORS} answers of the arm {arm} in a row failed: {answer.error}")


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


@transaction.atomic
def _keep(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, answer: Answer, scored: Scored) -> None:
    """Raises LeaseLostError where somebody else goes on with the run by now, or it was stopped."""
    if not run.mine().select_for_update().exists():
        raise leases.LeaseLostError
    if not EvaluationCase.objects.select_for_update().filter(pk=case.pk).exclude(question="").exists():
        return  # erased while it was asked
    calls = UsageRecord.objects.of_trace(answer.trace_id)
    used = list(calls.exclude(purpose=Purpose.EMBED_QUESTION))
    kept = EvaluationResult.objects.create(
        run=run,
        case=case,
        arm=arm,
        trace_id=answer.trace_id,
        outcome=answer.outcome,
        answer=answer.text,
        citations=[
            {"number": each.number, "path": each.hit.path, "heading": each.hit.heading, "quote": each.quote}
            for each in answer.citations
        ],
        trace=conversations.traced(answer).as_json(),
        error=answer.error,
        usage={
            name: sum(getattr(record, name) for record in used)
            for name in ("input_tokens", "cached_input_tokens", "output_tokens")
        },
        cost=calls.spent().cost,
        first_token_ms=answer.first_token_ms,
        total_ms=answer.total_ms,
        scores=scored.scores,
        has_passed=scored.has_passed,
        layer=scored.layer or "",
    )
    human_grades.take_over(kept)
