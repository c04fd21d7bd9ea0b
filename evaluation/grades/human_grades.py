"""Answers graded by people who do not know whose they are: which comes next, and keeping what was thought of it.

What arms answered word for word alike, citations and all, is one item, graded once for all of them. Its key tells
nothing: it is drawn from what was said and a secret.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import TextField, Value
from django.db.models.functions import MD5, Cast, Concat
from django.utils import timezone
from django.utils.crypto import salted_hmac

from bot.models import Outcome
from evaluation.models import EvaluationResult, EvaluationRun, ExpectedBehaviour, HumanGrade
from evaluation.runs.arms import COMPARED
from evaluation.scores import arm_scores
from evaluation.scores.arm_scores import QUESTIONS
from foundation.text import clean

SECOND_SHARE = 10  # per cent of the cases, which a second person grades as well
HELD = timedelta(minutes=10)  # whoever graded one answer of a case is at the other one for so long
MOST_SECONDS = 600.0  # that somebody thinks about one answer; beyond it they were elsewhere
PACE = 50  # grades by which it goes


class GradingError(ValueError):
    """The grade cannot be kept; the message says why."""


@dataclass(frozen=True)
class GivenGrade:
    """What one person said of an item; None was not asked, or could not be told."""

    grader: int | None
    is_factual: bool | None
    is_on_brand: bool | None
    is_rightly_refused: bool | None
    at: datetime

    @property
    def is_told(self) -> bool:
        return arm_scores.is_telling(self)


@dataclass(frozen=True)
class GradingItem:
    """One answer to one case, of one arm or of several that said the same. `grades` are the oldest first."""

    key: str
    case: int
    results: tuple[int, ...]
    arms: frozenset[str]
    grades: tuple[GivenGrade, ...]

    @cached_property
    def is_graded(self) -> bool:
        """Whether people told, and more of them one thing than the other."""
        return arm_scores.is_graded(self.grades)

    @cached_property
    def is_split(self) -> bool:
        return arm_scores.is_split(self.grades)

    def is_by(self, user: int) -> bool:
        return any(grade.grader == user for grade in self.grades)


@dataclass(frozen=True)
class GradingProgress:
    """`mine` of `total` items; `both` cases of the `goal` are graded in every arm that is compared, of `possible`.

    `seconds` is what this person takes for an item, None before the first.
    """

    mine: int
    total: int
    both: int
    goal: int
    possible: int
    items_left: int
    seconds: float | None

    @property
    def minutes_left(self) -> int | None:
        """To the goal, if one person did it all."""
        return None if self.seconds is None else max(1, round(self.items_left * self.seconds / 60))


def items(run: EvaluationRun) -> list[GradingItem]:
    """All that can be graded of a run: no erased case, and nothing that a provider failed at."""
    said = MD5(
        Concat("outcome", Value("\n"), "answer", Value("\n"), Cast("citations", TextField()), output_field=TextField())
    )
    found = run.results.exclude(has_passed=None).exclude(case__question="").annotate(said=said)
    groups: dict[str, list[tuple[int, int, str]]] = defaultdict(list)
    for pk, case, arm, digest in found.order_by("pk").values_list("pk", "case", "arm", "said"):
        groups[salted_hmac("evaluation.grading", f"{run.pk}/{case}/{digest}").hexdigest()].append((pk, case, arm))
    grades = _grades(run)
    return [
        GradingItem(
            key=key,
            case=rows[0][1],
            results=tuple(pk for pk, _, _ in rows),
            arms=frozenset(arm for _, _, arm in rows),
            grades=_once_each(grade for pk, _, _ in rows for grade in grades[pk]),
        )
        for key, rows in groups.items()
    ]


def compared(run: EvaluationRun) -> frozenset[str]:
    """The arms that a case has to be graded in; all there are where none is compared."""
    return frozenset(run.arms) & frozenset(map(str, COMPARED)) or frozenset(run.arms)


def next_item(run: EvaluationRun, found: Sequence[GradingItem], user: User, *, goal: int) -> GradingItem | None:
    """What brings the run nearest to `goal` cases graded in all that is compared; then second looks, then the rest."""
    place = _Places(run, found, user.pk, timezone.now(), is_reached=len(graded_cases(run, found)) >= goal)
    ranked = [(rank, item) for item in found if not item.is_by(user.pk) and (rank := place.of(item)) is not None]
    chosen = min(ranked, key=lambda each: (each[0], _drawn(user.pk, each[1].case), each[1].key), default=None)
    return chosen[1] if chosen else None


def graded_cases(run: EvaluationRun, found: Iterable[GradingItem]) -> set[int]:
    """The cases that people have graded in every arm that is compared."""
    arms: dict[int, set[str]] = defaultdict(set)
    for item in found:
        if item.is_graded:
            arms[item.case] |= item.arms
    return {case for case, graded in arms.items() if compared(run) <= graded}


def progress(run: EvaluationRun, found: Sequence[GradingItem], user: User, *, goal: int) -> GradingProgress:
    both = graded_cases(run, found)
    possible = _possible(run, found)
    open_items: dict[int, int] = defaultdict(int)
    for item in found:
        if item.arms & compared(run) and not item.is_graded and item.case in possible:
            open_items[item.case] += 1
    needed = max(0, min(goal, len(possible)) - len(both))
    return GradingProgress(
        mine=sum(item.is_by(user.pk) for item in found),
        total=len(found),
        both=len(both),
        goal=goal,
        possible=len(possible),
        items_left=sum(sorted(open_items.values())[:needed]),
        seconds=_pace(run, user),
    )


def asked(result: EvaluationResult) -> tuple[str, ...]:
    """Which of QUESTIONS apply: facts and voice of what was answered, and whether that was right where it is no matter
    of course."""
    is_answered = result.outcome == Outcome.ANSWERED
    is_expected = result.case.expected == ExpectedBehaviour.ANSWER
    applies = {
        "is_factual": is_answered and is_expected,
        "is_on_brand": is_answered and result.run.voice_id is not None,
        "is_rightly_refused": not (is_answered and is_expected),
    }
    return tuple(name for name in QUESTIONS if applies[name])


def shown(run: EvaluationRun, key: str) -> tuple[GradingItem, EvaluationResult]:
    """An item with the answer in it. Raises GradingError where it is not there any more."""
    item = next((each for each in items(run) if each.key == key), None)
    if item is None:
        raise GradingError("This answer is not there any more: it was erased, or asked anew. Nothing was kept of it.")
    return item, EvaluationResult.objects.select_related("case", "run").get(pk=item.results[0])


@transaction.atomic
def keep(
    run: EvaluationRun, key: str, user: User, given: Mapping[str, bool], *, note: str = "", seconds: float | None = None
) -> GradingItem:
    """Keep one person's grade, once, for all arms that said this; nothing given is "cannot tell", which takes a note.

    The item is as it was before. Raises GradingError.
    """
    _hold(run)
    item, result = shown(run, key)
    rows = list(EvaluationResult.objects.select_for_update().filter(pk__in=item.results).order_by("pk"))
    if len(rows) < len(item.results) or any(row.has_passed is None for row in rows):
        raise GradingError("This answer was erased meanwhile. Nothing was kept of it.")
    wanted = asked(result)
    if given and set(given) != set(wanted):
        raise GradingError("Answer every question, or say that you cannot tell.")
    said = clean(note).strip()[:500]
    if not given and not said:
        raise GradingError("Say why you cannot tell, so that others may.")
    within = seconds if seconds is not None and 0 <= seconds <= MOST_SECONDS else None
    HumanGrade.objects.bulk_create(
        [HumanGrade(result=row, grader=user, note=said, seconds=within, **given) for row in rows],
        ignore_conflicts=True,
    )
    return item


@transaction.atomic
def undo(run: EvaluationRun, user: User) -> str | None:
    """Take back what this person graded last in a run; the key of the item, None where there is nothing."""
    _hold(run)
    mine = HumanGrade.objects.filter(result__run=run, grader=user)
    last = mine.order_by("-created_at", "-id").first()
    if last is None:
        return None
    item = next((each for each in items(run) if last.result_id in each.results), None)
    mine.filter(result__in=item.results if item else [last.result_id]).delete()
    return item.key if item else None


def _hold(run: EvaluationRun) -> None:
    """Let no new answer be kept before this is, in a run that is gone on with: it would miss its grade."""
    EvaluationRun.objects.select_for_update(no_key=True).get(pk=run.pk)


class _Places:
    """Where an item stands in the order of one person."""

    def __init__(
        self, run: EvaluationRun, found: Sequence[GradingItem], user: int, now: datetime, *, is_reached: bool
    ) -> None:
        self._run, self._user, self._now, self._is_reached = run, user, now, is_reached
        self._compared, self._possible = compared(run), _possible(run, found)
        self._begun: dict[int, list[GivenGrade]] = defaultdict(list)
        for item in found:
            if item.arms & self._compared:
                self._begun[item.case] += (grade for grade in item.grades if grade.is_told)

    def of(self, item: GradingItem) -> int | None:
        """From 0, the first; None for what this person need not grade."""
        if item.is_graded or item.is_split:
            told = sum(grade.is_told for grade in item.grades)
            is_wanted = item.is_split or (told == 1 and _is_second(self._run, item))
            return (1 if self._is_reached else 4) if is_wanted else None
        if not item.arms & self._compared or item.case not in self._possible:
            return 5
        begun = self._begun[item.case]
        if not begun:
            return 2
        is_mine = any(grade.grader == self._user for grade in begun)
        return 0 if is_mine or self._now - max(grade.at for grade in begun) > HELD else 3


def _possible(run: EvaluationRun, found: Iterable[GradingItem]) -> set[int]:
    """The cases with an answer in every arm that is compared."""
    arms: dict[int, set[str]] = defaultdict(set)
    for item in found:
        arms[item.case] |= item.arms
    return {case for case, there in arms.items() if compared(run) <= there}


def _is_second(run: EvaluationRun, item: GradingItem) -> bool:
    return int(_drawn(run.pk, item.case)[:8], 16) % 100 < SECOND_SHARE


def _drawn(*parts: int) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def _grades(run: EvaluationRun) -> dict[int, list[GivenGrade]]:
    found: dict[int, list[GivenGrade]] = defaultdict(list)
    rows = HumanGrade.objects.filter(result__run=run).order_by("created_at", "id")
    for result, *told in rows.values_list("result", "grader", *QUESTIONS, "created_at"):
        found[result].append(GivenGrade(*told))
    return found


def _once_each(grades: Iterable[GivenGrade]) -> tuple[GivenGrade, ...]:
    """One grade a person, as what was said alike was graded for all arms at once."""
    known: dict[int | None, GivenGrade] = {}
    for grade in sorted(grades, key=lambda each: each.at):
        known.setdefault(grade.grader, grade)
    return tuple(known.values())


def _pace(run: EvaluationRun, user: User) -> float | None:
    """The median of this person's newest grades, an item counted once."""
    mine = HumanGrade.objects.filter(result__run=run, grader=user).exclude(seconds=None).order_by("-id")
    seconds = sorted({each for each in mine.values_list("seconds", flat=True)[:PACE] if each is not None})
    return seconds[len(seconds) // 2] if seconds else None
