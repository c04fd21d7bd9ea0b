"""Many answers proposed at one press: a few at once, many by a job that tells how far it is.

A step looks at some answers and counts what became of them in one transaction, so a worker that dies leaves nothing
half-done, and whoever comes next goes on behind the last whole step. What has to be asked of a model for it is asked
before that transaction.
"""

from collections.abc import Iterable, Mapping, Sequence

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from bot.models import Message, Speaker
from foundation import failpoints, leases
from foundation.leases import MOST_ATTEMPTS
from knowledge.retrieval.search import Hit
from llm.completion import ProviderError
from tuning.examples import proposing
from tuning.examples.proposing import ExampleError
from tuning.models import ProposalBatch
from tuning.models.proposals import DONE, FAILED

MOST = 10_000  # answers of one press; more than anybody reviews
AT_ONCE = 50  # that are proposed while somebody waits for the page
STEP = 25
Hits = Mapping[int, Sequence[Hit] | None]  # by the id of the answer
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


def do_now(answers: Sequence[int], *, by: User | None) -> ProposalBatch:
    """Propose answers while somebody waits. Raises TooManyError, and ProviderError, with nothing done or asked for."""
    hits = _search(answers)
    with transaction.atomic():
        batch = request(answers, by=by)
        _look_at(batch, batch.answers, hits)
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


def _step(mine: QuerySet[ProposalBatch]) -> bool:
    """Whether there is more to do, for whoever holds the claim."""
    next_ones = mine.first()
    if next_ones is None:
        return False
    hits = _search(next_ones.answers[next_ones.done : next_ones.done + STEP])
    with transaction.atomic():
        batch = mine.select_for_update().first()
        return batch is not None and _is_unfinished(batch, hits)


def _is_unfinished(batch: ProposalBatch, hits: Hits) -> bool:
    """Look at the next answers of a batch; whether there are more behind them."""
    _look_at(batch, batch.answers[batch.done : batch.done + STEP], hits)
    if batch.done < batch.total:
        batch.save(update_fields=["done", "proposed", "known", "refused"])
        return True
    _finish(batch)
    return False


def _search(answers: Sequence[int]) -> Hits:
    """The passages of each answer that is there. Raises ProviderError."""
    return {pk: proposing.search(message) for pk, message in _there(answers).items()}


def _there(answers: Sequence[int]) -> dict[int, Message]:
    messages = Message.objects.select_related("conversation__user", "voice", "question__channel__workspace")
    return messages.filter(speaker=Speaker.BOT).in_bulk(answers)


def _look_at(batch: ProposalBatch, answers: Sequence[int], hits: Hits) -> None:
    there = _there(answers)
    for pk in answers:
        batch.done += 1
        try:
            is_new = _propose(there.get(pk), batch.requested_by, hits.get(pk))
        except ExampleError as error:
            batch.refused[str(error)] = batch.refused.get(str(error), 0) + 1
            continue
        batch.proposed += is_new
        batch.known += not is_new


def _propose(message: Message | None, by: User | None, hits: Sequence[Hit] | None) -> bool:
    """Whether it was new. Raises ExampleError."""
    if message is None:
        raise ExampleError(GONE)
    return proposing.propose_once(message, by=by, hits=hits)[1]


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
