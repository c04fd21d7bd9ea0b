"""A run for scripts and for people: what each arm scored."""

from decimal import Decimal
from typing import Any

from evaluation.models import EvaluationArm, EvaluationRun
from evaluation.scores import arm_scores
from evaluation.scores.arm_scores import ArmScores

DIGITS = 4


def scores(run: EvaluationRun) -> dict[EvaluationArm, ArmScores]:
    """The scores of each arm that has a result."""
    results = list(run.results.select_related("case").prefetch_related("grades").defer("trace"))
    by_arm = {arm: [each for each in results if each.arm == arm] for arm in EvaluationArm}
    return {arm: arm_scores.summarise(found) for arm, found in by_arm.items() if found}


def as_json(run: EvaluationRun) -> dict[str, Any]:
    """What `manage.py evaluate --json` prints, but for the comparison and the gate, which are promotion's."""
    return {
        "run": run.pk,
        "state": run.state,
        "reason": run.reason or None,
        "case_set": run.case_set.name,
        "checksum": run.case_set.checksum,
        "cases": run.case_set.size,
        "clusters": run.case_set.clusters,
        "warnings": run.case_set.warnings,
        "is_frozen": run.is_frozen,
        "is_batch": run.is_batch,
        "batches": [
            {
                "arm": each.arm,
                "order": each.order,
                "state": each.state,
                "provider_state": each.told or None,
                "lines": each.lines,
                "done": each.done,
                "error": each.error or None,
            }
            for each in run.batches.all()
        ],
        "live": str(run.live),
        "candidate": run.candidate_id,
        "voice": str(run.voice) if run.voice else None,
        "asked": run.results.count(),
        "total": run.total,
        "arms": {str(arm): _arm(found) for arm, found in scores(run).items()},
        "primary": run.primary,
    }


def _arm(found: ArmScores) -> dict[str, Any]:
    return {
        "cases": found.cases,
        "errors": found.errors,
        "passed": _share(found.passed),
        "factual": _share(found.factual),
        "grounded": _share(found.grounded),
        "citations": {
            "validity": _share(found.validity),
            "precision": _share(found.precision),
            "recall": _share(found.recall),
        },
        "style": _share(found.style),
        "refusal": {"over": _share(found.over), "under": _share(found.under)},
        "retrieval_hit": _share(found.retrieval_hit),
        "latency_ms": {
            "p50": _milliseconds(found.p50_ms),
            "p95": _milliseconds(found.p95_ms),
            "first_token": _milliseconds(found.first_token_ms),
        },
        "cost_usd": _money(found.cost),
        "cost_per_answer_usd": _money(found.cost_per_answer),
        "critical": found.critical,
        "layers": found.layers,
        "counted": found.counted,
    }


def table(run: EvaluationRun) -> list[str]:
    """The scores in lines of text, one column an arm."""
    found = scores(run)
    rows = [("", [str(arm) for arm in found])]
    rows += [(label, [_cell(getattr(each, name)) for each in found.values()]) for label, name in _ROWS]
    widths = [max(len(label) for label, _ in rows), *(max(9, len(str(arm))) for arm in found)]
    lines = [
        "  ".join([label.ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True))])
        for label, cells in rows
    ]
    for arm, each in found.items():
        blamed = ", ".join(f"{layer} {count}" for layer, count in each.layers.items())
        lines.append(f"{arm}: {blamed or 'no case failed'}")
    return lines


_ROWS = (
    ("passed", "passed"),
    ("facts", "factual"),
    ("grounded", "grounded"),
    ("citations valid", "validity"),
    ("citations needed", "precision"),
    ("sentences cited", "recall"),
    ("in the voice", "style"),
    ("refused wrongly", "over"),
    ("answered wrongly", "under"),
    ("document found", "retrieval_hit"),
    ("critical", "critical"),
    ("errors", "errors"),
    ("p50 ms", "p50_ms"),
    ("p95 ms", "p95_ms"),
    ("cost USD", "cost"),
)


def _cell(value: float | Decimal | int | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, Decimal):
        return f"{value:.4f}"
    if isinstance(value, float):
        return f"{value:.3f}" if value <= 1 else f"{value:,.0f}"
    return str(value)


def _share(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _money(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:.8f}"
