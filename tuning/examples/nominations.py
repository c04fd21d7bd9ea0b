"""What people on platforms nominated becomes examples, or is refused with a reason; what they took back is gone."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from bot.models import Nomination, NominationState
from bot.team import nominating
from knowledge.retrieval.search import Hit
from llm.completion import ProviderError
from tuning.examples import proposing
from tuning.examples.proposing import ExampleError
from tuning.models import ExampleState, TrainingExample

AT_ONCE = 200
LATE = "A reviewer had it by then."


def settle() -> int:
    """Once a minute: see to what is outstanding, each in a transaction of its own; how many.

    One whose passages cannot be searched waits for the next minute, and holds no other up. Raises then, after the
    others, ProviderError.
    """
    count, problem = 0, None
    for pk in list(nominating.outstanding().values_list("pk", flat=True)[:AT_ONCE]):
        try:
            count += _settle(pk, _search(pk))
        except ProviderError as error:
            problem = error
    if problem is not None:
        raise problem
    return count


def _search(pk: int) -> Sequence[Hit] | None:
    """Its passages, found before anything is locked. Raises ProviderError."""
    nomination = _known().filter(pk=pk, state=NominationState.WAITING).first()
    return proposing.search(nomination.message, answer=nomination.words) if nomination else None


def _known() -> QuerySet[Nomination]:
    return Nomination.objects.select_related("message__conversation", "message__question__channel__workspace")


@transaction.atomic
def _settle(pk: int, hits: Sequence[Hit] | None) -> bool:
    """False where somebody else sees to it."""
    mine = nominating.outstanding().select_for_update(skip_locked=True).filter(pk=pk).first()
    if mine is None:
        return False
    nomination = _known().get(pk=pk)
    if nomination.state == NominationState.LEAVING:
        _take_back(nomination)
        return True
    try:
        _, is_new = proposing.propose_once(nomination.message, by=None, answer=nomination.words, hits=hits)
    except ExampleError as error:
        nominating.settle(nomination, NominationState.REFUSED, reason=str(error))
    else:
        nominating.settle(nomination, NominationState.PROPOSED if is_new else NominationState.KNOWN)
    return True


def _take_back(nomination: Nomination) -> None:
    """Another who nominated it as well stands for it from now on; else it goes, if no reviewer has seen it."""
    heir = nomination.message.nominations.filter(state=NominationState.KNOWN).first()
    if heir is not None:
        Nomination.objects.filter(pk=heir.pk).update(state=NominationState.PROPOSED)
        nominating.settle(nomination, NominationState.WITHDRAWN)
        return
    unseen = TrainingExample.objects.select_for_update(of=("self",)).filter(
        message=nomination.message, state=ExampleState.IN_REVIEW, proposed_by=None, reviewer=None, claimed_by=None
    )
    example = unseen.first()
    is_free = example is not None and not (example.exportline_set.exists() or example.dataset_lines.exists())
    if example is not None and is_free:
        example.delete()
    nominating.settle(nomination, NominationState.WITHDRAWN, reason="" if is_free else LATE)
