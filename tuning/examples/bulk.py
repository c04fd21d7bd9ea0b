"""Many answers proposed at one press: a few at once, many by a job that tells how far it is.

A step looks at some answers and counts what became of them in one transaction, so a worker that dies leaves nothing
half-done, and whoever comes next goes on behind the last whole step.
"""

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bot.models import Message, Speaker
from foundation import failpoints, leases
from foundation.leases import MOST_ATTEMPTS
from llm.completion import ProviderError
from tuning.examples.proposing import ExampleError, propose_once
from tuning.models import ProposalBatch
from tuning.models.proposals import DONE, FAILED

MOST = 10_000  # answers of one press; more than anybody reviews
AT_ONCE = 50  # that are proposed while somebody waits for the page
STEP = 25
GONE = "The conversation was deleted meanwhile."
GIVEN_UP = "It was tried several times and never came to its end; what is proposed stays. Propose the rest again."


class TooManyError(ValueError):
    """More than can be proposed at one press; the message says what to do."""


def request(answers: Iterable[int], *, by: User | None) -> ProposalBatch:
    """A batch that waits for a worker. Raises TooManyError."""
    chosen = list(dict.fromkeys(answers))
    if len(chosen) > MOST:
        raise TooManyError(f"At most {MOST:,} answers can be proposed at once: narrow the filter.")
    return ProposalBatch.objects.create(answers=chosen, total=len(chosen), requested_by=by)


@transaction.atomic
def do_now(batch: ProposalBatch) -> ProposalBatch:
    """Propose every answer of a batch that no worker has been told of. Raises ProviderError, with nothing done."""
    _look_at(batch, batch.answers)
    _finish(batch)
    return batch


def run(pk: int) -> None:
    """Propose what is left of a batch, in a job. May be called any number of times, by any number of workers."""
    batch = leases.claim(ProposalBatch, pk)
    if batch is None:
        return
    try:
        with leases.renewed(batch) as lease:
            while _step(batch.mine()):
                failpoints.reach("proposals.step")
                lease.check()
    except leases.LeaseLostError:
        return
    except ProviderError as error:
        batch.give_back(error=str(error)[:1000])


@transaction.atomic
def _step(mine: QuerySet[ProposalBatch]) -> bool:
    """Whether there is more to do, for whoever holds the claim."""
    batch = mine.select_for_update().first()
    if batch is None:
        return False
    _look_at(batch, batch.answers[batch.done : batch.done + STEP])
    if batch.done < batch.total:
        batch.save(update_fields=["done", "proposed", "known", "refused"])
        return True
    _finish(batch)
    return False


def _look_at(batch: ProposalBatch, answers: list[int]) -> None:
    messages = Message.objects.select_related("conversation__user", "voice", "question__channel__workspace")
    there = messages.filter(speaker=Speaker.BOT).in_bulk(answers)
    for pk in answers:
        batch.done += 1
        try:
            is_new = _propose(there.get(pk), batch.requested_by)
        except ExampleError as error:
            batch.refused[str(error)] = batch.refused.get(str(error), 0) + 1
            continue
        batch.proposed += is_new
        batch.known += not is_new


def _propose(message: Message | None, by: User | None) -> bool:
    """Whether it was new. Raises ExampleError."""
    if message is None:
        raise ExampleError(GONE)
    return propose_once(message, by=by)[1]


def _finish(batch: ProposalBatch) -> None:
    batch.state, batch.finished_at, batch.lease_until, batch.error = DONE, timezone.now(), None, ""
    batch.save()


def lost() -> list[int]:
    """The ids of those that no worker has; those that never end are given up."""
    open_ones = leases.abandoned(ProposalBatch)
    open_ones.filter(attempts__gte=MOST_ATTEMPTS).update(
        state=FAILED, error=GIVEN_UP, finished_at=timezone.now(), lease_until=None
    )
    return list(open_ones.values_list("pk", flat=True))
