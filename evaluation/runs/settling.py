"""Orders that are over: what came of each line, and its row in the ledger, taken over once."""

from collections.abc import Iterator, Mapping, Sequence

from django.db import transaction

from evaluation.models import BatchedAnswer, OrderState, RunBatch
from foundation import failpoints
from llm.calling import ordering
from llm.calling.ordering import OrderedCall
from llm.models import Deployment
from llm.providers.batches import KEY_SHOWN, BatchReply

MISSING = "The provider's files hold no line for it."


def name_of(batch: RunBatch, line: BatchedAnswer) -> str:
    return f"{batch.key[:KEY_SHOWN]}-{line.trace_id}"


def take_over(batch: RunBatch, deployment: Deployment, came: Sequence[BatchReply], *, told: str, why: str) -> None:
    """Keep what came of each line, and its row in the ledger, once. `told` is the vendor's last word for the order,
    `why` the reason for lines of which nothing came, where one is known."""
    by_name: dict[str, BatchReply] = {}
    for reply in came:
        by_name.setdefault(reply.name, reply)
    with transaction.atomic():
        held = RunBatch.objects.select_for_update(of=("self",)).select_related("reservation").get(pk=batch.pk)
        if held.state == OrderState.OVER:
            return
        lines = {name_of(held, line): line for line in held.answers.all()}
        for name, line in lines.items():
            _fill(line, by_name.get(name), why or MISSING)
        replied = [line for line in lines.values() if line.reply is not None]
        failed = [line for line in lines.values() if line.reply is None]
        BatchedAnswer.objects.bulk_update(replied, ["reply"], batch_size=200)
        BatchedAnswer.objects.bulk_update(failed, ["error", "kind"], batch_size=200)
        calls = list(_calls(held, by_name, lines))
        ordering.settle(deployment, calls, held.reservation, key=held.key, made_at=held.since)
        held.state, held.told, held.error = OrderState.OVER, told[:60], ""
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
