"""Training examples that were made of what a person wants erased."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Coalesce, Now

from bot.erasing import ERASED
from tuning.models import (
    DatasetLine,
    ExampleReview,
    ExampleState,
    ModelVersion,
    ReviewVerdict,
    SecondOpinion,
    TrainingExample,
)


@dataclass(frozen=True)
class Erased:
    """How many examples were deleted, how many emptied, as an export names them, and the models that learnt them."""

    deleted: int
    emptied: int
    versions: list[str]


@transaction.atomic
def erase(messages: Iterable[int]) -> Erased:
    """Delete the examples of these answers, and empty what was frozen or exported of them.

    A model that was trained on one of those knows it: those are named.
    """
    meant = TrainingExample.objects.filter(message__in=list(messages))
    pks = list(meant.select_for_update(of=("self",)).values_list("pk", flat=True))  # whoever freezes them is let finish
    found = TrainingExample.objects.filter(pk__in=pks)
    named = [str(version) for version in ModelVersion.objects.select_related("endpoint").touched_by(found)]
    DatasetLine.objects.filter(example__in=found).update(messages=[], rejected="")
    exported = found.filter(exportline__isnull=False).distinct()
    kept = TrainingExample.objects.filter(pk__in=list(exported.values_list("pk", flat=True)))
    emptied = kept.update(
        messages=[], question=ERASED, original_answer=ERASED, answer=ERASED, checksum=ERASED, reason=ERASED,
        state=ExampleState.REJECTED, redactions={}, set_aside="", proposed_answer="", placeholders={}, unsupported=[],
        no_fact_reason="", second_opinion=SecondOpinion.NONE, reviewed_at=Coalesce("reviewed_at", Now()),
    )  # fmt: skip
    reviews = ExampleReview.objects.filter(example__in=kept)
    reviews.filter(verdict=ReviewVerdict.OPEN).delete()
    reviews.update(answer="", reason="")
    gone = found.exclude(pk__in=list(kept.values_list("pk", flat=True)))
    deleted = gone.count()
    gone.delete()
    return Erased(deleted, emptied, named)
