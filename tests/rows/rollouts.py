"""Rows of runs that let a candidate go live, of rollouts, and of what was answered in them."""

from typing import Any

from bot.models import Conversation, Message, Outcome, Platform, Speaker, Voice
from evaluation.cases.case_drafts import CaseDraft
from evaluation.cases.collecting import add_drafts
from evaluation.models import EvaluationArm, EvaluationCase, EvaluationRun, ExpectedBehaviour
from evaluation.promotion import proofs
from llm.models import Deployment, Endpoint, Rollout, ServingRole
from tests.rows.cases import make_case_set, make_results, make_run
from tuning.models import ModelVersion
from tuning.registry import versions

CASES = 100
ANSWERABLE = 80
FIRST = ["alpha", "bravo", "carbon", "dental", "ember", "fiscal", "garage", "harbor", "island", "jungle"]
SECOND = ["apple", "bridge", "camera", "desert", "engine", "forest", "guitar", "hammer", "insect", "jacket"]


def make_candidate(model: str = "ft:ours", base: str = "a-model") -> ModelVersion:
    """One that was tuned elsewhere, at OpenAI's endpoint."""
    return versions.register(Endpoint.objects.get(name="openai"), model, base=base, by=None)


def make_third(candidate: ModelVersion) -> Deployment:
    """Another live model, as an owner lets one answer by hand."""
    row = Deployment(role=ServingRole.ANSWER, endpoint=candidate.endpoint, model="third")
    return Deployment.objects.append(row, reason="by hand", by=None)


def make_judged_run(candidate: ModelVersion, *, gain: bool = True) -> EvaluationRun:
    """A whole run of a hundred cases after which the gate offers the candidate; without a `gain` it does not."""
    if not Voice.objects.exists():
        Voice.objects.create(name="default", version=1, opening="Hello,")
    named = [f"{one} {other}" for one in FIRST for other in SECOND]
    drafts = [
        CaseDraft(
            question=f"What is the {name}?",
            expected=ExpectedBehaviour.ANSWER if place < ANSWERABLE else ExpectedBehaviour.REFUSE,
        )
        for place, name in enumerate(named[:CASES])
    ]
    add_drafts(drafts, origin="a test", by=None)
    cases = list(EvaluationCase.objects.order_by("id"))
    name = f"set {EvaluationRun.objects.count()}"
    run = make_run(make_case_set(cases, name), candidate=candidate, arms=list(proofs.ARMS))
    make_results(run, EvaluationArm.RAG, right=lambda place: place % 2 == 0)
    make_results(run, EvaluationArm.TUNED_RAG, right=lambda place: place % 10 != 0 if gain else place % 2 == 0)
    return run


def make_rollout(candidate: ModelVersion, percent: int = 50, **fields: Any) -> Rollout:
    given = {"salt": "a test", "reason": "a test", "beside": Deployment.objects.live(ServingRole.ANSWER), **fields}
    rollout = Rollout.objects.create(
        endpoint=candidate.endpoint, model=candidate.model, prompt=candidate.prompt, percent=percent, **given
    )
    rollout.refresh_from_db()
    return rollout


def make_rollout_answers(rollout: Rollout, count: int, *, is_candidate: bool = True, **fields: Any) -> list[Message]:
    """Answers of one arm, one in each conversation, which are good but for the `fields`."""
    asked = rollout.candidate if is_candidate else rollout.beside
    return make_answers_of(asked, count, **{"rollout": rollout, "is_candidate": is_candidate, **fields})


def make_answers_of(asked: Deployment, count: int, **fields: Any) -> list[Message]:
    """Answers of one model, one in each conversation, which are good but for the `fields`."""
    given = {
        "speaker": Speaker.BOT, "text": "Yes [1].", "outcome": Outcome.ANSWERED, "total_ms": 900.0,
        "provider": asked.endpoint.provider, "model": asked.model, **fields,
    }  # fmt: skip
    held = Conversation.objects.bulk_create([Conversation(platform=Platform.WEB) for _ in range(count)])
    return Message.objects.bulk_create(
        [Message(conversation=each, trace_id=f"{each.pk:032x}", **given) for each in held]
    )
