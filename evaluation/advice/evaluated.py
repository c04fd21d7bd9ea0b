"""What an evaluation of the live model over passages tells the advisor. Pure.

Each failed case has one layer to blame, and only style, format and refusals are evidence for tuning.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from evaluation.advice.evidence import LiveFigure, unknown
from evaluation.scores import statistics

STYLE_LAYERS = frozenset({"style", "format"})
REFUSAL_LAYERS = frozenset({"over_refusal", "under_refusal"})
RETRIEVAL_LAYERS = frozenset({"kb_gap", "retrieval_miss", "retrieval_noise", "stale_doc"})
NO_RUN = "The model that answers now was not evaluated yet."


@dataclass(frozen=True)
class EvaluatedCase:
    """`layer` is to blame where it failed, empty where it passed. A case that a provider failed at is none of these."""

    layer: str
    is_graded: bool


def figures(cases: Sequence[EvaluatedCase], *, name: str, as_of: date | None) -> dict[str, LiveFigure]:
    """The figures of one run, called `name`, by their names in Inputs; without a case they are unknown."""
    if not cases:
        named = ("retrieval_failures", "style_failures", "style_gap", "refusal_gap")
        return {"graded_cases": LiveFigure(0, NO_RUN), **dict.fromkeys(named, unknown(NO_RUN))}
    failed = [case.layer for case in cases if case.layer]
    graded = sum(case.is_graded for case in cases)
    source = f"{name}, {statistics.count(len(cases))}"
    return {
        "graded_cases": LiveFigure(graded, f"{name}, graded by people", len(cases), as_of),
        "retrieval_failures": _of_failed(failed, RETRIEVAL_LAYERS, source, as_of),
        "style_failures": _of_failed(failed, STYLE_LAYERS | REFUSAL_LAYERS, source, as_of),
        "style_gap": _gap(cases, STYLE_LAYERS, source, as_of),
        "refusal_gap": _gap(cases, REFUSAL_LAYERS, source, as_of),
    }


def _of_failed(failed: Sequence[str], layers: frozenset[str], source: str, as_of: date | None) -> LiveFigure:
    """A share of the failed cases; of none there is no share."""
    if not failed:
        return LiveFigure(0.0, f"{source}, none failed", 0, as_of)
    count = sum(layer in layers for layer in failed)
    interval = statistics.wilson(count, len(failed))
    return LiveFigure(count / len(failed), f"{source}, {len(failed)} failed", len(failed), as_of, interval)


def _gap(cases: Sequence[EvaluatedCase], layers: frozenset[str], source: str, as_of: date | None) -> LiveFigure:
    count = sum(case.layer in layers for case in cases)
    return LiveFigure(count / len(cases), source, len(cases), as_of, statistics.wilson(count, len(cases)))
