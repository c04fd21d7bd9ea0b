"""What a run proves about its candidate: the scores of both arms, case by case, ready for the gate."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.utils import timezone

from bot.answers import prompts
from evaluation.grades import judge_reports
from evaluation.models import (
    EvaluationArm,
    EvaluationResult,
    EvaluationRun,
    ExpectedBehaviour,
    PrimaryMeasure,
    RunState,
)
from evaluation.promotion import gate
from evaluation.promotion.gate import Gate, Proof
from evaluation.runs.arms import COMPARED
from evaluation.scores import arm_scores, statistics
from evaluation.scores.statistics import Comparison, Score
from llm.models import PromptVariant
from tuning.models import ModelVersion

ARMS = COMPARED

Measure = Callable[[EvaluationResult], Score]


def _answered_right(result: EvaluationResult) -> Score:
    """Whether what can be answered was; None of what cannot."""
    is_answerable = result.case.expected == ExpectedBehaviour.ANSWER
    return arm_scores.opposite(arm_scores.refused_wrongly(result)) if is_answerable else None


def _refused_right(result: EvaluationResult) -> Score:
    is_answerable = result.case.expected == ExpectedBehaviour.ANSWER
    return None if is_answerable else arm_scores.opposite(arm_scores.answered_wrongly(result))


def _grounded(result: EvaluationResult) -> Score:
    found: float | None = result.scores.get("grounded")
    return found


PRIMARY: Mapping[PrimaryMeasure, Measure] = {
    PrimaryMeasure.STYLE: arm_scores.on_brand,
    PrimaryMeasure.FACTUAL: arm_scores.factual,
    PrimaryMeasure.GROUNDED: _grounded,
    PrimaryMeasure.PASSED: lambda result: result.has_passed,
}
GUARDS: Mapping[str, Measure] = {
    "facts": arm_scores.factual,
    "over_refusal": _answered_right,
    "under_refusal": _refused_right,
    "citations": lambda result: arm_scores.citations(result, "recall"),
}


def judge(run: EvaluationRun) -> Gate | None:
    """What the gate says of the candidate of a run; None where there is none, or it was not asked beside the live one.

    Raises ScoresError where one arm was asked what the other was not, as in a run that is not done.
    """
    found = proof(run)
    return gate.judge(found) if found else None


def proof(run: EvaluationRun) -> Proof | None:
    """As `judge`."""
    if run.candidate is None or not set(ARMS) <= set(run.arms):
        return None
    live, candidate = (_of_arm(run, arm) for arm in ARMS)
    clusters = {str(case): str(cluster) for case, cluster in run.case_set.lines.values_list("case", "cluster")}

    def compared(measure: Measure) -> Comparison:
        return statistics.compare(_scores(live, measure), _scores(candidate, measure), clusters)

    primary = PrimaryMeasure(run.primary)
    facts = _facts([*live, *candidate], judge_reports.feeding(run))
    version = run.candidate
    return Proof(
        primary_name=str(primary.label),
        primary=compared(PRIMARY[primary]),
        graded=_graded(live, candidate),
        guards={name: compared(measure) for name, measure in {**GUARDS, "facts": facts}.items()},
        p95_ms=arm_scores.percentile(
            [each.total_ms for each in candidate if each.has_passed is not None and each.total_ms is not None], 95
        ),
        critical_failures=_critical(live, candidate),
        is_same_set=True,
        trained_hash=version.template_hash if version.is_tuned else None,
        serving_hash=prompts.template_hash(PromptVariant(version.prompt)),
        retires_on=version.retires_on,
        today=timezone.now().date(),
        is_end_asked=_is_end_known(version),
        decided=_decided(run),
    )


def as_json(run: EvaluationRun) -> dict[str, Any]:
    """The comparison and the gate of a run, as manage.py evaluate --json prints them."""
    found = proof(run) if run.state == RunState.DONE else None
    if found is None:
        return {"comparison": None, "gate": None}
    compared = found.primary
    return {
        "comparison": {
            "primary": run.primary,
            "before": compared.before,
            "after": compared.after,
            "gain": compared.gain,
            "interval": compared.interval,
            "p": compared.p,
            "cases": compared.cases,
            "clusters": compared.clusters,
        },
        "gate": gate.judge(found).as_json(),
    }


def _facts(results: Sequence[EvaluationResult], judged: Mapping[int, bool]) -> Measure:
    """Whether facts are right: in cases that nobody graded and a trusted judge has judged whole, as it says. What must
    not be said is wrong all the same."""
    graded = {each.case_id for each in results if any(grade.is_factual is not None for grade in each.grades.all())}
    unjudged = {each.case_id for each in results if arm_scores.is_answered(each) and each.pk not in judged}

    def measure(result: EvaluationResult) -> Score:
        if result.pk not in judged or result.case_id in graded | unjudged:
            return arm_scores.factual(result)
        return judged[result.pk] and not result.scores.get("forbidden")

    return measure


def _of_arm(run: EvaluationRun, arm: EvaluationArm) -> list[EvaluationResult]:
    found = run.results.filter(arm=arm).select_related("case").prefetch_related("grades")
    return list(found.defer("trace"))


def _scores(results: Sequence[EvaluationResult], measure: Measure) -> dict[str, Score]:
    """By case; None of what a provider failed at."""
    return {str(each.case_id): _number(measure(each)) if each.has_passed is not None else None for each in results}


def _number(score: Score) -> Score:
    return None if score is None else float(score)


def _graded(*arms: Sequence[EvaluationResult]) -> int:
    """Cases whose facts or refusal people graded in every arm, more of them one way than the other."""
    graded = [{each.case_id for each in arm if arm_scores.is_graded(each.grades.all())} for arm in arms]
    return len(set.intersection(*graded))


def _critical(live: Sequence[EvaluationResult], candidate: Sequence[EvaluationResult]) -> list[str]:
    """What the candidate may say to nobody, where the live model does not."""
    known = {each.case_id for each in live if arm_scores.is_critical(each)}
    return [_failure(each) for each in candidate if arm_scores.is_critical(each) and each.case_id not in known]


def _failure(result: EvaluationResult) -> str:
    asked = f"asked “{str(result.case)[:60]}”"
    said = result.scores.get("forbidden")
    return f"{asked} it says {said[0]}" if said else f"{asked} it cites what is not there"


def _is_end_known(version: ModelVersion) -> bool:
    """Whether the day it ends was asked for; one that runs here ends when we say so."""
    return version.retirement_checked_at is not None or not version.endpoint.is_remote


def _decided(run: EvaluationRun) -> int:
    """How often the set has judged a candidate before."""
    others = EvaluationRun.objects.filter(case_set__checksum=run.case_set.checksum, state=RunState.DONE)
    return others.filter(candidate__isnull=False, pk__lt=run.pk).count()
