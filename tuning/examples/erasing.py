"""Training examples that were made of what a person wants erased."""

from collections.abc import Iterable

from django.db import transaction

from bot.erasing import ERASED
from tuning.models import ExampleState, TrainingExample


@transaction.atomic
def erase(messages: Iterable[int]) -> tuple[int, int]:
    """Delete the examples of these answers; those that were exported are emptied, as the export names them.

    Returns how many were deleted, and how many had been exported: a model that was trained on one of those knows it.
    """
    found = TrainingExample.objects.filter(message__in=list(messages))
    exported = found.filter(exportline__isnull=False).distinct()
    kept = TrainingExample.objects.filter(pk__in=list(exported.values_list("pk", flat=True)))
    emptied = kept.update(
        messages=[], question=ERASED, original_answer=ERASED, answer=ERASED, checksum=ERASED, reason=ERASED,
        state=ExampleState.REJECTED, redactions={}, set_aside="",
    )  # fmt: skip
    deleted, _ = found.exclude(pk__in=list(kept.values_list("pk", flat=True))).delete()
    return deleted, emptied
