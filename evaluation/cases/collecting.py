"""Cases as rows: from a file, and from answers that were given."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import transaction

from bot.answers import conversations, trace
from bot.models import Message, Outcome, Speaker
from evaluation.cases import keeping_apart
from evaluation.cases.case_drafts import CaseDraft
from evaluation.models import CaseSource, EvaluationCase, ExpectedBehaviour
from tuning.examples.proposing import people
from tuning.examples.redacting import redact

EXPECTED = {
    Outcome.ANSWERED: ExpectedBehaviour.ANSWER,
    Outcome.NOT_IN_DOCS: ExpectedBehaviour.REFUSE,
    Outcome.CLARIFY: ExpectedBehaviour.CLARIFY,
    Outcome.ESCALATED: ExpectedBehaviour.ESCALATE,
}


class CaseError(ValueError):
    """This cannot become a case; the message says why."""


@dataclass(frozen=True)
class Imported:
    """`known` counts the cases of the file that were there already."""

    cases: list[EvaluationCase]
    known: int


@transaction.atomic
def add_drafts(drafts: Sequence[CaseDraft], *, origin: str, by: User | None) -> Imported:
    """Rows of what a file holds; the same case twice is one. Their questions are kept out of training from here on."""
    fresh = {draft.checksum: draft for draft in reversed(drafts)}
    for checksum in EvaluationCase.objects.filter(checksum__in=list(fresh)).values_list("checksum", flat=True):
        del fresh[checksum]
    rows = EvaluationCase.objects.bulk_create(
        [_row(draft, CaseSource.FILE, f"{origin}, {draft.place}", by) for draft in reversed(fresh.values())],
        batch_size=500,
    )
    keeping_apart.bar(rows)
    return Imported(rows, len(drafts) - len(rows))


@transaction.atomic
def add_answer(message: Message, *, by: User | None) -> EvaluationCase:
    """An answer as a case: its question and the turns before, what it did, and the documents that it cited.

    What names a person is taken out. Adding it again changes nothing. Raises CaseError, and keeping_apart's
    TrainedOnError where a model may have learnt it.
    """
    if message.speaker != Speaker.BOT or Outcome(message.outcome) not in EXPECTED:
        raise CaseError("Only an answer, a refusal, a word that asks back or hands over can become a case.")
    known = EvaluationCase.objects.filter(message=message).first()
    if known is not None:
        return known
    keeping_apart.check(message)
    draft = _draft(message)
    same = EvaluationCase.objects.filter(checksum=draft.checksum).first()
    if same is not None:
        return same
    case = _row(draft, CaseSource.TRANSCRIPT, "", by)
    case.message = message
    case.save()
    keeping_apart.bar([case])
    return case


def _draft(message: Message) -> CaseDraft:
    names = people(message)
    asked = message.asked
    turns = conversations.history(message.conversation, trace.reach(asked).collections or (), before=asked)
    expected = EXPECTED[Outcome(message.outcome)]
    better = message.feedback.exclude(better_answer="").order_by("-updated_at").values_list("better_answer", flat=True)
    answer = better.first() or message.sent_text or message.text
    return CaseDraft(
        question=redact(asked.text, names).text,
        history=tuple({"role": turn.role, "text": redact(turn.text, names).text} for turn in turns),
        expected=expected,
        gold=tuple(dict.fromkeys(message.citations.order_by("number").values_list("path", flat=True))),
        reference=redact(answer, names).text if expected == ExpectedBehaviour.ANSWER else "",
        thread=f"conversation {message.conversation_id}",
    )


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
