"""Having the answers of a run judged by a model: who judges, what speaks against it, and keeping what it says.

Each judgement is a row as soon as it is whole, so a killed order goes on with those that miss, and no wording asks one
model twice. A reply that cannot be read is asked for once more, and is unknown then. Where no reply came (an empty one,
one that is no JSON, one that thought until its tokens were used up) nothing is known of the answer: it is left for the
next order, and no answer is unknown for ever because a provider was out of order for an hour.
"""

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from evaluation.grades import judge_tasks
from evaluation.grades.judge_tasks import ATTEMPTS, HASHES, JudgeTask
from evaluation.models import EvaluationResult, EvaluationRun, Judgement, JudgeOrder, RunState
from evaluation.runs.execution import MOST_ERRORS, OnProgress, StoppedError
from evaluation.runs.grading import GoldDocuments
from evaluation.scores import judge_prompts
from evaluation.scores.judge_prompts import ANSWER_WORDS, PAIR_WORDS, UNKNOWN, ReadReply, UnreadableReplyError
from foundation import failpoints, leases
from llm import client
from llm.calling.fallback import Instead
from llm.completion import ProviderError
from llm.models import Deployment, Purpose, ServingRole, UsageRecord
from llm.prompt import Prompt
from llm.spending import money

log = logging.getLogger(__name__)

SECONDS = 60.0  # that one reply may take
_NAMES = uuid.UUID("f5a9b1d2-63d7-4e0b-8a53-0a6d0e7c2b91")


class JudgeError(ValueError):
    """Nothing can be judged; the message says why."""


class AllJudgedError(JudgeError):
    """There is nothing left to ask."""


@dataclass(frozen=True)
class Judged:
    """What came of a task; `attempts` are calls."""

    verdicts: dict[str, str]
    reason: str
    attempts: int


def judge() -> Deployment:
    """The model that judges. Raises JudgeError where there is none, or one that cannot read."""
    found = Deployment.objects.newest_of(ServingRole.JUDGE)
    if found is None or not found.model:
        raise JudgeError("No model judges: let one serve the role judge under Models.")
    if found.is_quoting:
        raise JudgeError(f"{found} quotes and cannot judge: let another model serve the role judge under Models.")
    return found


def cautions(run: EvaluationRun, judging: Deployment) -> list[str]:
    """What speaks against this judge for this run, in sentences."""
    family = judge_prompts.family(judging.model)
    candidate = run.candidate
    kin = {"the candidate": [candidate.base, candidate.model] if candidate else [], "the live model": [run.live.model]}
    alike = [name for name, models in kin.items() if family in {judge_prompts.family(each) for each in models if each}]
    if not alike:
        return []
    return [f"{judging} is of the same family as {' and '.join(alike)}: models favour what their own kind writes."]


def going(run: EvaluationRun) -> JudgeOrder | None:
    """The order that waits or runs."""
    return run.judge_orders.filter(state__in=[RunState.WAITING, RunState.RUNNING]).select_related("judge").first()


def order(run: EvaluationRun, *, by: User | None, budget: Decimal | None = None) -> JudgeOrder:
    """An order that waits; nothing is asked. Raises JudgeError."""
    judging = judge()
    if run.state != RunState.DONE:
        raise JudgeError(f"Run {run.pk} is not done: finish it first.")
    tasks = judge_tasks.pending(run, judging)
    if not tasks:
        raise AllJudgedError(f"{judging} has judged all there is to judge in run {run.pk}.")
    if budget is not None:
        _check_priced(run, judging, tasks)
    total = len(tasks) + judge_tasks.judgements(run, judging).count()
    try:
        with transaction.atomic():
            return JudgeOrder.objects.create(run=run, judge=judging, budget=budget, total=total, created_by=by)
    except IntegrityError as error:
        raise JudgeError(f"Run {run.pk} is being judged already.") from error


def limit(order: JudgeOrder, budget: Decimal) -> None:
    """Hold an order that waits or runs to another budget, from its next judgement on. Raises JudgeError."""
    _check_priced(order.run, order.judge, judge_tasks.pending(order.run, order.judge))
    ongoing = JudgeOrder.objects.filter(pk=order.pk, state__in=[RunState.WAITING, RunState.RUNNING])
    if not ongoing.update(budget=budget):
        raise JudgeError(f"The judging of run {order.run_id} has ended meanwhile; order it again.")
    order.refresh_from_db()


def _check_priced(run: EvaluationRun, judging: Deployment, tasks: Sequence[JudgeTask]) -> None:
    """Raises JudgeError."""
    if judge_tasks.most(run, judging, tasks[:1]) is None:
        raise JudgeError(f"What {judging} costs is not known, so no budget can be kept: state it under Prices.")


def run(pk: int, on_progress: OnProgress = lambda _done, _total: None) -> JudgeOrder | None:
    """Do an order that waits, or whose worker died; None when there is nothing to do. May be called again and again."""
    claimed = leases.claim(JudgeOrder, pk)
    if claimed is None:
        return None
    with leases.renewed(claimed) as lease, leases.freed_on_error(claimed):
        reason, state = "", RunState.DONE
        try:
            _judge_all(claimed, lease, on_progress)
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
    """End the orders that were tried as often as may be and never finished; returns how many."""
    return leases.abandoned(JudgeOrder).filter(attempts__gte=leases.MOST_ATTEMPTS).update(
        state=RunState.FAILED,
        reason=f"The judging was stopped {leases.MOST_ATTEMPTS} times before it was done; order it again.",
        finished_at=timezone.now(),
    )  # fmt: skip


def stop(run: EvaluationRun, reason: str) -> bool:
    """Have the judging of a run end before its next answer; False where there is none."""
    going = run.judge_orders.filter(state__in=[RunState.WAITING, RunState.RUNNING])
    return bool(going.update(state=RunState.STOPPED, reason=reason[:500], lease_until=None, finished_at=timezone.now()))


def _judge_all(order: JudgeOrder, lease: leases.Lease, on_progress: OnProgress) -> None:
    """Raises StoppedError and LeaseLostError."""
    run, judging = order.run, order.judge
    documents = GoldDocuments(run.collections)
    tasks = judge_tasks.pending(run, judging)
    calls = [_trace_id(order, task) for task in judge_tasks.asked_of(run)]
    done, errors, failed = order.total - len(tasks), 0, ""
    on_progress(done, order.total)
    for task, asked in judge_tasks.worded(tasks, documents):
        lease.check()
        if not asked:
            continue
        _check_budget(order, asked, calls)
        try:
            found = _judged(task, asked, judging, _trace_id(order, task))
        except ProviderError as error:
            errors, failed = errors + 1, str(error)
            if error.kind == "budget" or errors == MOST_ERRORS:
                raise StoppedError(failed) from error
            continue
        failpoints.reach("judging.judged")
        _keep(order, task, found)
        done, errors = done + 1, 0
        on_progress(done, order.total)
    if failed:
        raise StoppedError(f"{order.total - done} could not be judged: {failed} Order it again for those.")


def _judged(task: JudgeTask, asked: Sequence[Prompt], judging: Deployment, trace_id: str) -> Judged:
    """Raises ProviderError."""
    if task.against is None:
        read, attempts = _ask(asked[0], ANSWER_WORDS, judging, trace_id)
        return Judged(read.verdicts, read.reason, attempts)
    straight, first = _ask(asked[0], PAIR_WORDS, judging, trace_id)
    swapped, second = _ask(asked[1], PAIR_WORDS, judging, trace_id)
    said = {"straight": straight.verdicts["better"], "swapped": swapped.verdicts["better"]}
    better = judge_prompts.of_both_orders(said["straight"], said["swapped"])
    return Judged({"better": better, **said}, straight.reason, first + second)


def _ask(
    prompt: Prompt, words: Mapping[str, Sequence[str]], judging: Deployment, trace_id: str
) -> tuple[ReadReply, int]:
    """What the judge says, and how often it was asked; unknown where it cannot be read. Raises ProviderError."""
    why, attempt = "", 0
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return judge_prompts.read(_reply(prompt, judging, trace_id), words), attempt
        except UnreadableReplyError as error:
            why = str(error)
        except ProviderError as error:
            if error.kind != "refused":  # by a filter: of what is judged, and not of the provider
                raise
            why = str(error)
            break  # it was asked again and again already
    return ReadReply(dict.fromkeys(words, UNKNOWN), f"It could not be read: {why}"[:1000]), attempt


def _reply(prompt: Prompt, judging: Deployment, trace_id: str) -> str:
    """Raises ProviderError, and UnreadableReplyError for a reply that was refused, or cut at its limit."""
    response = client.stream(
        prompt,
        deployment=judging,
        trace_id=trace_id,
        deadline=time.monotonic() + SECONDS,
        purpose=Purpose.JUDGE,
        instead=Instead.NOBODY,
    )
    with closing(response):
        for _ in response:
            pass
    if response.finish_reason != "stop":
        raise UnreadableReplyError(f"The reply ended early ({response.finish_reason}).")
    return response.text


def _check_budget(order: JudgeOrder, asked: Sequence[Prompt], calls: Sequence[str]) -> None:
    """Raises StoppedError where the next one might cost more than is left of what `calls`, trace ids, may cost."""
    budget = order.mine().values_list("budget", flat=True).first()  # it may be set while it runs
    if budget is None:
        return
    ledger = UsageRecord.objects.filter(purpose=Purpose.JUDGE, trace_id__in=calls, created_at__gte=order.created_at)
    spent, next_one = ledger.spent().cost, judge_tasks.worst(order.judge, asked)
    if spent is None or next_one is None:
        raise StoppedError(f"What {order.judge} costs is not known, so no budget can be kept: state it under Prices.")
    if spent + next_one > budget:
        raise StoppedError(
            f"The budget of {money.amount(budget)} holds no further judgement: {money.amount(spent)} are spent, and the"
            f" next may cost {money.amount(next_one)}. Order the rest with a larger one."
        )


def _trace_id(order: JudgeOrder, task: JudgeTask) -> str:
    """The same however often a task is begun, so that calls which were lost are in its cost."""
    asked = (order.run.created_at.isoformat(), judge_tasks.name(order.judge), HASHES[task.kind], task.kind, task.result)
    return uuid.uuid5(_NAMES, "/".join(map(str, asked))).hex


@transaction.atomic
def _keep(order: JudgeOrder, task: JudgeTask, found: Judged) -> None:
    """Raises LeaseLostError where somebody else goes on by now, or it was stopped."""
    if not order.mine().select_for_update().exists():
        raise leases.LeaseLostError
    result = EvaluationResult.objects.select_for_update().filter(pk=task.result, has_passed__isnull=False)
    if not result.exists():  # erased while it was asked
        return
    trace_id = _trace_id(order, task)
    Judgement.objects.create(
        result_id=task.result,
        against_id=task.against,
        kind=task.kind,
        model=judge_tasks.name(order.judge),
        prompt_hash=HASHES[task.kind],
        verdicts=found.verdicts,
        reason=found.reason,
        attempts=found.attempts,
        trace_id=trace_id,
        cost=UsageRecord.objects.of_trace(trace_id).spent().cost,
    )
