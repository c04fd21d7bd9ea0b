"""From cases to a set that nobody can change any more."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence

from django.contrib.auth.models import User
from django.db import transaction

from evaluation.cases import keeping_apart
from evaluation.models import CaseSet, CaseSetLine, EvaluationCase, ExpectedBehaviour
from evaluation.scores import statistics


class CaseSetError(ValueError):
    """The cases cannot be frozen, or a set is not what it was; the message says why."""


def freeze(name: str, cases: Iterable[EvaluationCase] | None = None, *, by: User | None = None) -> CaseSet:
    """A set of these cases, or of all there are, in the order they came. Raises CaseSetError."""
    name = name.strip()
    if not name:
        raise CaseSetError("A set of cases needs a name.")
    if CaseSet.objects.filter(name=name).exists():
        raise CaseSetError(f"There is a set of cases called {name} already.")
    found = list(EvaluationCase.objects.exclude(question="") if cases is None else cases)
    if not found:
        raise CaseSetError("There is no case yet; import some with: manage.py case import FILE")
    numbers = keeping_apart.assign([case.question for case in found], [case.thread for case in found])
    return _written(name, found, numbers, by)


@transaction.atomic
def _written(name: str, cases: Sequence[EvaluationCase], numbers: Sequence[int], by: User | None) -> CaseSet:
    case_set = CaseSet.objects.create(
        name=name,
        checksum=checksum(case.checksum for case in cases),
        size=len(cases),
        clusters=len(set(numbers)),
        warnings=warnings(cases, len(set(numbers))),
        created_by=by,
    )
    CaseSetLine.objects.bulk_create(
        [
            CaseSetLine(case_set=case_set, case=case, ordinal=ordinal, cluster=number, checksum=case.checksum)
            for ordinal, (case, number) in enumerate(zip(cases, numbers, strict=True), start=1)
        ],
        batch_size=1000,
    )
    return case_set


def checksum(checksums: Iterable[str]) -> str:
    """SHA-256 over the checksums of cases in their order."""
    digest = hashlib.sha256()
    for each in checksums:
        digest.update(each.encode() + b"\n")
    return digest.hexdigest()


def check(case_set: CaseSet) -> None:
    """Raises CaseSetError where the rows of a set are not those that were frozen, as by hand in the database."""
    found = list(case_set.lines.order_by("ordinal").values_list("checksum", flat=True))
    if len(found) != case_set.size or checksum(found) != case_set.checksum:
        raise CaseSetError(f"The set {case_set} is not what was frozen: somebody has changed its rows.")


def warnings(cases: Sequence[EvaluationCase], clusters: int) -> list[str]:
    """What a run over these cases can show, and what it cannot."""
    said = [statistics.reach(len(cases))]
    counts = Counter(case.expected for case in cases)
    if not counts[ExpectedBehaviour.REFUSE]:
        said.append("No case expects a refusal, so that a model that answers everything looks well.")
    if not any(case.must_include or case.must_not_include for case in cases):
        said.append("No case says what an answer must hold, so that facts have to be graded by people.")
    if clusters < len(cases) * 0.8:
        said.append(f"Only {clusters} of the {len(cases)} cases ask something different.")
    return said
