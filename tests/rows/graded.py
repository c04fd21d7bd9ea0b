"""Runs whose answers wait for people, or for a model that judges."""

from collections.abc import Sequence
from io import StringIO
from typing import Any

from django.contrib.auth.models import User
from django.core.management import call_command
from django.utils import timezone

from bot.models import Outcome, Voice
from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.collecting import add_drafts
from evaluation.grades import judge_orders
from evaluation.models import (
    EvaluationArm,
    EvaluationCase,
    EvaluationResult,
    EvaluationRun,
    ExpectedBehaviour,
    HumanGrade,
    JudgeOrder,
    RunState,
)
from evaluation.runs.arms import COMPARED
from llm.models import Deployment, ModelPrice, ServingRole
from tests.fakes.providers.fake import FakeProviders
from tests.rows.cases import make_case_set, make_run
from tests.rows.make import make_deployment, make_endpoint
from tests.rows.web_rows import PASSAGE, make_models
from tuning.registry import versions

PASSAGES = [{"path": "refunds.md", "title": "Refunds", "heading": "Refunds > Annual plans", "text": PASSAGE}]
CITATIONS = [
    {
        "number": 1,
        "path": "refunds.md",
        "heading": "Refunds > Annual plans",
        "quote": "Annual plans are refunded within 30 days.",
    }
]


RIGHT = '{"reason": "So it is.", "facts": "right", "grounded": "yes"}'
WRONG = '{"reason": "It is not.", "facts": "wrong", "grounded": "no"}'
FIRST = '{"reason": "Warmer.", "better": "first"}'
SECOND = FIRST.replace("first", "second")
FENCED = f"```json\n{RIGHT}\n```"


def make_graded_run(
    count: int = 3, *, name: str = "first", expected: ExpectedBehaviour = ExpectedBehaviour.ANSWER, **plan: Any
) -> EvaluationRun:
    """A run that is done, of a live model and a candidate, with a voice; live models come first.

    Both answer every case, each in words of its own.
    """
    Voice.objects.get_or_create(name="default", version=1, defaults={"opening": "Hello,"})
    drafts = [
        CaseDraft(
            question=f"How is the {name} plan of the zoo of {_word(place)} refunded?",
            reference="Within 30 days.",
            must_include=("30 days",),
            expected=expected,
        )
        for place in range(count)
    ]
    cases = add_drafts(drafts, origin="a test", by=None).cases
    candidate = versions.register(make_endpoint("openai"), f"ft:{name}", base="base-model")
    run = make_run(make_case_set(cases, name), candidate=candidate, arms=list(COMPARED), **plan)
    for place, case in enumerate(cases):
        make_result(run, case, EvaluationArm.RAG, f"Within 30 days, says {_word(place)} [1].")
        make_result(run, case, EvaluationArm.TUNED_RAG, f"Hello, that takes 30 days in {_word(place)} [1].")
    EvaluationRun.objects.filter(pk=run.pk).update(state=RunState.DONE)
    run.refresh_from_db()
    return run


def make_result(run: EvaluationRun, case: EvaluationCase, arm: EvaluationArm, answer: str, **fields: Any) -> Any:
    given = {
        "trace_id": "0" * 32,
        "outcome": Outcome.ANSWERED,
        "citations": CITATIONS,
        "trace": {"passages": PASSAGES},
        "total_ms": 900.0,
        "has_passed": True,
        "scores": {"factual": True, "style": [], "grounded": 0.9, "unsupported": []},
        **fields,
    }
    return EvaluationResult.objects.create(run=run, case=case, arm=arm, answer=answer, **given)


def make_grades(results: Sequence[EvaluationResult], user: User, verdicts: str, name: str = "is_factual") -> None:
    """One grade a result: + is yes, - is no, ? is cannot tell."""
    said = {"+": True, "-": False, "?": None}
    for result, verdict in zip(results, verdicts, strict=True):
        HumanGrade.objects.create(result=result, grader=user, **{name: said[verdict]})


def _word(number: int) -> str:
    """A word of its own for each number, so that no two cases ask the same."""
    return "".join(chr(97 + int(digit)) * 3 for digit in f"{number:03d}")


def make_judge() -> Deployment:
    make_models()
    return make_deployment(ServingRole.JUDGE, provider="openai", model="qwen-judge", dimensions=None)


def says(fake: FakeProviders, *replies: str) -> None:
    fake.blocks_in_turn = [[(reply, ())] for reply in replies]


def judged(run: EvaluationRun, **order: Any) -> JudgeOrder:
    done = judge_orders.run(judge_orders.order(run, by=None, **order).pk)
    assert done is not None
    return done


def make_price(model: str = "qwen-judge") -> None:
    ModelPrice.objects.create(
        provider="openai", model=model, input_per_million=10, output_per_million=10, valid_from=timezone.now()
    )


def command(*words: str) -> Any:
    out = StringIO()
    call_command("evaluate", *words, stdout=out, stderr=StringIO())
    return out.getvalue()
