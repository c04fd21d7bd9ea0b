"""Which one layer is to blame for a case that failed. Pure.

The causes are asked for in the order in which an answer comes about: first whether the documents hold it, then whether
it was found, then what the model made of it. A later fault that an earlier one explains is not told.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from evaluation.models import ExpectedBehaviour, FailureLayer

SLOW_MS = 10_000.0  # a slow answer is worse than none, in a conversation


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found out about one answer. None is not known, or does not apply.

    `is_gold_indexed`: one of the documents that hold the answer is in the collections that were searched;
    `is_gold_found`: one of their passages was given to the model; `do_documents_say`: they say today what the answer
    should; `do_passages_say`: so do the passages that were found.
    """

    expected: ExpectedBehaviour
    is_answered: bool
    is_behaviour_right: bool
    is_factual: bool | None
    has_forbidden: bool = False
    is_faithful: bool | None = None
    has_passages: bool = True
    is_gold_indexed: bool | None = None
    is_gold_found: bool | None = None
    do_documents_say: bool | None = None
    do_passages_say: bool | None = None
    are_citations_right: bool | None = None
    is_in_style: bool | None = None
    total_ms: float = 0.0


def label(found: Findings) -> FailureLayer | None:
    """The layer of a failed case; None where it passed."""
    return next(_blamed(found), None)


def _blamed(found: Findings) -> Iterator[FailureLayer]:
    if not found.is_behaviour_right:
        yield _of_behaviour(found)
    if found.is_factual is False:
        yield _of_facts(found)
    if found.has_forbidden or found.is_faithful is False:
        yield FailureLayer.UNFAITHFUL
    if found.are_citations_right is False:
        yield FailureLayer.FORMAT
    if found.is_in_style is False:
        yield FailureLayer.STYLE
    if found.total_ms > SLOW_MS:
        yield FailureLayer.LATENCY


def _of_behaviour(found: Findings) -> FailureLayer:
    if found.is_answered:
        return FailureLayer.UNDER_REFUSAL
    if found.expected != ExpectedBehaviour.ANSWER:
        return FailureLayer.OVER_REFUSAL
    return _of_retrieval(found) or FailureLayer.OVER_REFUSAL


def _of_facts(found: Findings) -> FailureLayer:
    """An answer that does not say what it should, over passages that do: led astray by others, or invented."""
    missed = _of_retrieval(found)
    if missed is not None:
        return missed
    is_quoted = found.has_passages and found.is_faithful is not False and not found.has_forbidden
    return FailureLayer.NOISE if is_quoted else FailureLayer.UNFAITHFUL


def _of_retrieval(found: Findings) -> FailureLayer | None:
    """What keeps any model from answering; None where the passages were there."""
    if not found.has_passages:
        return None
    if found.is_gold_indexed is False:
        return FailureLayer.GAP
    if found.do_documents_say is False:
        return FailureLayer.STALE
    if found.is_gold_found is False or found.do_passages_say is False:
        return FailureLayer.MISS
    return None
