"""Cases that were made of what a person wants erased, and what models answered to them."""

from collections.abc import Iterable

from django.db import transaction

from evaluation.models import BatchedAnswer, EvaluationCase, EvaluationResult, HumanGrade, Judgement

EMPTY = {
    "question": "", "history": [], "reference": "", "must_include": [], "must_not_include": [], "gold": [],
    "thread": "", "tags": [], "origin": "",
}  # fmt: skip


def erase(messages: Iterable[int]) -> int:
    """Delete the cases of these answers, or empty those that a set names, with all that was answered to them and
    written about it; how many there were. A set is then asked without them."""
    return erase_cases(EvaluationCase.objects.filter(message__in=list(messages)).values_list("pk", flat=True))


@transaction.atomic
def erase_cases(cases: Iterable[int]) -> int:
    """The same of cases by their ids.

    Cases are locked first and their results next, as whoever keeps an answer, a grade or a judgement locks what it is
    of: what is being kept is waited for and goes as well, what comes later finds nothing any more.
    """
    meant = list(cases)
    found = EvaluationCase.objects.filter(pk__in=meant)
    list(found.select_for_update().order_by("pk").values_list("pk", flat=True))
    frozen = list(found.filter(lines__isnull=False).distinct().values_list("pk", flat=True))
    BatchedAnswer.objects.filter(case__in=meant).delete()
    locked = EvaluationResult.objects.select_for_update().filter(case__in=frozen).order_by("pk")
    results = EvaluationResult.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))
    Judgement.objects.filter(result__in=results).delete()
    HumanGrade.objects.filter(result__in=results).update(note="")
    results.update(answer="", trace={}, citations=[], error="", scores={}, has_passed=None, layer="")
    EvaluationCase.objects.filter(pk__in=frozen).update(**EMPTY, message=None)
    found.exclude(pk__in=frozen).delete()
    return len(meant)
