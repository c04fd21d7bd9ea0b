"""Cases as rows: from a file, and from answers that were given."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.contrib.auth.models import User
from django.db import transaction

from bot.models import Message
from evaluation.cases import keeping_apart, past_answers
from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.past_answers import CaseError, PastAnswer
from evaluation.models import CaseSource, EvaluationCase
from foundation import locks
from tuning.examples import own_addresses
from tuning.examples.redacting import Own

MOST = 2_000  # answers of one press, which take seconds; no set needs more
STEP = 500  # that are read at a time
LOCK = "evaluation cases"  # of whoever adds some: the same case is found by its checksum


class TooManyCasesError(ValueError):
    """More than can be made at once; the message says what to do."""


@dataclass(frozen=True)
class Imported:
    """`known` counts the cases of the file that were there already."""

    cases: list[EvaluationCase]
    known: int


@dataclass
class Collected:
    """What became of answers: the new `cases`, those `known` already and why others were `refused`, by the answer's id.

    `redacted` counts the new ones that something was taken out of, as it names a person or opens a door.
    """

    cases: list[EvaluationCase] = field(default_factory=list)
    known: dict[int | None, EvaluationCase] = field(default_factory=dict)
    refused: dict[int, ValueError] = field(default_factory=dict)
    redacted: int = 0

    @property
    def sentence(self) -> str:
        """What came of it, for people."""
        said = f"{len(self.cases):,} evaluation case{'' if len(self.cases) == 1 else 's'} made, kept out of training"
        said += f"; {len(self.known):,} known already." if self.known else "."
        if self.redacted:
            said += f" From {self.redacted:,} of them was taken what names a person or opens a door."
        return said

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Why answers were left out, and how many, the most frequent first."""
        return Counter(map(str, self.refused.values())).most_common()


@transaction.atomic
def add_drafts(drafts: Sequence[CaseDraft], *, origin: str, by: User | None) -> Imported:
    """Rows of what a file holds; the same case twice is one. Their questions are kept out of training from here on."""
    locks.hold(LOCK)
    fresh = {draft.checksum: draft for draft in reversed(drafts)}
    for checksum in EvaluationCase.objects.filter(checksum__in=list(fresh)).values_list("checksum", flat=True):
        del fresh[checksum]
    rows = EvaluationCase.objects.bulk_create(
        [_row(draft, CaseSource.FILE, f"{origin}, {draft.place}", by) for draft in reversed(fresh.values())],
        batch_size=500,
    )
    keeping_apart.bar(rows)
    return Imported(rows, len(drafts) - len(rows))


def add_answer(message: Message, *, by: User | None) -> EvaluationCase:
    """An answer as a case: its question and the turns before, what it did, and the documents that it cited.

    What names a person is taken out. Adding it again changes nothing. Raises CaseError, and keeping_apart's
    TrainedOnError where a model may have learnt it.
    """
    found = add_answers([message.pk], by=by)
    for refusal in found.refused.values():
        raise refusal
    return [*found.cases, *found.known.values()][0]


@transaction.atomic
def add_answers(answers: Sequence[int], *, by: User | None) -> Collected:
    """As `add_answer`, for many by their ids: all that can be, or none where it fails. Raises TooManyCasesError."""
    chosen = list(dict.fromkeys(answers))
    if len(chosen) > MOST:
        raise TooManyCasesError(f"At most {MOST:,} cases can be made at once: narrow the filter.")
    locks.hold(LOCK)
    own = own_addresses.known()
    found = Collected()
    for first in range(0, len(chosen), STEP):
        _collect(found, chosen[first : first + STEP], own, by)
    keeping_apart.bar(found.cases)
    return found


def _collect(found: Collected, answers: Sequence[int], own: Own, by: User | None) -> None:
    """What becomes of some of the answers."""
    found.known |= {case.message_id: case for case in EvaluationCase.objects.filter(message__in=answers)}
    past = past_answers.read([pk for pk in answers if pk not in found.known])
    learnt = keeping_apart.learnt_answers(list(past))
    made: dict[int, EvaluationCase] = {}
    redacted: set[int] = set()
    for pk, each in past.items():
        refusal = each if isinstance(each, CaseError) else learnt.get(pk)
        if refusal is not None:
            found.refused[pk] = refusal
        elif isinstance(each, PastAnswer):
            draft, is_redacted = past_answers.draft(each, own)
            made[pk] = _row(draft, CaseSource.TRANSCRIPT, "", by)
            made[pk].message_id = pk
            redacted |= {pk} if is_redacted else set()
    fresh = _unknown(found, made)
    found.cases += EvaluationCase.objects.bulk_create(fresh.values())
    found.redacted += len(redacted & fresh.keys())


def _unknown(found: Collected, made: Mapping[int, EvaluationCase]) -> dict[int, EvaluationCase]:
    """Those of the cases that ask and expect what no other does."""
    checksums = [case.checksum for case in made.values()]
    same = {case.checksum: case for case in EvaluationCase.objects.filter(checksum__in=checksums)}
    fresh: dict[int, EvaluationCase] = {}
    for pk, case in made.items():
        if case.checksum in same:
            found.known[pk] = same[case.checksum]
        else:
            fresh[pk] = same[case.checksum] = case
    return fresh


def _row(draft: CaseDraft, source: CaseSource, origin: str, by: User | None) -> EvaluationCase:
    return EvaluationCase(
        question=draft.question,
        history=[dict(turn) for turn in draft.history],
        expected=draft.expected,
        gold=list(draft.gold),
        must_include=list(draft.must_include),
        must_not_include=list(draft.must_not_include),
        reference=draft.reference,
        tags=list(draft.tags),
        thread=draft.thread,
        source=source,
        origin=origin[:300],
        checksum=draft.checksum,
        created_by=by,
    )
