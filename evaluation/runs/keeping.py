"""What a run has of answers and what it misses, and keeping one that is whole."""

import hashlib
import uuid
from collections.abc import Iterator

from django.db import transaction

from bot.answers import conversations
from bot.answers.answered import Answer
from evaluation.models import EvaluationArm, EvaluationCase, EvaluationResult, EvaluationRun, HumanGrade
from evaluation.scores.scoring import Scored
from foundation import leases
from llm.models import Purpose, UsageRecord

_NAMES = uuid.UUID("7c1c7b6e-5f0b-4a52-9d2c-4f0d8d9a1f6e")


def pending(run: EvaluationRun) -> Iterator[tuple[EvaluationCase, EvaluationArm]]:
    """What has still to be asked, case by case. Which arm comes first is drawn for each case."""
    done = set(run.results.values_list("case", "arm"))
    for case in run.case_set.cases.exclude(question="").order_by("lines__ordinal"):
        order = sorted(run.arms, key=lambda arm: hashlib.sha256(f"{run.pk}/{case.pk}/{arm}".encode()).digest())
        yield from ((case, EvaluationArm(arm)) for arm in order if (case.pk, arm) not in done)


def trace_id(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm) -> str:
    """What ties together all calls for one answer of a run, however often it has to be asked."""
    return uuid.uuid5(_NAMES, f"{run.created_at.isoformat()}/{run.pk}/{case.pk}/{arm}").hex


@transaction.atomic
def keep(
    run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, answer: Answer, scored: Scored, *, is_timed: bool
) -> None:
    """`is_timed`: the model was asked while we waited, so that the times say something.

    Raises LeaseLostError where somebody else goes on with the run by now, or it was stopped.
    """
    if not run.mine().select_for_update().exists():
        raise leases.LeaseLostError
    if not EvaluationCase.objects.select_for_update().filter(pk=case.pk).exclude(question="").exists():
        return  # erased while it was asked
    calls = UsageRecord.objects.of_trace(answer.trace_id)
    used = list(calls.exclude(purpose=Purpose.EMBED_QUESTION))
    kept = EvaluationResult.objects.create(
        run=run,
        case=case,
        arm=arm,
        trace_id=answer.trace_id,
        outcome=answer.outcome,
        answer=answer.text,
        citations=[
            {"number": each.number, "path": each.hit.path, "heading": each.hit.heading, "quote": each.quote}
            for each in answer.citations
        ],
        trace=conversations.traced(answer).as_json(),
        error=answer.error,
        usage={
            name: sum(getattr(record, name) for record in used)
            for name in ("input_tokens", "cached_input_tokens", "output_tokens")
        },
        cost=calls.spent().cost,
        first_token_ms=answer.first_token_ms if is_timed else None,
        total_ms=answer.total_ms if is_timed else None,
        scores=scored.scores,
        has_passed=scored.has_passed,
        layer=scored.layer or "",
    )
    if kept.has_passed is not None:
        _take_over_grades(kept)


def _take_over_grades(kept: EvaluationResult) -> None:
    """Those of what another arm has answered to the case word for word, citations and all: they are of both."""
    alike = EvaluationResult.objects.filter(
        run=kept.run_id, case=kept.case_id, outcome=kept.outcome, answer=kept.answer, citations=kept.citations
    )
    graded = alike.exclude(pk=kept.pk).exclude(has_passed=None).filter(grades__isnull=False).defer("trace")
    same = graded.order_by("pk").first()
    copies = list(same.grades.all()) if same else []
    for grade in copies:
        grade.pk, grade.result = None, kept
    HumanGrade.objects.bulk_create(copies)
