"""The budget of a run: what is spent of it, what its orders may yet cost, and whether there is room for more."""

from decimal import Decimal

from django.db.models import Sum

from evaluation.models import EvaluationArm, EvaluationRun, OrderState, RunBatch
from evaluation.runs import keeping
from llm.models import UsageRecord
from llm.spending import money


class UnaffordableError(RuntimeError):
    """What is to be asked might cost more than is left; the message says so."""


class Allowance:
    """What a run may spend. All that was ever asked for it counts, also what failed or was lost. Where there was no
    room for an answer there is none for those after it."""

    def __init__(self, run: EvaluationRun) -> None:
        self._run = run
        self._refused: UnaffordableError | None = None
        cases = list(run.case_set.cases.all())
        self._calls = [keeping.trace_id(run, case, EvaluationArm(arm)) for case in cases for arm in run.arms]

    def check_answer(self) -> None:
        """Raises UnaffordableError where the next answer might cost more than is left: it is taken for the dearest."""
        if self._refused is not None:
            raise self._refused
        budget = self._budget()
        if budget is None:
            return
        costs = self._costs()
        spent, dearest, held = sum(costs, Decimal(0)), max(costs, default=Decimal(0)), self._held(None)
        if spent + held + dearest > budget:
            self._refused = UnaffordableError(
                f"The budget of ${budget:.2f} holds no further answer: ${spent:.4f} are spent{_told(held)}, and one has"
                f" cost up to ${dearest:.4f}. Resume the run with a larger one."
            )
            raise self._refused

    def check_order(self, batch: RunBatch, most: Decimal | None) -> None:
        """Raises UnaffordableError where an order of up to `most` does not fit beside what is spent and ordered."""
        budget = self._budget()
        if budget is None or most is None:
            return
        spent, held = sum(self._costs(), Decimal(0)), self._held(batch)
        if spent + held + most > budget:
            raise UnaffordableError(
                f"The budget of {money.amount(budget)} does not hold an order that may cost {money.amount(most)}:"
                f" {money.amount(spent)} are spent{_told(held)}. Resume the run with a larger one."
            )

    def _budget(self) -> Decimal | None:
        """It may be set while the run goes on."""
        return self._run.mine().values_list("budget", flat=True).first()

    def _costs(self) -> list[Decimal]:
        """USD of each answer so far, and of each order that counted as lost."""
        calls = [*self._calls, *self._run.batches.values_list("key", flat=True)]
        ledger = UsageRecord.objects.filter(trace_id__in=calls).values("trace_id").annotate(sum=Sum("cost"))
        return [cost or Decimal(0) for cost in ledger.values_list("sum", flat=True)]

    def _held(self, asked: RunBatch | None) -> Decimal:
        """USD that the run's orders under way may cost at most, but for the one that is asked about."""
        others = self._run.batches.exclude(state=OrderState.OVER).filter(since__isnull=False)
        if asked is not None:
            others = others.exclude(pk=asked.pk)
        return others.aggregate(sum=Sum("most"))["sum"] or Decimal(0)


def _told(held: Decimal) -> str:
    return f", orders under way may cost {money.amount(held)}" if held else ""
