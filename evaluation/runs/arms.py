"""Who is asked in an evaluation, and with what; and why an arm cannot be."""

from collections.abc import Sequence

from bot.answers import prompts
from evaluation.models import EvaluationArm, EvaluationRun
from llm.models import Deployment, PromptVariant, ServingRole
from tuning.models import ModelVersion

OVER_PASSAGES = (EvaluationArm.RAG, EvaluationArm.TUNED_RAG)
COMPARED = (EvaluationArm.RAG, EvaluationArm.TUNED_RAG)  # what answers now, and what would take its place
OF_CANDIDATE = (EvaluationArm.TUNED, EvaluationArm.TUNED_RAG)
ASKED = (PromptVariant.FULL, PromptVariant.SHORT)  # other variants are asked no questions


def available(live: Deployment, candidate: ModelVersion | None) -> list[EvaluationArm]:
    return [arm for arm in EvaluationArm if not why_not(arm, live, candidate)]


def why_not(arm: EvaluationArm, live: Deployment, candidate: ModelVersion | None) -> str:
    """Why an arm cannot be asked, as a sentence; empty where it can."""
    if arm in OF_CANDIDATE and candidate is None:
        return f"The arm {arm} asks a candidate; name one with --candidate."
    if arm in OF_CANDIDATE and candidate is not None and candidate.prompt not in ASKED:
        return f"{candidate} says answers again in the voice and is asked no questions."
    asked = of_candidate(candidate) if arm in OF_CANDIDATE and candidate is not None else live
    if arm not in OVER_PASSAGES and asked.is_quoting:
        return f"The arm {arm} asks {asked} without passages, and it has nothing but those to quote from."
    return ""


def of_candidate(candidate: ModelVersion) -> Deployment:
    """The candidate as it would serve, without letting it."""
    return Deployment(
        role=ServingRole.ANSWER,
        endpoint=candidate.endpoint,
        model=candidate.model,
        prompt=candidate.prompt,
        reason="an evaluation",
    )


def deployment(run: EvaluationRun, arm: EvaluationArm) -> Deployment:
    """Who answers in an arm of a run."""
    if arm in OF_CANDIDATE and run.candidate is not None:
        return of_candidate(run.candidate)
    return run.live


def template_hashes(arms: Sequence[EvaluationArm], live: Deployment, candidate: ModelVersion | None) -> dict[str, str]:
    """The wording that each arm over passages is asked in."""
    variants = {arm: live.prompt if arm not in OF_CANDIDATE or not candidate else candidate.prompt for arm in arms}
    return {arm: prompts.template_hash(PromptVariant(variants[arm])) for arm in arms if arm in OVER_PASSAGES}
