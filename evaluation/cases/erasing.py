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
    """The same of cases by their ids."""
    meant = list(cases)
    found = EvaluationCase.objects.filter(pk__in=meant)
    frozen = list(found.filter(lines__isnull=False).distinct().values_list("pk", flat=True))
    BatchedAnswer.objects.filter(case__in=meant).delete()
    results = EvaluationResult.objects.filter(case__in=frozen)
    Judgement.objects.filter(result__in=results).delete()
    HumanGrade.objects.filter(result__in=results).update(note="")
    results.update(answer="", trace={}, citations=[], error="", scores={}, has_passed=None, layer="")
    EvaluationCase.objects.filter(pk__in=frozen).update(**EMPTY, message=None)
    found.exclude(pk__in=frozen).delete()
    return len(meant)
