"""What the newest evaluation of the live model over passages tells the advisor."""

from django.db.models import Exists, OuterRef, Q

from evaluation.advice import evaluated
from evaluation.advice.evaluated import EvaluatedCase
from evaluation.advice.evidence import LiveFigure
from evaluation.models import EvaluationArm, EvaluationRun, HumanGrade, RunState
from llm.models import Deployment, ServingRole


def figures() -> dict[str, LiveFigure]:
    """Unknown where the model that answers now was never evaluated: what another one did says nothing of it."""
    run = _run()
    if run is None:
        return evaluated.figures([], name="", as_of=None)
    grades = HumanGrade.objects.filter(result=OuterRef("pk"))
    told = grades.filter(Q(is_factual__isnull=False) | Q(is_rightly_refused__isnull=False))
    asked = run.results.filter(arm=EvaluationArm.RAG, has_passed__isnull=False).annotate(is_graded=Exists(told))
    cases = [EvaluatedCase(layer, is_graded) for layer, is_graded in asked.values_list("layer", "is_graded")]
    return evaluated.figures(cases, name=f"Run {run.pk}", as_of=(run.finished_at or run.created_at).date())


def _run() -> EvaluationRun | None:
    live = Deployment.objects.newest_of(ServingRole.ANSWER)
    if live is None:
        return None
    done = EvaluationRun.objects.filter(
        state=RunState.DONE, live__endpoint=live.endpoint_id, live__model=live.model, arms__contains=EvaluationArm.RAG
    )
    return done.order_by("-id").first()
