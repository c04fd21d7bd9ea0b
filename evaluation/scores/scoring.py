"""What an answer is worth: each score of its own, whether it passed, and the layer that is to blame. Pure.

An answer that was not given has no score for what it would have said: None, never nothing and never full marks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from bot.claims import grounding
from bot.claims.grounding import Grounding
from bot.models import Outcome
from evaluation.models import ExpectedBehaviour, FailureLayer
from evaluation.scores import citing, expectations, layers
from evaluation.scores.expectations import Expectation
from evaluation.scores.layers import Findings

FAITHFUL = 0.4  # below it 55 in 100 answers were unfaithful to people, and 81 in 100 of those that were lie there
LEAST_RECALL = 0.5

# What may come of a question, by what is expected; a filter of the provider refuses as well.
RIGHT = {
    ExpectedBehaviour.ANSWER: {Outcome.ANSWERED},
    ExpectedBehaviour.REFUSE: {Outcome.NOT_IN_DOCS, Outcome.BLOCKED},
    ExpectedBehaviour.CLARIFY: {Outcome.CLARIFY},
    ExpectedBehaviour.ESCALATE: {Outcome.ESCALATED},
}
UNKNOWN = frozenset({Outcome.PROVIDER_ERROR, Outcome.OVER_BUDGET})


@dataclass(frozen=True)
class ObservedPassage:
    path: str
    url: str
    text: str


@dataclass(frozen=True, kw_only=True)
class Observed:
    """An answer with all that it is judged by.

    `passages` are those that the model was given, None where it is asked without; `cited` are those behind the markers
    [1], [2] …; `gold` are documents that hold the answer, with their text of today, None where they are not there.
    `faults` are rules of the voice that it breaks, None where there is no voice.
    """

    expected: ExpectedBehaviour
    outcome: Outcome
    text: str
    must_include: Sequence[Expectation] = ()
    must_not_include: Sequence[Expectation] = ()
    passages: Sequence[ObservedPassage] | None = ()
    cited: Sequence[ObservedPassage] = ()
    invalid_markers: int = 0
    gold: Mapping[str, str | None] = field(default_factory=dict)
    turns: Sequence[str] = ()
    faults: Sequence[str] | None = None
    courtesies: Sequence[str] = ()
    total_ms: float = 0.0


@dataclass(frozen=True)
class Scored:
    """`scores` is for EvaluationResult.scores; `has_passed` is None where a provider failed."""

    scores: dict[str, Any]
    has_passed: bool | None
    layer: FailureLayer | None


def score(seen: Observed) -> Scored:
    if seen.outcome in UNKNOWN:
        return Scored({}, None, None)
    is_answered = seen.outcome == Outcome.ANSWERED
    missing = [each for each in seen.must_include if not (is_answered and expectations.holds(seen.text, each))]
    forbidden = [each for each in seen.must_not_include if expectations.holds(seen.text, each)]
    held = _grounding(seen) if is_answered else Grounding(None)
    cited = _citations(seen) if is_answered and seen.passages is not None else None
    found = _findings(seen, missing, held, cited, has_forbidden=bool(forbidden))
    layer = layers.label(found)
    scores = {
        "behaviour": found.is_behaviour_right,
        "factual": found.is_factual,
        "missing": [expectations.said(each) for each in missing],
        "forbidden": [expectations.said(each) for each in forbidden],
        "grounded": held.score,
        "unsupported": [each.text for each in held.sentences if each.is_faulty],
        "citations": asdict(cited) if cited else None,
        "invalid_markers": seen.invalid_markers,
        "style": list(seen.faults) if is_answered and seen.faults is not None else None,
        "retrieval_rank": rank(seen),
    }
    return Scored(scores, layer is None, layer)


def rank(seen: Observed) -> int | None:
    """The place of the first passage of a document that holds the answer, from 1; 0 for none, None where unknown."""
    if seen.passages is None or not seen.gold:
        return None
    places = (place for place, passage in enumerate(seen.passages, start=1) if _is_of(passage, seen.gold))
    return next(places, 0)


def is_at(written: str, path: str, url: str) -> bool:
    """Whether a document that is named as `written` is the one at `path` or `url`."""
    return written in (path, url) or path.endswith(f"/{written.lstrip('/')}")


def _is_of(passage: ObservedPassage, documents: Mapping[str, str | None]) -> bool:
    return any(is_at(written, passage.path, passage.url) for written in documents)


def _grounding(seen: Observed) -> Grounding:
    if seen.passages is None:
        return Grounding(None)
    passages = [passage.text for passage in seen.passages]
    return grounding.ground(_without(seen.text, seen.courtesies), passages, seen.turns)


def _without(text: str, courtesies: Sequence[str]) -> str:
    """What the voice has an answer begin and end with is no claim."""
    for courtesy in courtesies:
        text = text.replace(courtesy, "\n\n")
    return text


def _citations(seen: Observed) -> citing.CitationQuality:
    return citing.quality(
        _without(seen.text, seen.courtesies),
        [passage.text for passage in seen.cited],
        invalid=seen.invalid_markers,
    )


def _findings(
    seen: Observed,
    missing: Sequence[Expectation],
    held: Grounding,
    cited: citing.CitationQuality | None,
    *,
    has_forbidden: bool,
) -> Findings:
    is_answered = seen.outcome == Outcome.ANSWERED
    should_say = seen.expected == ExpectedBehaviour.ANSWER and bool(seen.must_include)
    place = rank(seen)
    return Findings(
        expected=seen.expected,
        is_answered=is_answered,
        is_behaviour_right=seen.outcome in RIGHT[seen.expected],
        is_factual=not missing and not has_forbidden if should_say else None,
        has_forbidden=has_forbidden,
        is_faithful=_is_faithful(held),
        has_passages=seen.passages is not None,
        is_gold_indexed=any(text is not None for text in seen.gold.values()) if seen.gold else None,
        is_gold_found=None if place is None else place > 0,
        do_documents_say=_say(missing, [text for text in seen.gold.values() if text]) if should_say else None,
        do_passages_say=_say(missing, [each.text for each in seen.passages or ()]) if should_say else None,
        are_citations_right=_are_right(cited),
        is_in_style=not seen.faults if is_answered and seen.faults is not None else None,
        total_ms=seen.total_ms,
    )


def _is_faithful(held: Grounding) -> bool | None:
    if held.score is None:
        return None
    return held.score >= FAITHFUL and not any(each.is_faulty for each in held.sentences)


def _are_right(cited: citing.CitationQuality | None) -> bool | None:
    if cited is None:
        return None
    return (cited.validity is None or cited.validity == 1) and (cited.recall is None or cited.recall >= LEAST_RECALL)


def _say(wanted: Sequence[Expectation], texts: Sequence[str]) -> bool | None:
    """Whether the texts together say all that is wanted; None where there is nothing to look in, or for."""
    if not texts or not wanted:
        return None
    whole = "\n".join(texts)
    return all(expectations.holds(whole, each) for each in wanted)
